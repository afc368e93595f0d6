import { describe, expect, it } from 'vitest';

import { createChance } from '../base/world.ts';
import { clusterBootstrap, pooledRate } from './cluster-bootstrap.ts';
import { counts } from './testing.ts';

const paraphrases = [3, 9, 14, 5, 11, 7, 2, 16, 8, 10, 6, 12].map((successes) => counts(successes, 40));

describe('clusterBootstrap', () => {
  it('tells the same story for the same seed, and holds its estimate', () => {
    const once = clusterBootstrap(paraphrases, pooledRate, { chance: createChance('seed') });
    expect(clusterBootstrap(paraphrases, pooledRate, { chance: createChance('seed') })).toEqual(once);
    expect(once).toMatchObject({ estimate: 103 / 480, clusters: 12, resamples: 2000, isDegenerate: false });
    expect(once.lower).toBeLessThan(once.estimate);
    expect(once.upper).toBeGreaterThan(once.estimate);
  });

  it('agrees with scipy within the error of the draws', () => {
    // scipy.stats.bootstrap((np.array([3, 9, 14, 5, 11, 7, 2, 16, 8, 10, 6, 12]) / 40,), np.mean, n_resamples=200_000,
    //   method='BCa', random_state=1).confidence_interval
    const { lower, upper } = clusterBootstrap(paraphrases, pooledRate, {
      chance: createChance('scipy'),
      resamples: 20_000,
    });
    expect(Math.abs(lower - 0.1583)).toBeLessThan(0.003);
    expect(Math.abs(upper - 0.2729)).toBeLessThan(0.003);
  });

  it('covers the true rate in most simulated studies of many clusters', () => {
    const chance = createChance('bootstrap coverage');
    const studies = 200;
    let covered = 0;
    for (let study = 0; study < studies; study++) {
      const clusters = Array.from({ length: 25 }, () => {
        const rate = 0.1 + 0.4 * chance.next();
        return counts(Array.from({ length: 20 }, () => chance.next() < rate).filter(Boolean).length, 20);
      });
      const { lower, upper } = clusterBootstrap(clusters, pooledRate, { chance, resamples: 400 });
      if (lower <= 0.3 && 0.3 <= upper) covered++;
    }
    expect(covered / studies).toBeGreaterThan(0.88);
  });

  it('says so when every sample is the same', () => {
    const silent = clusterBootstrap([counts(0, 5), counts(0, 5)], pooledRate, { chance: createChance('silent') });
    expect(silent).toMatchObject({ estimate: 0, lower: 0, upper: 0, isDegenerate: true });
  });

  it('refuses one cluster, few samples, and a statistic that is no number', () => {
    const chance = createChance('refused');
    expect(() => clusterBootstrap([1], () => 0, { chance })).toThrow('expected at least two clusters, got 1');
    expect(() => clusterBootstrap([1, 2], () => 0, { chance, resamples: 10 })).toThrow(
      'expected the number of resamples',
    );
    expect(() => clusterBootstrap([1, 2], () => Number.NaN, { chance })).toThrow(
      'expected the statistic to be a finite number, got NaN',
    );
  });
});
