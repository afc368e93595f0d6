import { assertCounts, assertOpenProbability } from './counts.ts';
import { logGamma } from './distributions.ts';
import { defaultConfidence, type IntervalOptions } from './interval.ts';
import type { ProportionInterval } from './proportion-interval.ts';

/**
 * An interval that is valid at all times: you may look after each trial and stop because of what you see, and the chance
 * that it is ever wrong stays below `1 - confidence`. It is wider than an interval computed once at the end. It contains the
 * rates whose likelihood is at least (1 - confidence) times its mean under a Beta(1/2, 1/2) prior.
 * Sources: Robbins (1970), Annals of Mathematical Statistics 41; Howard, Ramdas, McAuliffe and Sekhon (2021), Annals of
 * Statistics 49 (confidence sequences by mixtures; Ville's inequality).
 * @throws RangeError for counts that are not counts, no trial, or a confidence outside (0, 1)
 */
export function confidenceSequence(
  successes: number,
  trials: number,
  { confidence = defaultConfidence }: IntervalOptions = {},
): ProportionInterval {
  assertCounts({ successes, trials });
  assertOpenProbability('confidence', confidence);
  const failures = trials - successes;
  const estimate = successes / trials;
  const logMixture = logGamma(successes + 0.5) + logGamma(failures + 0.5) - logGamma(trials + 1) - Math.log(Math.PI);
  const threshold = logMixture + Math.log1p(-confidence);
  const isIn = (rate: number): boolean => power(rate, successes) + power(1 - rate, failures) >= threshold;
  return {
    estimate,
    lower: successes === 0 ? 0 : edge(isIn, estimate, 0),
    upper: failures === 0 ? 1 : edge(isIn, estimate, 1),
    successes,
    trials,
    confidence,
  };
}

/** Logarithm of `rate ** count`, with 0 ** 0 = 1. */
function power(rate: number, count: number): number {
  return count === 0 ? 0 : count * Math.log(rate);
}

/** The boundary between a rate inside and one outside, on the inner side; the likelihood has one peak. */
function edge(isIn: (rate: number) => boolean, inside: number, outside: number): number {
  let [last, first] = [inside, outside];
  for (let halving = 0; halving < 60; halving++) {
    const middle = (last + first) / 2;
    if (isIn(middle)) last = middle;
    else first = middle;
  }
  return last;
}
