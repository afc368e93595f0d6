import { assertOpenProbability, assertWhole } from './counts.ts';
import { betaQuantile } from './distributions.ts';

export interface ZeroEventOptions {
  /** 0.95 when not given. */
  readonly confidence?: number;
  /**
   * `jeffreys` (the default): the upper limit of the two-sided Jeffreys interval, as in the other intervals of a report.
   * `exact`: one-sided Clopper–Pearson, 1 - (1 - confidence)^(1/n), which "3 / n" approximates.
   */
  readonly method?: 'jeffreys' | 'exact';
}

/**
 * The highest rate that is compatible with `trials` trials without an event, from 0 to 1.
 * Sources: Brown, Cai and DasGupta (2001), Statistical Science 16, section 4; Hanley and Lippman-Hand (1983), JAMA 249.
 * @throws RangeError unless there is at least one trial
 */
export function zeroEventUpperBound(
  trials: number,
  { confidence = 0.95, method = 'jeffreys' }: ZeroEventOptions = {},
): number {
  if (trials === 0) throw new RangeError('expected at least one trial');
  assertWhole('the number of trials', trials, 1);
  assertOpenProbability('confidence', confidence);
  if (method === 'exact') return -Math.expm1(Math.log1p(-confidence) / trials);
  return betaQuantile(1 - (1 - confidence) / 2, 0.5, trials + 0.5);
}

/**
 * The fewest trials whose `zeroEventUpperBound` is at most `rate`.
 * @param rate between 0 and 1, both excluded
 * @throws RangeError for a rate that would need more than 1e9 trials
 */
export function trialsForZeroEventBound(rate: number, options: ZeroEventOptions = {}): number {
  assertOpenProbability('the rate', rate);
  let high = 1;
  while (zeroEventUpperBound(high, options) > rate) {
    high *= 2;
    if (high > 1e9) throw new RangeError(`expected a rate that a billion trials can bound, got ${rate}`);
  }
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zeroEventUpperBound(middle, options) > rate) low = middle;
    else high = middle;
  }
  return high;
}
