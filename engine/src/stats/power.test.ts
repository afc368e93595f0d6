import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  exactDetectableRate,
  exactTrialsPerArm,
  fisherPower,
  minimumDetectableRate,
  trialsPerArm,
  twoProportionPower,
} from './power.ts';
import { expectClose } from './testing.ts';

const anyRate = fc.double({ min: 0, max: 1, noNaN: true });

describe('power', () => {
  it("agrees with the examples of R's power.prop.test", () => {
    // power.prop.test(n = 50, p1 = .50, p2 = .75) gives 0.7401659; power = .90 instead of n gives 76.7
    const question = { firstRate: 0.5, secondRate: 0.75, firstTrials: 50, secondTrials: 50 };
    expect(twoProportionPower(question)).toBeCloseTo(0.7401659, 6);
    expect(trialsPerArm({ firstRate: 0.5, secondRate: 0.75, power: 0.9 })).toBe(77);
    // power.prop.test(p1 = .5, n = 50, power = .90) gives p2 = 0.8026141; its own tolerance is 1.2e-4
    expect(
      Math.abs(
        (minimumDetectableRate({ baseline: 0.5, trialsPerArm: 50, direction: 'increase', power: 0.9 }) ?? 0) - 0.8026,
      ),
    ).toBeLessThan(2e-4);
  });

  it('is exact for Fisher', () => {
    // sum(binom.pmf(i, n, p1) * binom.pmf(j, m, p2) for i, j if scipy.stats.fisher_exact([[i, j], [n - i, m - j]]).pvalue <= alpha)
    expectClose(
      [
        fisherPower({ firstRate: 0.05, secondRate: 0.3, firstTrials: 30, secondTrials: 30 }),
        fisherPower({ firstRate: 0.2, secondRate: 0.2, firstTrials: 20, secondTrials: 25 }),
        fisherPower({ firstRate: 0.1, secondRate: 0.6, firstTrials: 15, secondTrials: 12, alpha: 0.01 }),
      ],
      [0.6313129666465921, 0.028972099822446078, 0.5720484790417719],
      1e-9,
    );
  });

  it('never lets Fisher reject equal rates more often than alpha', () => {
    fc.assert(
      fc.property(
        anyRate,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        (rate, firstTrials, secondTrials) => {
          expect(fisherPower({ firstRate: rate, secondRate: rate, firstTrials, secondTrials })).toBeLessThanOrEqual(
            0.05 + 1e-9,
          );
        },
      ),
    );
  });

  it('is reached with the trials asked for, and not with one fewer', () => {
    fc.assert(
      fc.property(anyRate, anyRate, (firstRate, secondRate) => {
        fc.pre(Math.abs(firstRate - secondRate) > 0.01);
        const trials = trialsPerArm({ firstRate, secondRate });
        const powerOf = (count: number): number =>
          twoProportionPower({ firstRate, secondRate, firstTrials: count, secondTrials: count });
        expect(powerOf(trials)).toBeGreaterThanOrEqual(0.8 - 1e-9);
        if (trials > 1) expect(powerOf(trials - 1)).toBeLessThan(0.8 + 1e-9);
      }),
    );
  });

  it('is reached by Fisher where the approximation falls short: 0 against 5 % takes more than 152 trials', () => {
    const at = (trials: number): number =>
      fisherPower({ firstRate: 0.05, secondRate: 0, firstTrials: trials, secondTrials: trials });
    expect(trialsPerArm({ firstRate: 0.05, secondRate: 0 })).toBe(152);
    expect(at(152)).toBeCloseTo(0.77635, 4);
    const needed = exactTrialsPerArm({ firstRate: 0.05, secondRate: 0 });
    expect(needed).toBe(157);
    for (let more = 0; more <= 12; more++) expect(at((needed ?? 0) + more)).toBeGreaterThanOrEqual(0.8);
    expect(at((needed ?? 0) - 1)).toBeLessThan(0.8);
    expect(exactTrialsPerArm({ firstRate: 0.51, secondRate: 0.5 })).toBeNull();
  });

  it('of Fisher finds the rate that it has for sure, and no nearer one by more than a twentieth of a point', () => {
    const powerOf = (rate: number): number =>
      fisherPower({ firstRate: 0.2, secondRate: rate, firstTrials: 80, secondTrials: 80 });
    const higher = exactDetectableRate({ baseline: 0.2, trialsPerArm: 80, direction: 'increase' });
    expect(powerOf(higher ?? 0)).toBeGreaterThanOrEqual(0.8);
    expect(powerOf((higher ?? 0) - 0.001)).toBeLessThan(0.8);
    expect(exactDetectableRate({ baseline: 0.01, trialsPerArm: 20, direction: 'decrease' })).toBeNull();
    expect(() => exactDetectableRate({ baseline: 0.2, trialsPerArm: 1001, direction: 'increase' })).toThrow(
      'at most 1000',
    );
  });

  it('finds a rate that has the power asked for, or says that there is none', () => {
    const rate = minimumDetectableRate({ baseline: 0.02, trialsPerArm: 100, direction: 'increase' });
    expect(
      twoProportionPower({ firstRate: 0.02, secondRate: rate ?? 0, firstTrials: 100, secondTrials: 100 }),
    ).toBeCloseTo(0.8, 9);
    expect(minimumDetectableRate({ baseline: 0.02, trialsPerArm: 100, direction: 'decrease' })).toBeNull();
    expect(minimumDetectableRate({ baseline: 1, trialsPerArm: 100, direction: 'increase' })).toBeNull();
  });

  it('is a number at the edges', () => {
    const arms = { firstTrials: 10, secondTrials: 10 };
    expect(twoProportionPower({ firstRate: 0, secondRate: 0, ...arms })).toBe(0);
    expect(twoProportionPower({ firstRate: 0, secondRate: 1, ...arms })).toBe(1);
    expect(fisherPower({ firstRate: 0, secondRate: 1, ...arms })).toBe(1);
  });

  it('refuses equal rates, no trial, and levels that are none', () => {
    expect(() => trialsPerArm({ firstRate: 0.1, secondRate: 0.1 })).toThrow('expected two rates that differ');
    expect(() => twoProportionPower({ firstRate: 0, secondRate: 1, firstTrials: 0, secondTrials: 1 })).toThrow(
      'expected at least one trial',
    );
    expect(() =>
      twoProportionPower({ firstRate: 0, secondRate: 1, firstTrials: 1, secondTrials: 1, alpha: 5 }),
    ).toThrow('expected alpha between 0 and 1');
    expect(() => fisherPower({ firstRate: 0, secondRate: 1, firstTrials: 20_000, secondTrials: 1 })).toThrow(
      'expected at most 20000 trials',
    );
  });
});
