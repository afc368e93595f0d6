import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { meanDifference, meanInterval } from './mean.ts';

const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 });

describe('the interval of a mean', () => {
  it('is that of R: t.test(c(0.2, 0.4, 0.5, 0.9))', () => {
    const { estimate, lower, upper } = meanInterval([0.2, 0.4, 0.5, 0.9]);
    expect(estimate).toBeCloseTo(0.5, 12);
    expect(lower).toBeCloseTo(0.031557, 5);
    expect(upper).toBeCloseTo(0.968443, 5);
  });

  it('is no point where all values are equal', () => {
    for (const same of [0, 0.5, 1]) {
      const { lower, upper } = meanInterval([same, same, same]);
      expect(upper - lower).toBeGreaterThan(0.3);
    }
  });

  it('holds the mean and lies within [0, 1], whatever the values', () => {
    fc.assert(
      fc.property(values, (some) => {
        const { estimate, lower, upper } = meanInterval(some);
        expect(lower).toBeGreaterThanOrEqual(0);
        expect(lower).toBeLessThanOrEqual(estimate);
        expect(upper).toBeGreaterThanOrEqual(estimate);
        expect(upper).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is of values from 0 to 1, and of at least one', () => {
    expect(() => meanInterval([])).toThrow(RangeError);
    expect(() => meanInterval([1.1])).toThrow(RangeError);
  });
});

describe('a difference of means', () => {
  it('is that of R: t.test(c(0.2, 0.4, 0.5, 0.9), c(0.1, 0.2, 0.3))', () => {
    const { difference, p } = meanDifference([0.2, 0.4, 0.5, 0.9], [0.1, 0.2, 0.3]);
    expect(difference.estimate).toBeCloseTo(0.3, 12);
    expect(p).toBeCloseTo(0.133272167, 7);
    expect(difference.lower).toBeCloseTo(-0.145481715, 6);
  });

  it('changes sign when the sides change places, and its p is between 0 and 1', () => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const [a, b] = [meanDifference(one, other), meanDifference(other, one)];
        expect(a.difference.lower).toBeCloseTo(-b.difference.upper, 9);
        expect(a.p).toBeCloseTo(b.p, 9);
        expect(a.p).toBeGreaterThanOrEqual(0);
        expect(a.p).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('tells sides apart that show no spread', () => {
    expect(meanDifference(Array<number>(10).fill(0), Array<number>(10).fill(1)).p).toBeLessThan(0.001);
    expect(meanDifference([0.5, 0.5], [0.5, 0.5]).p).toBe(1);
  });
});
