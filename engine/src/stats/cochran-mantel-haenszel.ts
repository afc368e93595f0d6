import { assertCounts, type Counts } from './counts.ts';
import { chiSquareUpperTail } from './distributions.ts';
import { defaultConfidence, twoSidedZ, type IntervalOptions } from './interval.ts';

/** The same two arms in one stratum, for example one paraphrase or one model. */
export interface Stratum {
  readonly first: Counts;
  readonly second: Counts;
}

export interface CochranMantelHaenszelOptions extends IntervalOptions {
  /** Subtracts 1/2 from the distance, as R does by default; `false` when not given. */
  readonly continuityCorrection?: boolean;
}

export interface CochranMantelHaenszelResult {
  /** Chi-square with one degree of freedom; 0 if no stratum is informative. */
  readonly statistic: number;
  /** In (0, 1]; 1 if no stratum is informative. */
  readonly p: number;
  /** Mantel–Haenszel estimate, first arm over second; `null` for 0/0, `Infinity` for x/0. */
  readonly commonOddsRatio: number | null;
  /** Limits from the variance of Robins, Breslow and Greenland; `null` if the estimate is 0, infinite or null. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly confidence: number;
  /** Strata with the same result in every trial of both arms: they cannot distinguish the arms. */
  readonly uninformativeStrata: number;
}

/**
 * Large-sample test of whether two arms differ within strata.
 * Sources: Mantel and Haenszel (1959), Journal of the National Cancer Institute 22; Robins, Breslow and Greenland (1986),
 * Biometrics 42 (variance of the logarithm of the common odds ratio).
 * @throws RangeError without a stratum, for counts that are not counts, or for an arm without trials
 */
export function cochranMantelHaenszel(
  strata: readonly Stratum[],
  { confidence = defaultConfidence, continuityCorrection = false }: CochranMantelHaenszelOptions = {},
): CochranMantelHaenszelResult {
  if (strata.length === 0) throw new RangeError('expected at least one stratum');
  const z = twoSidedZ(confidence);
  let difference = 0;
  let variance = 0;
  let uninformativeStrata = 0;
  for (const { first, second } of strata) {
    assertCounts(first);
    assertCounts(second);
    const trials = first.trials + second.trials;
    const successes = first.successes + second.successes;
    difference += first.successes - (first.trials * successes) / trials;
    const spread = (first.trials * second.trials * successes * (trials - successes)) / (trials * trials * (trials - 1));
    variance += spread;
    if (spread === 0) uninformativeStrata++;
  }
  const distance = Math.max(0, Math.abs(difference) - (continuityCorrection ? 0.5 : 0));
  const statistic = variance === 0 ? 0 : (distance * distance) / variance;
  const p = Math.max(Number.MIN_VALUE, chiSquareUpperTail(statistic, 1));
  return { statistic, p, ...commonOddsRatio(strata, z), confidence, uninformativeStrata };
}

function commonOddsRatio(
  strata: readonly Stratum[],
  z: number,
): Pick<CochranMantelHaenszelResult, 'commonOddsRatio' | 'lower' | 'upper'> {
  let [r, s, pr, mixed, qs] = [0, 0, 0, 0, 0];
  for (const { first, second } of strata) {
    const trials = first.trials + second.trials;
    const [a, b] = [first.successes, first.trials - first.successes];
    const [c, d] = [second.successes, second.trials - second.successes];
    const [concordant, discordant] = [(a * d) / trials, (b * c) / trials];
    const [agree, disagree] = [(a + d) / trials, (b + c) / trials];
    r += concordant;
    s += discordant;
    pr += agree * concordant;
    mixed += agree * discordant + disagree * concordant;
    qs += disagree * discordant;
  }
  if (r === 0 || s === 0) return { commonOddsRatio: r === 0 && s === 0 ? null : r / s, lower: null, upper: null };
  const half = z * Math.sqrt(pr / (2 * r * r) + mixed / (2 * r * s) + qs / (2 * s * s));
  return { commonOddsRatio: r / s, lower: (r / s) * Math.exp(-half), upper: (r / s) * Math.exp(half) };
}
