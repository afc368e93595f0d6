import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createChance } from '../base/world.ts';
import { confidenceSequence } from './confidence-sequence.ts';
import { jeffreysInterval } from './proportion-interval.ts';
import { anyCounts } from './testing.ts';

describe('confidenceSequence', () => {
  it('is wrong at some moment in at most 5 % of studies, however often one looks', () => {
    const chance = createChance('looking after each trial');
    const [studies, trials, rate] = [300, 200, 0.12];
    const wrong = { sequence: 0, jeffreys: 0 };
    for (let study = 0; study < studies; study++) {
      let successes = 0;
      const missed = { sequence: false, jeffreys: false };
      for (let trial = 1; trial <= trials; trial++) {
        if (chance.next() < rate) successes++;
        for (const [name, method] of [
          ['sequence', confidenceSequence],
          ['jeffreys', jeffreysInterval],
        ] as const) {
          const { lower, upper } = method(successes, trial);
          missed[name] ||= rate < lower || upper < rate;
        }
      }
      wrong.sequence += missed.sequence ? 1 : 0;
      wrong.jeffreys += missed.jeffreys ? 1 : 0;
    }
    expect(wrong.sequence / studies).toBeLessThanOrEqual(0.05);
    expect(wrong.jeffreys / studies).toBeGreaterThan(0.1);
  });

  it('has limits where the likelihood is 5 % of its mean under the prior', () => {
    // scipy: brentq of betaln(k + .5, n - k + .5) - betaln(.5, .5) + log(.05) - k * log(p) - (n - k) * log(1 - p)
    const { lower, upper } = confidenceSequence(12, 100);
    expect(lower).toBeCloseTo(0.03998781041718211, 9);
    expect(upper).toBeCloseTo(0.25385460585974745, 9);
  });

  it('holds its estimate, mirrors, and is wider than an interval made once', () => {
    fc.assert(
      fc.property(anyCounts(1_000_000), ({ successes, trials }) => {
        const { lower, estimate, upper } = confidenceSequence(successes, trials);
        const mirrored = confidenceSequence(trials - successes, trials);
        const once = jeffreysInterval(successes, trials);
        expect(lower).toBeLessThanOrEqual(estimate);
        expect(upper).toBeGreaterThanOrEqual(estimate);
        expect(lower).toBeCloseTo(1 - mirrored.upper, 8);
        expect(upper - lower).toBeGreaterThan(once.upper - once.lower);
      }),
    );
  });

  it('refuses no trial', () => {
    expect(() => confidenceSequence(0, 0)).toThrow('expected at least one trial');
  });
});
