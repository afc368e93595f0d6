import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createChance } from '../base/world.ts';
import { mcnemarExact } from './mcnemar-exact.ts';
import { pairedMeanDifference, type ValuePair } from './paired-mean.ts';

const twelfths = fc.nat(12).map((count) => count / 12);
const anyPairs = fc.array(fc.record({ first: twelfths, second: twelfths }), { minLength: 1, maxLength: 10 });
/** Pairs with these differences. */
const pairsOf = (differences: readonly number[]): ValuePair[] =>
  differences.map((one) => ({ first: Math.max(one, 0), second: Math.max(-one, 0) }));

describe('the mean difference of pairs', () => {
  it("agrees with Fisher (1935) and R's t.test on Darwin's maize, in units of 84 eighths of an inch", () => {
    const eighths = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
    const { difference, p } = pairedMeanDifference(pairsOf(eighths.map((one) => one / 84)));
    // Section 21: 863 of 32768 sums are as great as the observed one, 314.
    expect(p).toBeCloseTo((2 * 863) / 32_768, 12);
    expect(difference.estimate * 84).toBeCloseTo(314 / 15, 10);
    expect(difference.lower * 84).toBeCloseTo(8 * 0.003899165, 4);
    expect(difference.upper * 84).toBeCloseTo(8 * 5.229434169, 4);
  });

  it('has the p of all sign flips, one by one', () => {
    fc.assert(
      fc.property(anyPairs, (pairs) => {
        const steps = pairs.map(({ first, second }) => Math.round(12 * (first - second)));
        const seen = Math.abs(steps.reduce((sum, one) => sum + one, 0));
        let asFar = 0;
        for (let flips = 0; flips < 2 ** steps.length; flips++) {
          const sum = steps.reduce((all, one, index) => all + ((flips >> index) & 1 ? -one : one), 0);
          if (Math.abs(sum) >= seen) asFar++;
        }
        expect(pairedMeanDifference(pairs).p).toBeCloseTo(asFar / 2 ** steps.length, 10);
      }),
    );
  });

  it("is McNemar's exact test where the values are 0 and 1", () => {
    const counts = fc.record({ both: fc.nat(9), firstOnly: fc.nat(40), secondOnly: fc.nat(40), neither: fc.nat(9) });
    fc.assert(
      fc.property(counts, ({ both, firstOnly, secondOnly, neither }) => {
        fc.pre(both + firstOnly + secondOnly + neither > 0);
        const pairs = (
          [
            [both, 1, 1],
            [firstOnly, 1, 0],
            [secondOnly, 0, 1],
            [neither, 0, 0],
          ] as const
        ).flatMap(([count, first, second]) => Array.from({ length: count }, () => ({ first, second })));
        const { p } = mcnemarExact({ both, firstOnly, secondOnly, neither });
        expect(pairedMeanDifference(pairs).p).toBeCloseTo(p, 10);
      }),
    );
  });

  it('changes sign when the sides change places, and holds its estimate within [-1, 1]', () => {
    fc.assert(
      fc.property(anyPairs, (pairs) => {
        const [one, other] = [pairs, pairs.map(({ first, second }) => ({ first: second, second: first }))].map((some) =>
          pairedMeanDifference(some),
        );
        expect(one?.p).toBeCloseTo(other?.p ?? Number.NaN, 12);
        expect(one?.difference.lower).toBeCloseTo(-(other?.difference.upper ?? Number.NaN), 6);
        const { estimate = 0, lower = 0, upper = 0 } = one?.difference ?? {};
        expect(lower).toBeGreaterThanOrEqual(-1);
        expect(lower).toBeLessThanOrEqual(estimate + 1e-12);
        expect(upper).toBeGreaterThanOrEqual(estimate - 1e-12);
        expect(upper).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('takes thousands of pairs of any values, and never has a p of 0', () => {
    const chance = createChance('many pairs');
    const pairs = Array.from({ length: 3000 }, () => ({ first: chance.next(), second: chance.next() }));
    expect(pairedMeanDifference(pairs).p).toBeGreaterThan(0.01);
    const far = pairedMeanDifference(
      pairs.map(({ first, second }) => ({ first: 0.5 + first / 2, second: second / 2 })),
    );
    expect(far.p).toBeGreaterThan(0);
    expect(far.p).toBeLessThan(1e-12);
  });

  it('refuses no pair and values outside [0, 1]', () => {
    expect(() => pairedMeanDifference([])).toThrow('expected at least one value');
    expect(() => pairedMeanDifference([{ first: 1.2, second: 1 }])).toThrow('expected values from 0 to 1, got 1.2');
  });
});

describe('the 95 % interval, over 1000 seeded sets of pairs', () => {
  /** Right answers of `of` questions, drawn one by one; the item is harder for both by up to `spread`. */
  const coverage = (n: number, of: number, [first, second, spread]: readonly [number, number, number]): number => {
    const chance = createChance(`paired ${n} ${first} ${second}`);
    let held = 0;
    for (let sample = 0; sample < 1000; sample++) {
      const pairs = Array.from({ length: n }, () => {
        const easier = spread * (2 * chance.next() - 1);
        const right = (rate: number): number =>
          Array.from({ length: of }, () => chance.next() < rate + easier).filter(Boolean).length / of;
        return { first: right(first), second: right(second) };
      });
      const { lower, upper } = pairedMeanDifference(pairs).difference;
      if (lower <= first - second && first - second <= upper) held++;
    }
    return held / 1000;
  };

  it.each([
    [5, [0.6, 0.6, 0.3]],
    [10, [0.9, 0.9, 0.1]],
    [10, [0.5, 0.8, 0.2]],
    [20, [0.97, 0.75, 0]],
    [30, [0.97, 0.97, 0]],
  ] as const)('holds the true difference in 930 to 975 of them: %i pairs, %j', (n, rates) => {
    const held = coverage(n, 12, rates);
    expect(held).toBeGreaterThanOrEqual(0.93);
    expect(held).toBeLessThanOrEqual(0.975);
  });

  it('is too narrow where rare total failures lie among small differences', () => {
    const chance = createChance('rare 20');
    let held = 0;
    for (let sample = 0; sample < 1000; sample++) {
      const pairs = Array.from({ length: 20 }, () =>
        chance.next() < 0.03 ? { first: 0, second: 1 } : { first: 0.5, second: 0.5 + (chance.integer(0, 2) - 1) / 12 },
      );
      const { lower, upper } = pairedMeanDifference(pairs).difference;
      if (lower <= -0.03 && upper >= -0.03) held++;
    }
    // Stated in docs/decisions/statistics.md.
    expect(held).toBe(757);
  });
});
