import { assertCounts, assertOpenProbability } from './counts.ts';
import { betaQuantile } from './distributions.ts';
import { clamp, defaultConfidence, twoSidedZ, type Interval, type IntervalOptions } from './interval.ts';

/** Interval of one rate, with its counts, so that a reader can reproduce it. */
export interface ProportionInterval extends Interval {
  readonly successes: number;
  readonly trials: number;
}

export type ProportionMethod = (successes: number, trials: number, options?: IntervalOptions) => ProportionInterval;

/**
 * Equal-tailed Jeffreys interval: quantiles of Beta(k + 1/2, n - k + 1/2). Lower is 0 if k = 0, upper is 1 if k = n; the
 * other limit then keeps its single tail of (1 - confidence) / 2.
 * Source: Brown, Cai and DasGupta (2001), Interval Estimation for a Binomial Proportion, Statistical Science 16, 3.1.2 and 4.
 * @throws RangeError for counts that are not counts, no trial, or a confidence outside (0, 1)
 */
export function jeffreysInterval(successes: number, trials: number, options: IntervalOptions = {}): ProportionInterval {
  return betaInterval({ successes, trials }, options, (tail) => ({
    lower: betaQuantile(tail, successes + 0.5, trials - successes + 0.5),
    upper: betaQuantile(1 - tail, successes + 0.5, trials - successes + 0.5),
  }));
}

/**
 * Clopper–Pearson interval: never covers less than its level, and is therefore wider.
 * Source: Clopper and Pearson (1934), Biometrika 26; beta form as in Brown, Cai and DasGupta (2001), 4.2.1.
 * @throws RangeError as `jeffreysInterval`
 */
export function clopperPearsonInterval(
  successes: number,
  trials: number,
  options: IntervalOptions = {},
): ProportionInterval {
  return betaInterval({ successes, trials }, options, (tail) => ({
    lower: successes === 0 ? 0 : betaQuantile(tail, successes, trials - successes + 1),
    upper: successes === trials ? 1 : betaQuantile(1 - tail, successes + 1, trials - successes),
  }));
}

/**
 * Wilson score interval, without continuity correction.
 * Source: Wilson (1927), JASA 22; Brown, Cai and DasGupta (2001), 3.1.1.
 * @throws RangeError as `jeffreysInterval`
 */
export function wilsonInterval(successes: number, trials: number, options: IntervalOptions = {}): ProportionInterval {
  const { confidence = defaultConfidence } = options;
  assertCounts({ successes, trials });
  const z = twoSidedZ(confidence);
  const estimate = successes / trials;
  const weight = trials + z * z;
  const centre = (successes + (z * z) / 2) / weight;
  const half = (z * Math.sqrt(trials * estimate * (1 - estimate) + (z * z) / 4)) / weight;
  return withEdges({ successes, trials, estimate, confidence, lower: centre - half, upper: centre + half });
}

/** Every interval of one rate, by its name in a plan. */
export const proportionMethods = {
  jeffreys: jeffreysInterval,
  wilson: wilsonInterval,
  'clopper-pearson': clopperPearsonInterval,
} as const satisfies Record<string, ProportionMethod>;

export interface UpperBoundOptions {
  /** One-sided level, between 0 and 1; 0.95 when not given: all 5 % are above the bound. */
  readonly confidence?: number;
  /** `clopper-pearson` when not given: a gate must hold its level. */
  readonly method?: keyof typeof proportionMethods;
}

/**
 * One-sided upper bound of a rate, for a gate such as "under 1 %". It is the upper limit of the two-sided interval with level
 * `2 * confidence - 1`: 0.95 here corresponds to 0.90 there.
 * @throws RangeError as `jeffreysInterval`, and for a confidence that is not above 0.5
 */
export function rateUpperBound(successes: number, trials: number, options: UpperBoundOptions = {}): number {
  const { confidence = defaultConfidence, method = 'clopper-pearson' } = options;
  assertOpenProbability('confidence', confidence);
  if (confidence <= 0.5) throw new RangeError(`expected a one-sided confidence above 0.5, got ${confidence}`);
  return proportionMethods[method](successes, trials, { confidence: 2 * confidence - 1 }).upper;
}

type Limits = Pick<Interval, 'lower' | 'upper'>;

function betaInterval(
  counts: { readonly successes: number; readonly trials: number },
  { confidence = defaultConfidence }: IntervalOptions,
  limits: (tail: number) => Limits,
): ProportionInterval {
  assertCounts(counts);
  assertOpenProbability('confidence', confidence);
  return withEdges({
    ...counts,
    estimate: counts.successes / counts.trials,
    confidence,
    ...limits((1 - confidence) / 2),
  });
}

/** Without a success the data do not exclude a rate of 0, and without a failure not a rate of 1. */
function withEdges(interval: ProportionInterval): ProportionInterval {
  const { successes, trials, estimate } = interval;
  return {
    ...interval,
    lower: successes === 0 ? 0 : clamp(interval.lower, 0, estimate),
    upper: successes === trials ? 1 : clamp(interval.upper, estimate, 1),
  };
}
