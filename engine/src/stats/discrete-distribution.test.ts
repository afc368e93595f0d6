import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { binomialDistribution, hypergeometricDistribution, probabilityOf } from './discrete-distribution.ts';
import { expectClose } from './testing.ts';

describe('a discrete distribution', () => {
  it('adds up to 1 and has the mean that theory gives', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, rate) => {
        const { first, probabilities } = binomialDistribution(trials, rate);
        const mean = probabilities.reduce((sum, probability, index) => sum + probability * (first + index), 0);
        expect(probabilities.reduce((sum, probability) => sum + probability, 0)).toBeCloseTo(1, 12);
        expect(mean / trials).toBeCloseTo(rate, 10);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(first + probabilities.length - 1).toBeLessThanOrEqual(trials);
      }),
    );
  });

  it('agrees with the formula on small numbers', () => {
    // scipy.stats.binom.pmf(k, 4, 0.3) and scipy.stats.hypergeom.pmf(k, 10, 4, 5)
    expectClose([...binomialDistribution(4, 0.3).probabilities], [0.2401, 0.4116, 0.2646, 0.0756, 0.0081], 1e-12);
    expectClose(
      [...hypergeometricDistribution(5, 5, 4).probabilities],
      [5 / 210, 50 / 210, 100 / 210, 50 / 210, 5 / 210],
      1e-12,
    );
  });

  it('gives 0 outside its range', () => {
    expect(probabilityOf(binomialDistribution(3, 0), 1)).toBe(0);
    expect(probabilityOf(binomialDistribution(3, 1), 3)).toBe(1);
  });
});
