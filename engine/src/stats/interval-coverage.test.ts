import { describe, expect, it } from 'vitest';

import { intervalCoverage } from './interval-coverage.ts';
import { clopperPearsonInterval, jeffreysInterval, wilsonInterval } from './proportion-interval.ts';

const rates = Array.from({ length: 49 }, (_, index) => (index + 1) / 50);

describe('intervalCoverage', () => {
  it('is what one counts by hand for two trials', () => {
    // At a rate of 1/10 the interval of 0 of 2 holds it (upper 0.67 by Jeffreys), and so does 1 of 2 (lower 0.061); 2 of 2 does not.
    expect(intervalCoverage(jeffreysInterval, { rate: 0.1, trials: 2 })).toBeCloseTo(0.81 + 0.18, 12);
    expect(intervalCoverage(clopperPearsonInterval, { rate: 0.5, trials: 2 })).toBeCloseTo(1, 12);
  });

  it('never falls below the level for Clopper–Pearson', () => {
    for (const rate of rates)
      for (const trials of [5, 50, 200])
        expect(intervalCoverage(clopperPearsonInterval, { rate, trials })).toBeGreaterThanOrEqual(0.95);
  });

  it.each([
    ['Jeffreys', jeffreysInterval],
    ['Wilson', wilsonInterval],
  ])('is near the level on average for %s', (_, method) => {
    const mean = rates.reduce((sum, rate) => sum + intervalCoverage(method, { rate, trials: 50 }), 0) / rates.length;
    expect(Math.abs(mean - 0.95)).toBeLessThan(0.01);
  });

  it('is 1 for a rate of 0 and refuses no trial', () => {
    expect(intervalCoverage(jeffreysInterval, { rate: 0, trials: 10 })).toBe(1);
    expect(() => intervalCoverage(jeffreysInterval, { rate: 0, trials: 0 })).toThrow('expected at least one trial');
  });
});
