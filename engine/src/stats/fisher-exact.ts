import { assertCounts, type Counts } from './counts.ts';
import { hypergeometricDistribution } from './discrete-distribution.ts';

/** The alternative hypothesis about the first arm's rate compared with the second's. */
export type Alternative = 'two-sided' | 'less' | 'greater';

export interface ExactTestOptions {
  /** `two-sided` when not given. */
  readonly alternative?: Alternative;
}

/** Tables whose probabilities differ by less than this factor count as equally likely, as in R's `fisher.test`. */
export const tieTolerance = 1 + 1e-7;

/**
 * Fisher's exact p-value for two independent arms, in (0, 1]. Two-sided, it sums the tables that are at most as likely as the
 * observed one. A p-value too small for a double is the smallest positive double, never 0.
 * Source: Fisher (1935), The Logic of Inductive Inference, JRSS 98; two-sided rule as R's `fisher.test`.
 * @throws RangeError for counts that are not counts or an arm without trials
 */
export function fisherExact(
  first: Counts,
  second: Counts,
  { alternative = 'two-sided' }: ExactTestOptions = {},
): number {
  assertCounts(first);
  assertCounts(second);
  const family = fisherPValues(first.trials, second.trials, {
    successes: first.successes + second.successes,
    alternative,
  });
  const index = first.successes - family.first;
  return Math.max(Number.MIN_VALUE, family.pValues[index] ?? beyond(index, alternative));
}

/** The p-value of a table whose probability underflowed: 0 on the side of the alternative, 1 on the other. */
function beyond(index: number, alternative: Alternative): number {
  if (alternative === 'two-sided') return 0;
  return index < 0 === (alternative === 'less') ? 0 : 1;
}

export interface FisherFamily {
  /** Successes of the first arm in entry 0; tables outside have a probability below 1e-300. */
  readonly first: number;
  /** Probability of each table, given the margins. */
  readonly probabilities: Float64Array;
  /** Fisher's p-value of each table. */
  readonly pValues: Float64Array;
}

/**
 * All tables with the same margins and their p-values, in time linear in their number.
 * @param successes of both arms together
 */
export function fisherPValues(
  firstTrials: number,
  secondTrials: number,
  { successes, alternative }: { readonly successes: number; readonly alternative: Alternative },
): FisherFamily {
  const { first, probabilities } = hypergeometricDistribution(firstTrials, secondTrials, successes);
  const pValues = {
    less: () => cumulative(probabilities),
    greater: () => cumulative(probabilities.toReversed()).toReversed(),
    'two-sided': () => twoSided(probabilities),
  }[alternative]();
  return { first, probabilities, pValues };
}

function cumulative(probabilities: Float64Array): Float64Array {
  let sum = 0;
  return probabilities.map((probability) => (sum = Math.min(1, sum + probability)));
}

/** The probabilities rise to one mode and fall: walking inward from both ends visits them from the least likely on. */
function twoSided(probabilities: Float64Array): Float64Array {
  const result = new Float64Array(probabilities.length);
  let left = 0;
  let right = probabilities.length - 1;
  let sum = 0;
  while (left <= right) {
    const limit = Math.min(probabilities[left] ?? 1, probabilities[right] ?? 1) * tieTolerance;
    const [fromLeft, fromRight] = [left, right];
    while (left <= right && (probabilities[left] ?? 1) <= limit) sum += probabilities[left++] ?? 0;
    while (left <= right && (probabilities[right] ?? 1) <= limit) sum += probabilities[right--] ?? 0;
    result.fill(Math.min(1, sum), fromLeft, left);
    result.fill(Math.min(1, sum), right + 1, fromRight + 1);
  }
  return result;
}
