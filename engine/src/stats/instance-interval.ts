import { blakerInterval } from './blaker-interval.ts';
import type { Counts } from './counts.ts';
import { designEffect, fewClustersFactor, pool } from './design-effect.ts';
import { defaultConfidence, type IntervalOptions } from './interval.ts';
import type { ProportionInterval, ProportionMethod } from './proportion-interval.ts';

export interface InstanceInterval extends ProportionInterval {
  /** Instances (texts, seeds) that the trials are of. */
  readonly instances: number;
  /** Independent trials with the same information; at most the trials. */
  readonly effectiveTrials: number;
}

export interface InstanceOptions extends IntervalOptions {
  /** For independent trials; Blaker's when not given. */
  readonly method?: ProportionMethod;
}

/**
 * Interval of a rate whose unit is the instance: Blaker's on the effective number of trials, in whole trials. The design
 * effect is not raised to 1 before the ratio of Student's quantiles is applied, because with few instances that would widen
 * the interval twice; the result never counts more trials than there were. With one trial for each instance it is Blaker's.
 * Sources: Korn and Graubard (1998), Survey Methodology 24, 193–201; `blakerInterval`. Coverage: docs/intervals.md.
 * @throws RangeError as `designEffect` and `blakerInterval`
 */
export function instanceInterval(
  instances: readonly Counts[],
  { confidence = defaultConfidence, method = blakerInterval }: InstanceOptions = {},
): InstanceInterval {
  const { designEffect: effect, clusters } = designEffect(instances);
  const { successes, trials } = pool(instances);
  const estimate = successes / trials;
  const isAtEdge = successes === 0 || successes === trials;
  const effectiveTrials =
    isAtEdge || clusters === trials
      ? trials
      : Math.max(1, Math.floor(Math.min(trials, (trials / effect) * fewClustersFactor(clusters, trials, confidence))));
  const { lower, upper } = method(Math.round(estimate * effectiveTrials), effectiveTrials, { confidence });
  return {
    ...{ successes, trials, estimate, confidence, instances: clusters, effectiveTrials },
    lower: Math.min(lower, estimate),
    upper: Math.max(upper, estimate),
  };
}
