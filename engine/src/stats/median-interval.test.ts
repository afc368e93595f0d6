import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createChance } from '../base/world.ts';
import { medianInterval } from './median-interval.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('the interval of a median', () => {
  // Conover (1999), table A3: with n = 10 the order statistics 2 and 9, with n = 20 the numbers 6 and 15, at 95 %.
  it.each([
    [6, 1, 6],
    [10, 2, 9],
    [20, 6, 15],
  ])('is of the known order statistics for %i values', (count, lower, upper) => {
    expect(medianInterval(numbers(count))).toMatchObject({ lower, upper, estimate: (count + 1) / 2 });
  });

  it('says nothing with fewer than six values at 95 %', () => {
    expect(medianInterval([3, 1, 2])).toMatchObject({ estimate: 2, lower: -Infinity, upper: Infinity });
    expect(() => medianInterval([])).toThrow(RangeError);
  });

  it('takes what was not seen to end for longer than everything', () => {
    expect(medianInterval([...numbers(9), ...Array.from({ length: 11 }, () => Infinity)])).toMatchObject({
      ...{ estimate: Infinity, lower: 6, upper: Infinity },
    });
  });

  it('holds the median of the values, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 60 }), (values) => {
        const { estimate, lower, upper } = medianInterval(values);
        expect(lower).toBeLessThanOrEqual(estimate);
        expect(upper).toBeGreaterThanOrEqual(estimate);
        expect(medianInterval(values.toReversed())).toEqual(medianInterval(values));
      }),
    );
  });

  it('covers the true median as often as it says', () => {
    const chance = createChance('median');
    const runs = Array.from({ length: 2000 }, () => {
      const { lower, upper } = medianInterval(Array.from({ length: 20 }, () => chance.integer(1, 1_000_000)));
      return lower <= 500_000 && upper >= 500_000;
    });
    expect(runs.filter(Boolean).length / runs.length).toBeGreaterThan(0.945);
  });
});
