import { binomialDistribution } from './discrete-distribution.ts';
import { defaultConfidence, type IntervalOptions } from './interval.ts';
import { clopperPearsonInterval, type ProportionInterval } from './proportion-interval.ts';

/** Looks between the Clopper–Pearson limit and the estimate, before the limit is refined by halving. */
const LOOKS = 400;
const HALVINGS = 40;
const tie = 1 + 1e-7;

/**
 * Blaker's interval: exact like Clopper–Pearson, inside of it, and so less wide. It covers at least its level at every rate.
 * Source: Blaker (2000), Confidence curves and improved exact confidence intervals for discrete distributions, Canadian
 * Journal of Statistics 28, 783–798.
 * @throws RangeError as `clopperPearsonInterval`
 */
export function blakerInterval(
  successes: number,
  trials: number,
  { confidence = defaultConfidence }: IntervalOptions = {},
): ProportionInterval {
  const outer = clopperPearsonInterval(successes, trials, { confidence });
  const mirrored = clopperPearsonInterval(trials - successes, trials, { confidence });
  return {
    ...outer,
    lower: lowerLimit(outer, trials),
    upper: 1 - lowerLimit(mirrored, trials),
  };
}

/** The smallest rate between the outer limit and the estimate that is accepted. */
function lowerLimit({ successes, lower, estimate, confidence }: ProportionInterval, trials: number): number {
  if (successes === 0) return 0;
  const isAccepted = (rate: number): boolean => acceptability(successes, trials, rate) > 1 - confidence;
  for (let look = 0; look <= LOOKS; look++) {
    let accepted = lower + ((estimate - lower) * look) / LOOKS;
    if (!isAccepted(accepted)) continue;
    let refused = lower + ((estimate - lower) * Math.max(0, look - 1)) / LOOKS;
    for (let halving = 0; halving < HALVINGS; halving++) {
      const middle = (refused + accepted) / 2;
      if (isAccepted(middle)) accepted = middle;
      else refused = middle;
    }
    return refused;
  }
  return estimate;
}

/** The tail from the observed count on, and as much of the other tail as is not more likely. `rate` at most k/n. */
function acceptability(successes: number, trials: number, rate: number): number {
  const { first, probabilities } = binomialDistribution(trials, rate, 1e-20);
  let above = 0;
  for (let index = probabilities.length - 1; index >= Math.max(0, successes - first); index--)
    above += probabilities[index] ?? 0;
  let below = 0;
  for (const [index, probability] of probabilities.entries()) {
    if (first + index >= successes || below + probability > above * tie) break;
    below += probability;
  }
  return above + below;
}
