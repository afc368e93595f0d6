import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createChance } from '../base/world.ts';
import { auroc } from './auroc.ts';
import { normalQuantile } from './distributions.ts';

const scores = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 });

describe('the area under the curve', () => {
  it('is the share of pairs in the right order, ties half', () => {
    expect(auroc([3, 2], [1, 0]).estimate).toBe(1);
    expect(auroc([0], [1]).estimate).toBe(0);
    expect(auroc([1, 1], [1]).estimate).toBe(0.5);
    expect(auroc([0.9, 0.4], [0.5, 0.4]).estimate).toBe(0.625);
  });

  it('turns with the sign of the scores, and lies in its interval', () => {
    fc.assert(
      fc.property(scores, scores, (positives, negatives) => {
        const one = auroc(positives, negatives);
        const other = auroc(
          positives.map((score) => -score),
          negatives.map((score) => -score),
        );
        expect(other.estimate).toBeCloseTo(1 - one.estimate, 9);
        expect(other.lower).toBeCloseTo(1 - one.upper, 6);
        expect(one.lower).toBeLessThanOrEqual(one.estimate);
        expect(one.upper).toBeGreaterThanOrEqual(one.estimate);
      }),
    );
  });

  it('has an interval where every pair is in order, shorter with more trials', () => {
    const perfect = (n: number): number => auroc(Array<number>(n).fill(1), Array<number>(n).fill(0)).lower;
    expect(perfect(5)).toBeLessThan(0.8);
    expect(perfect(50)).toBeGreaterThan(0.95);
    expect(perfect(50)).toBeLessThan(1);
  });

  it('holds the true area in about 95 of 100 samples', () => {
    // Normal scores, one standard deviation and a half apart: the area is the normal distribution at 1.5 / sqrt(2).
    const truth = 0.855_578;
    const chance = createChance('auroc');
    const draw = (mean: number): number => mean + normalQuantile(Math.min(Math.max(chance.next(), 1e-9), 1 - 1e-9));
    let held = 0;
    for (let sample = 0; sample < 1000; sample++) {
      const { lower, upper } = auroc(
        Array.from({ length: 25 }, () => draw(1.5)),
        Array.from({ length: 40 }, () => draw(0)),
      );
      if (lower <= truth && truth <= upper) held++;
    }
    expect(held / 1000).toBeGreaterThan(0.93);
    expect(held / 1000).toBeLessThan(0.98);
  });

  it('needs both kinds, and numbers', () => {
    expect(() => auroc([], [1])).toThrow(RangeError);
    expect(() => auroc([1], [])).toThrow(RangeError);
    expect(() => auroc([Number.NaN], [1])).toThrow(RangeError);
  });
});
