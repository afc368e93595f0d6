import { assertPairs, type PairedCounts } from './difference-interval.ts';
import { binomialDistribution } from './discrete-distribution.ts';

export interface McNemarResult {
  /** Two-sided exact conditional p-value, in (0, 1]. */
  readonly p: number;
  /** The same with half the probability of the observed table: less conservative, may slightly exceed its level. */
  readonly midP: number;
  /** Pairs in which the two differ; the test uses no others. */
  readonly discordant: number;
}

/**
 * McNemar's exact test for pairs that share a seed. Without discordant pairs both values are 1.
 * Sources: McNemar (1947), Psychometrika 12; mid-p: Fagerland, Lydersen and Laake (2013), BMC Medical Research Methodology 13.
 * @throws RangeError unless all counts are whole and there is at least one pair
 */
export function mcnemarExact(pairs: PairedCounts): McNemarResult {
  assertPairs(pairs);
  const discordant = pairs.firstOnly + pairs.secondOnly;
  const fewer = Math.min(pairs.firstOnly, pairs.secondOnly);
  const { first, probabilities } = binomialDistribution(discordant, 0.5);
  let tail = 0;
  for (let value = first; value <= fewer; value++) tail += probabilities[value - first] ?? 0;
  const seen = probabilities[fewer - first] ?? 0;
  return { p: probability(2 * tail), midP: probability(2 * tail - seen), discordant };
}

const probability = (value: number): number => Math.min(1, Math.max(Number.MIN_VALUE, value));
