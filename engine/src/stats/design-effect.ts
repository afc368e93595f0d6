import { assertCounts, assertOpenProbability, type Counts } from './counts.ts';
import { betaQuantile, studentQuantile } from './distributions.ts';
import { clamp, defaultConfidence, type IntervalOptions } from './interval.ts';
import type { ProportionInterval } from './proportion-interval.ts';

export interface DesignEffect {
  /** Variance of the pooled rate divided by that of independent trials; at least 0, and 1 for independent trials. */
  readonly designEffect: number;
  /** Number of independent trials with the same information; never more than the actual number. */
  readonly effectiveTrials: number;
  readonly clusters: number;
}

/**
 * How much information is lost because trials of one cluster (a paraphrase, a seed) are correlated. 1 if the pooled rate is
 * 0 or 1: then no difference between clusters can be seen.
 * Source: Rao and Scott (1992), A simple method for the analysis of clustered binary data, Biometrics 48, equation 2.
 * @throws RangeError with fewer than two clusters, or for counts that are not counts
 */
export function designEffect(clusters: readonly Counts[]): DesignEffect {
  if (clusters.length < 2) throw new RangeError(`expected at least two clusters, got ${clusters.length}`);
  const { successes, trials } = pool(clusters);
  const rate = successes / trials;
  const count = clusters.length;
  let squares = 0;
  for (const cluster of clusters) squares += (cluster.successes - cluster.trials * rate) ** 2;
  const binomial = rate * (1 - rate);
  const effect = binomial === 0 ? 1 : (count * squares) / ((count - 1) * trials * binomial);
  return { designEffect: effect, effectiveTrials: trials / Math.max(1, effect), clusters: count };
}

export interface ClusteredInterval extends ProportionInterval, DesignEffect {}

/**
 * Jeffreys interval of the pooled rate on the effective number of trials: the trials divided by the design effect and by the
 * squared ratio of Student's quantiles, because a few clusters estimate that effect poorly. Never narrower than the interval
 * of independent trials.
 * Sources: Korn and Graubard (1998), Survey Methodology 24, 193–201 (effective sample, its degrees of freedom, truncation);
 * Franco, Little, Louis and Slud (2019), Journal of Survey Statistics and Methodology 7 (the same with Jeffreys limits).
 * @throws RangeError as `designEffect`, or for a confidence outside (0, 1)
 */
export function clusteredInterval(
  clusters: readonly Counts[],
  { confidence = defaultConfidence }: IntervalOptions = {},
): ClusteredInterval {
  assertOpenProbability('confidence', confidence);
  const effect = designEffect(clusters);
  const { successes, trials } = pool(clusters);
  const tail = (1 - confidence) / 2;
  const isAtEdge = successes === 0 || successes === trials;
  const effectiveTrials = isAtEdge
    ? effect.effectiveTrials
    : Math.min(trials, effect.effectiveTrials * fewClustersFactor(clusters.length, trials, confidence));
  const estimate = successes / trials;
  const [alpha, beta] = [estimate * effectiveTrials + 0.5, (1 - estimate) * effectiveTrials + 0.5];
  return {
    estimate,
    lower: successes === 0 ? 0 : clamp(betaQuantile(tail, alpha, beta), 0, estimate),
    upper: successes === trials ? 1 : clamp(betaQuantile(1 - tail, alpha, beta), estimate, 1),
    successes,
    trials,
    confidence,
    ...effect,
    effectiveTrials,
  };
}

/** Squared ratio of Student's quantiles: what is left of the trials because a few clusters estimate the effect poorly. */
export function fewClustersFactor(clusters: number, trials: number, confidence: number): number {
  const level = 1 - (1 - confidence) / 2;
  return (studentQuantile(level, Math.max(1, trials - 1)) / studentQuantile(level, clusters - 1)) ** 2;
}

/** All clusters together. */
export function pool(clusters: readonly Counts[]): Counts {
  let [successes, trials] = [0, 0];
  for (const cluster of clusters) {
    assertCounts(cluster);
    successes += cluster.successes;
    trials += cluster.trials;
  }
  return { successes, trials };
}
