import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createChance } from '../base/world.ts';
import { clusteredInterval, designEffect } from './design-effect.ts';
import { jeffreysInterval } from './proportion-interval.ts';
import { anyCounts, counts } from './testing.ts';

describe('designEffect', () => {
  it('is the size of a cluster when its trials all do the same', () => {
    // Four clusters of 10, half of them all, half of them none: 4 / 3 * 4 * 25 / (40 * 1 / 4)
    const effect = designEffect([counts(10, 10), counts(0, 10), counts(10, 10), counts(0, 10)]);
    expect(effect.designEffect).toBeCloseTo(40 / 3, 12);
    expect(effect.effectiveTrials).toBeCloseTo(3, 12);
  });

  it('is 0 when all clusters have the same rate, and then no trial is worth more than one', () => {
    expect(designEffect([counts(5, 10), counts(10, 20)])).toEqual({
      designEffect: 0,
      effectiveTrials: 30,
      clusters: 2,
    });
  });

  it('is 1 when nothing ever happens', () => {
    expect(designEffect([counts(0, 10), counts(0, 20)])).toEqual({ designEffect: 1, effectiveTrials: 30, clusters: 2 });
  });

  it('refuses a single cluster', () => {
    expect(() => designEffect([counts(1, 2)])).toThrow('expected at least two clusters, got 1');
  });
});

describe('clusteredInterval', () => {
  it('is never narrower than that of independent trials, and holds its estimate', () => {
    fc.assert(
      fc.property(fc.array(anyCounts(200), { minLength: 2, maxLength: 12 }), (clusters) => {
        const clustered = clusteredInterval(clusters);
        const plain = jeffreysInterval(clustered.successes, clustered.trials);
        expect(clustered.upper - clustered.lower).toBeGreaterThanOrEqual((plain.upper - plain.lower) * (1 - 1e-6));
        expect(clustered.lower).toBeLessThanOrEqual(clustered.estimate);
        expect(clustered.upper).toBeGreaterThanOrEqual(clustered.estimate);
      }),
    );
  });

  it('is the Jeffreys interval when nothing ever happens', () => {
    expect(clusteredInterval([counts(0, 40), counts(0, 60)])).toMatchObject({
      lower: 0,
      upper: jeffreysInterval(0, 100).upper,
    });
  });

  it('covers the mean rate of paraphrases that differ, where the plain interval does not', () => {
    const chance = createChance('paraphrases that differ');
    const [studies, paraphrases, trials] = [400, 6, 50];
    let [clustered, plain] = [0, 0];
    const holds = ({ lower, upper }: { lower: number; upper: number }): number =>
      lower <= 0.3 && 0.3 <= upper ? 1 : 0;
    for (let study = 0; study < studies; study++) {
      const clusters = Array.from({ length: paraphrases }, () => {
        const rate = 0.1 + 0.4 * chance.next();
        return counts(Array.from({ length: trials }, () => chance.next() < rate).filter(Boolean).length, trials);
      });
      const interval = clusteredInterval(clusters);
      clustered += holds(interval);
      plain += holds(jeffreysInterval(interval.successes, interval.trials));
    }
    expect(clustered / studies).toBeGreaterThan(0.92);
    expect(plain / studies).toBeLessThan(0.85);
  });
});
