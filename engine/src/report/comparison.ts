import type { RatedTrial } from '../detect/score.ts';
import type { Condition } from '../record/events.ts';
import { boschlooExact, exactTrialsMax } from '../stats/boschloo-exact.ts';
import type { Counts } from '../stats/counts.ts';
import { newcombeDifference } from '../stats/difference-interval.ts';
import { fisherExact } from '../stats/fisher-exact.ts';
import type { Interval } from '../stats/interval.ts';
import { meanDifference } from '../stats/mean.ts';
import { benjaminiHochberg, holm } from '../stats/multiplicity.ts';
import { valuesOf } from './analysis/cells.ts';

/** Trials that can tell a measure; `successes` is the sum of their values. */
export interface Sample extends Counts {
  readonly values: readonly number[];
  /** The measure is a number from 0 to 1, not yes or no. */
  readonly isMean: boolean;
}

export interface Difference {
  /** First minus second, as fractions: Newcombe's interval, or Welch's for a numeric measure. */
  readonly difference: Interval;
  /** Two-sided: Fisher's exact test, or Welch's for a numeric measure. */
  readonly p: number;
}

export interface Contrast extends Difference {
  readonly first: Counts;
  readonly second: Counts;
  /** Null for too many trials to compute it, and for a numeric measure. */
  readonly pBoschloo: number | null;
}

/** @param confidence of the interval, default 0.95 */
export function differenceOf(first: Sample, second: Sample, confidence = 0.95): Difference {
  if (first.isMean || second.isMean) return meanDifference(first.values, second.values, { confidence });
  return { difference: newcombeDifference(first, second, { confidence }), p: fisherExact(first, second) };
}

/** @param confidence of the interval, default 0.95 */
export function contrast(first: Sample, second: Sample, confidence = 0.95): Contrast {
  const isExact = !first.isMean && !second.isMean && first.trials + second.trials <= exactTrialsMax;
  const counts = ({ successes, trials }: Sample): Counts => ({ successes, trials });
  return {
    first: counts(first),
    second: counts(second),
    ...differenceOf(first, second, confidence),
    pBoschloo: isExact ? boschlooExact(first, second) : null,
  };
}

/** Null if no trial of the set can tell. */
export function sampleOf(scores: readonly RatedTrial[], metric: string): Sample | null {
  const known = valuesOf(scores, metric);
  if (known.length === 0) return null;
  const values = known.map(Number);
  return {
    ...{ successes: values.reduce((sum, value) => sum + value, 0), trials: known.length, values },
    isMean: known.some((value) => typeof value === 'number'),
  };
}

/**
 * Trials with the selected agent and levels; `agent` is the name of the model or control, `label` what the preset calls
 * the condition.
 */
export function selectScores<T extends RatedTrial>(
  scores: readonly T[],
  selection: Readonly<Record<string, string>>,
  labelOf: (condition: Condition) => string | null = () => null,
): T[] {
  const levelOf = ({ agent, condition }: T, name: string): string | null | undefined =>
    name === 'agent' ? agent.name : name === 'label' ? labelOf(condition) : condition[name];
  return scores.filter((score) => Object.entries(selection).every(([name, value]) => levelOf(score, name) === value));
}

/** A question from before the first trial, as data. Its schema is in study/. */
export interface Hypothesis {
  readonly name: string;
  readonly metric: string;
  readonly first: Readonly<Record<string, string>>;
  readonly second: Readonly<Record<string, string>>;
  readonly expect: 'higher' | 'lower' | 'different';
}

export interface HypothesisResult {
  readonly hypothesis: Hypothesis;
  /** Null if a set has no trial that can tell. */
  readonly contrast: Contrast | null;
  readonly pAdjusted: number | null;
  /**
   * `supported`: as expected, and significant at the level of the plan. Not supported does not mean refuted. `pending`:
   * the plan gives no answer at this number of trials.
   */
  readonly verdict: 'supported' | 'opposite' | 'not-supported' | 'no-data' | 'pending';
}

export interface AnalyseOptions {
  readonly alpha: number;
  readonly correction: 'holm' | 'benjamini-hochberg' | 'none';
}

/** Every hypothesis of a plan, corrected over the whole family, including those without data. */
export function testHypotheses(
  scores: readonly RatedTrial[],
  hypotheses: readonly Hypothesis[],
  { alpha, correction }: AnalyseOptions,
): HypothesisResult[] {
  const contrasts = hypotheses.map(({ metric, first, second }) => {
    const [a, b] = [sampleOf(selectScores(scores, first), metric), sampleOf(selectScores(scores, second), metric)];
    return a === null || b === null ? null : contrast(a, b);
  });
  // A question without data stays in the family: leaving it out would make the others easier to pass.
  const raw = contrasts.map((one) => one?.p ?? 1);
  const adjusted =
    correction === 'holm' ? holm(raw) : correction === 'benjamini-hochberg' ? benjaminiHochberg(raw) : raw;
  return hypotheses.map((hypothesis, index) => {
    const found = contrasts[index] ?? null;
    const pAdjusted = adjusted[index] ?? 1;
    if (found === null) return { hypothesis, contrast: null, pAdjusted: null, verdict: 'no-data' };
    const { estimate } = found.difference;
    const direction =
      hypothesis.expect === 'different' || (hypothesis.expect === 'higher' ? estimate > 0 : estimate < 0);
    const verdict = pAdjusted >= alpha ? 'not-supported' : direction ? 'supported' : 'opposite';
    return { hypothesis, contrast: found, pAdjusted, verdict };
  });
}
