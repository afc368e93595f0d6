import type { Chance } from '../base/world.ts';
import { assertWhole, type Counts } from './counts.ts';
import { normalQuantile, normalUpperTail } from './distributions.ts';
import { clamp, defaultConfidence, twoSidedZ, type Interval, type IntervalOptions } from './interval.ts';

export interface ClusterBootstrapOptions extends IntervalOptions {
  /** Samples drawn, at least 100; 2000 when not given. */
  readonly resamples?: number;
  /** Source of the draws; the same seed gives the same interval. */
  readonly chance: Chance;
}

export interface BootstrapInterval extends Interval {
  readonly clusters: number;
  readonly resamples: number;
  /** Every sample gave the same number, so the interval is a meaningless point: use an exact bound instead. */
  readonly isDegenerate: boolean;
}

/**
 * Interval of any statistic of clusters. Whole clusters are drawn with replacement, because trials of one cluster (a
 * paraphrase) are correlated. Limits are bias-corrected and accelerated (BCa). With fewer than about ten clusters they are too
 * narrow: prefer `clusteredInterval`.
 * Sources: Davison and Hinkley (1997), Bootstrap Methods and their Application, 3.8; Efron (1987), JASA 82 (BCa).
 * @param statistic called with a sample of the same number of clusters, some repeated; must return a finite number
 * @throws RangeError with fewer than two clusters, fewer than 100 samples, or when the statistic is not finite
 */
export function clusterBootstrap<Cluster>(
  clusters: readonly Cluster[],
  statistic: (sample: readonly Cluster[]) => number,
  { confidence = defaultConfidence, resamples = 2000, chance }: ClusterBootstrapOptions,
): BootstrapInterval {
  if (clusters.length < 2) throw new RangeError(`expected at least two clusters, got ${clusters.length}`);
  assertWhole('the number of resamples', resamples, 100);
  const z = twoSidedZ(confidence);
  const measure = (sample: readonly Cluster[]): number => {
    const value = statistic(sample);
    if (!Number.isFinite(value)) throw new RangeError(`expected the statistic to be a finite number, got ${value}`);
    return value;
  };
  const estimate = measure(clusters);
  const replicates = Float64Array.from({ length: resamples }, () => measure(draw(clusters, chance))).sort();
  const bias = biasCorrection(replicates, estimate);
  const acceleration = accelerationOf(
    clusters.map((_, left) => measure(clusters.filter((__, index) => index !== left))),
  );
  const limit = (normal: number): number => quantile(replicates, bcaLevel(normal, bias, acceleration));
  return {
    estimate,
    lower: Math.min(estimate, limit(-z)),
    upper: Math.max(estimate, limit(z)),
    confidence,
    clusters: clusters.length,
    resamples,
    isDegenerate: replicates[0] === replicates[resamples - 1],
  };
}

/** Successes over trials of all clusters together: the statistic to pass to `clusterBootstrap` for a plain rate. */
export function pooledRate(clusters: readonly Counts[]): number {
  let [successes, trials] = [0, 0];
  for (const cluster of clusters) {
    successes += cluster.successes;
    trials += cluster.trials;
  }
  return successes / trials;
}

function draw<Cluster>(clusters: readonly Cluster[], chance: Chance): Cluster[] {
  return clusters.flatMap(() => clusters.slice(...slot(chance.integer(0, clusters.length - 1))));
}

const slot = (index: number): [number, number] => [index, index + 1];

/** Normal score of the share of samples below the estimate. Ties count half; the share is never 0 or 1. */
function biasCorrection(replicates: Float64Array, estimate: number): number {
  let below = 0;
  for (const value of replicates) below += value < estimate ? 1 : value === estimate ? 0.5 : 0;
  return normalQuantile(clamp(below, 0.5, replicates.length - 0.5) / replicates.length);
}

/** Skewness of the leave-one-out estimates, divided by six. */
function accelerationOf(leftOut: readonly number[]): number {
  const mean = leftOut.reduce((sum, value) => sum + value, 0) / leftOut.length;
  let [squares, cubes] = [0, 0];
  for (const value of leftOut) {
    squares += (mean - value) ** 2;
    cubes += (mean - value) ** 3;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

function bcaLevel(normal: number, bias: number, acceleration: number): number {
  const shifted = bias + normal;
  return 1 - normalUpperTail(bias + shifted / Math.max(1e-6, 1 - acceleration * shifted));
}

/** Linear interpolation between neighbours, R's type 7. */
function quantile(sorted: Float64Array, level: number): number {
  const position = clamp(level, 0, 1) * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? 0;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? low;
  return low + (high - low) * (position - below);
}
