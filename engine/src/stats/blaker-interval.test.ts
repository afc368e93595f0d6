import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { blakerInterval } from './blaker-interval.ts';
import { intervalCoverage } from './interval-coverage.ts';
import { clopperPearsonInterval } from './proportion-interval.ts';
import { anyCounts } from './testing.ts';

describe('blakerInterval', () => {
  it('gives the limits of the R package BlakerCI', () => {
    // binom.blaker.limits(3, 10): the example of its manual
    const { lower, upper } = blakerInterval(3, 10);
    expect(lower).toBeCloseTo(0.0872644, 5);
    expect(upper).toBeCloseTo(0.6194107, 5);
  });

  it('lies within Clopper–Pearson, holds its estimate, and mirrors when success and failure change places', () => {
    fc.assert(
      fc.property(anyCounts(120), ({ successes, trials }) => {
        const [own, outer] = [blakerInterval(successes, trials), clopperPearsonInterval(successes, trials)];
        const mirrored = blakerInterval(trials - successes, trials);
        expect(own.lower).toBeGreaterThanOrEqual(outer.lower - 1e-9);
        expect(own.upper).toBeLessThanOrEqual(outer.upper + 1e-9);
        expect(own.lower).toBeLessThanOrEqual(own.estimate);
        expect(own.upper).toBeGreaterThanOrEqual(own.estimate);
        expect(mirrored.lower).toBeCloseTo(1 - own.upper, 9);
      }),
      { numRuns: 60 },
    );
  });

  it.each([10, 37, 100])('covers at least its level at every rate, with %i trials', (trials) => {
    const known = new Map<number, ReturnType<typeof blakerInterval>>();
    const remembered: typeof blakerInterval = (successes, n, options) => {
      const interval = known.get(successes) ?? blakerInterval(successes, n, options);
      known.set(successes, interval);
      return interval;
    };
    for (let rate = 0.0025; rate < 0.5; rate += 0.005)
      expect(intervalCoverage(remembered, { rate, trials })).toBeGreaterThanOrEqual(0.95 - 1e-6);
  });

  it('refuses counts that are not counts', () => {
    expect(() => blakerInterval(0, 0)).toThrow('expected at least one trial');
    expect(() => blakerInterval(1, 2, { confidence: 1 })).toThrow('confidence');
  });
});
