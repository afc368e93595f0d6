import { assertProbability, assertWhole } from './counts.ts';
import { binomialDistribution } from './discrete-distribution.ts';
import { type IntervalOptions } from './interval.ts';
import type { ProportionMethod } from './proportion-interval.ts';

/**
 * How often the interval of `trials` trials covers a true rate, from 0 to 1. Exact, summed over all counts, not simulated. For
 * tables and plots of methods.
 * Source: Brown, Cai and DasGupta (2001), Statistical Science 16, section 2.
 * @throws RangeError for a rate outside [0, 1], no trial, or a confidence outside (0, 1)
 */
export function intervalCoverage(
  method: ProportionMethod,
  { rate, trials }: { readonly rate: number; readonly trials: number },
  options: IntervalOptions = {},
): number {
  assertProbability('the rate', rate);
  if (trials === 0) throw new RangeError('expected at least one trial');
  assertWhole('the number of trials', trials, 1);
  const { first, probabilities } = binomialDistribution(trials, rate, 1e-14);
  let coverage = 0;
  for (const [index, probability] of probabilities.entries()) {
    const { lower, upper } = method(first + index, trials, options);
    if (lower <= rate && rate <= upper) coverage += probability;
  }
  return Math.min(1, coverage);
}
