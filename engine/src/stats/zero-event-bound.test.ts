import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { jeffreysInterval } from './proportion-interval.ts';
import { trialsForZeroEventBound, zeroEventUpperBound } from './zero-event-bound.ts';

describe('the bound after no event at all', () => {
  it.each([
    [10, 21.7],
    [20, 11.7],
    [50, 4.9],
    [100, 2.5],
    [200, 1.2],
    [1000, 0.3],
  ])('is for %i trials %s percent', (trials, percent) => {
    expect(Math.abs(100 * zeroEventUpperBound(trials) - percent)).toBeLessThan(0.06);
    expect(zeroEventUpperBound(trials)).toBe(jeffreysInterval(0, trials).upper);
  });

  it('is just under 3 / n when exact', () => {
    for (const trials of [100, 1000, 1_000_000]) {
      const bound = zeroEventUpperBound(trials, { method: 'exact' });
      expect((1 - bound) ** trials).toBeCloseTo(0.05, 8);
      expect(bound).toBeLessThan(3 / trials);
    }
  });

  it('needs 299 trials to be 1 % by the exact method', () => {
    expect(trialsForZeroEventBound(0.01, { method: 'exact' })).toBe(299);
  });

  it('is reached with the trials it asks for and not with one fewer', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-5, max: 0.99, noNaN: true }),
        fc.constantFrom('jeffreys' as const, 'exact' as const),
        (rate, method) => {
          const trials = trialsForZeroEventBound(rate, { method });
          expect(zeroEventUpperBound(trials, { method })).toBeLessThanOrEqual(rate);
          if (trials > 1) expect(zeroEventUpperBound(trials - 1, { method })).toBeGreaterThan(rate);
        },
      ),
    );
  });

  it('refuses no trial, and a rate nothing can bound', () => {
    expect(() => zeroEventUpperBound(0)).toThrow('expected at least one trial');
    expect(() => trialsForZeroEventBound(1e-12)).toThrow(RangeError);
    expect(() => trialsForZeroEventBound(0)).toThrow(RangeError);
  });
});
