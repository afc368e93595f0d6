import { assertCounts, assertWhole, type Counts } from './counts.ts';
import { clamp, defaultConfidence, type Interval, type IntervalOptions } from './interval.ts';
import { wilsonInterval } from './proportion-interval.ts';

/**
 * Interval of the rate of `first` minus the rate of `second`, independent arms; limits within [-1, 1].
 * Source: Newcombe (1998), Interval estimation for the difference between independent proportions, Statistics in Medicine 17,
 * 873–890, method 10 (square and add Wilson limits, no continuity correction).
 * @throws RangeError for counts that are not counts, an arm without trials, or a confidence outside (0, 1)
 */
export function newcombeDifference(
  first: Counts,
  second: Counts,
  { confidence = defaultConfidence }: IntervalOptions = {},
): Interval {
  assertCounts(first);
  assertCounts(second);
  return squareAndAdd(
    wilsonInterval(first.successes, first.trials, { confidence }),
    wilsonInterval(second.successes, second.trials, { confidence }),
    0,
  );
}

/**
 * The same if only the rate and interval of an arm are known, e.g. published ones: limits are recovered from the two
 * intervals (MOVER). With Wilson intervals it equals `newcombeDifference`. Its coverage is that of the given intervals.
 * Source: Zou and Donner (2008), Construction of confidence limits about effect measures: a general approach, Statistics in
 * Medicine 27, 1693–1702, equations 3 and 4.
 * @param first with the confidence of both intervals
 * @throws RangeError unless each estimate lies within its limits, all between 0 and 1
 */
export function moverDifference(first: Interval, second: Omit<Interval, 'confidence'>): Interval {
  for (const { lower, estimate, upper } of [first, second]) {
    if (!(lower >= 0 && lower <= estimate && estimate <= upper && upper <= 1))
      throw new RangeError(`expected 0 <= lower <= estimate <= upper <= 1, got ${lower}, ${estimate}, ${upper}`);
  }
  return squareAndAdd(first, second, 0);
}

/** Pairs of trials that share a seed, by their results; whole numbers, at least one pair. */
export interface PairedCounts {
  readonly both: number;
  readonly firstOnly: number;
  readonly secondOnly: number;
  readonly neither: number;
}

/** @throws RangeError unless all four are whole and there is at least one pair */
export function assertPairs({ both, firstOnly, secondOnly, neither }: PairedCounts): void {
  assertWhole('the pairs with both', both);
  assertWhole('the pairs with the first only', firstOnly);
  assertWhole('the pairs with the second only', secondOnly);
  assertWhole('the pairs with neither', neither);
  if (both + firstOnly + secondOnly + neither === 0) throw new RangeError('expected at least one trial');
}

/**
 * Interval of the rate of the first minus the rate of the second, for pairs.
 * Source: Newcombe (1998), Improved confidence intervals for the difference between binomial proportions based on paired data,
 * Statistics in Medicine 17, 2635–2650, method 10 (phi estimate with its continuity correction).
 * @throws RangeError as `assertPairs`, or for a confidence outside (0, 1)
 */
export function newcombePairedDifference(
  pairs: PairedCounts,
  { confidence = defaultConfidence }: IntervalOptions = {},
): Interval {
  assertPairs(pairs);
  const { both, firstOnly, secondOnly, neither } = pairs;
  const trials = both + firstOnly + secondOnly + neither;
  return squareAndAdd(
    wilsonInterval(both + firstOnly, trials, { confidence }),
    wilsonInterval(both + secondOnly, trials, { confidence }),
    correctedPhi(pairs),
  );
}

function correctedPhi({ both, firstOnly, secondOnly, neither }: PairedCounts): number {
  const margins = (both + firstOnly) * (secondOnly + neither) * (both + secondOnly) * (firstOnly + neither);
  if (margins === 0) return 0;
  const product = both * neither - firstOnly * secondOnly;
  const corrected = product > 0 ? Math.max(product - (both + firstOnly + secondOnly + neither) / 2, 0) : product;
  return corrected / Math.sqrt(margins);
}

function squareAndAdd(first: Interval, second: Omit<Interval, 'confidence'>, phi: number): Interval {
  const distance = (one: number, other: number): number =>
    Math.sqrt(Math.max(0, one * one - 2 * phi * one * other + other * other));
  const estimate = first.estimate - second.estimate;
  return {
    estimate,
    lower: clamp(estimate - distance(first.estimate - first.lower, second.upper - second.estimate), -1, 1),
    upper: clamp(estimate + distance(first.upper - first.estimate, second.estimate - second.lower), -1, 1),
    confidence: first.confidence,
  };
}
