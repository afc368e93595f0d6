import { assertCounts, type Counts } from './counts.ts';
import { binomialDistribution } from './discrete-distribution.ts';
import { fisherExact, fisherPValues, tieTolerance, type ExactTestOptions } from './fisher-exact.ts';

/** Beyond this number of trials in both arms together, the enumeration takes more than a few seconds. */
export const exactTrialsMax = 20_000;

/**
 * Boschloo's exact unconditional p-value for two independent arms, in (0, 1]. Its statistic is Fisher's p-value of the same
 * alternative, so it is never larger than that and rejects more often at the same level. (For two sides SciPy doubles the
 * smaller one-sided value; R's `Exact` does the same as this function.)
 *
 * Given the total successes of both arms, the probability of a table at least as extreme does not depend on the common rate.
 * So the supremum over that rate runs over a mixture of `trials + 1` numbers, not over all tables. It is searched on a grid of
 * an eighth of a standard deviation and then refined.
 * Sources: Boschloo (1970), Statistica Neerlandica 24; Lydersen, Fagerland and Laake (2009), Statistics in Medicine 28.
 * @throws RangeError for counts that are not counts, an arm without trials, or more than `exactTrialsMax` trials
 */
export function boschlooExact(
  first: Counts,
  second: Counts,
  { alternative = 'two-sided' }: ExactTestOptions = {},
): number {
  assertCounts(first);
  assertCounts(second);
  const trials = first.trials + second.trials;
  if (trials > exactTrialsMax)
    throw new RangeError(`expected at most ${exactTrialsMax} trials for Boschloo's test, got ${trials}; use Fisher's`);
  const fisher = fisherExact(first, second, { alternative });
  if (fisher === 1) return 1;
  const level = fisher * tieTolerance;
  const extreme = Float64Array.from({ length: trials + 1 }, (_, successes) => {
    const family = fisherPValues(first.trials, second.trials, { successes, alternative });
    let sum = 0;
    for (const [index, p] of family.pValues.entries()) if (p <= level) sum += family.probabilities[index] ?? 0;
    return sum;
  });
  return Math.max(Number.MIN_VALUE, Math.min(fisher, supremum(trials, extreme)));
}

/** The rate of an angle: rate = sin²(angle). On this scale the binomial has the same spread everywhere. */
const rateAt = (angle: number): number => Math.sin(angle) ** 2;

function supremum(trials: number, extreme: Float64Array): number {
  const at = (angle: number): number => mixture(trials, rateAt(angle), extreme);
  const steps = Math.max(64, Math.ceil(26 * Math.sqrt(trials)));
  const step = Math.PI / 2 / steps;
  const values = Float64Array.from({ length: steps + 1 }, (_, index) => at(index * step));
  const highest = Math.max(...values);
  let result = highest;
  for (let index = 1; index < steps; index++) {
    const value = values[index] ?? 0;
    const isPeak = value >= (values[index - 1] ?? 0) && value >= (values[index + 1] ?? 0);
    if (isPeak && value > 0.9 * highest) result = Math.max(result, refine(at, (index - 1) * step, (index + 1) * step));
  }
  return result;
}

function mixture(trials: number, rate: number, extreme: Float64Array): number {
  const { first, probabilities } = binomialDistribution(trials, rate, 1e-20);
  let sum = 0;
  for (const [index, probability] of probabilities.entries()) sum += probability * (extreme[first + index] ?? 0);
  return sum;
}

/** Golden-section search for the peak between two angles. */
function refine(at: (angle: number) => number, from: number, to: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [from, to];
  let best = 0;
  for (let round = 0; round < 40; round++) {
    const [left, right] = [high - golden * (high - low), low + golden * (high - low)];
    const [atLeft, atRight] = [at(left), at(right)];
    best = Math.max(best, atLeft, atRight);
    if (atLeft > atRight) high = right;
    else low = left;
  }
  return best;
}
