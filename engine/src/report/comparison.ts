import type { Metrics, RatedTrial } from '../detect/score.ts';
import { boschlooExact, exactTrialsMax } from '../stats/boschloo-exact.ts';
import type { Counts } from '../stats/counts.ts';
import { newcombeDifference } from '../stats/difference-interval.ts';
import { fisherExact } from '../stats/fisher-exact.ts';
import type { Interval } from '../stats/interval.ts';
import { benjaminiHochberg, holm } from '../stats/multiplicity.ts';

export interface Contrast {
  readonly first: Counts;
  readonly second: Counts;
  /** Rate of the first minus rate of the second, with the Newcombe interval, as fractions. */
  readonly difference: Interval;
  readonly pFisher: number;
  /** Null above the number of trials that it can be computed for. */
  readonly pBoschloo: number | null;
}

/** @param confidence of the interval, 0.95 when not given */
export function contrast(first: Counts, second: Counts, confidence = 0.95): Contrast {
  return {
    first,
    second,
    difference: newcombeDifference(first, second, { confidence }),
    pFisher: fisherExact(first, second),
    pBoschloo: first.trials + second.trials > exactTrialsMax ? null : boschlooExact(first, second),
  };
}

/** Null when no trial of the set could tell. */
export function countOf(scores: readonly RatedTrial[], metric: keyof Metrics): Counts | null {
  const known = scores.map(({ metrics }) => metrics[metric]).filter((value) => value !== null);
  return known.length === 0 ? null : { successes: known.filter(Boolean).length, trials: known.length };
}

/** Trials whose agent and levels are as asked; `agent` is the model's or control's name. */
export function selectScores<T extends RatedTrial>(
  scores: readonly T[],
  selection: Readonly<Record<string, string>>,
): T[] {
  return scores.filter((score) =>
    Object.entries(selection).every(
      ([name, value]) => (name === 'agent' ? score.agent.name : score.condition[name]) === value,
    ),
  );
}

/** A question asked before the first trial, as data; the schema is in study/. */
export interface Hypothesis {
  readonly name: string;
  readonly metric: keyof Metrics;
  readonly first: Readonly<Record<string, string>>;
  readonly second: Readonly<Record<string, string>>;
  readonly expect: 'higher' | 'lower' | 'different';
}

export interface HypothesisResult {
  readonly hypothesis: Hypothesis;
  /** Null when a set has no trial that could tell. */
  readonly contrast: Contrast | null;
  readonly pAdjusted: number | null;
  /**
   * `supported`: as expected and beyond chance at the level of the plan. Not supported is not refuted. `pending`: the plan
   * gives no answer at this number of trials.
   */
  readonly verdict: 'supported' | 'opposite' | 'not-supported' | 'no-data' | 'pending';
}

export interface AnalyseOptions {
  readonly alpha: number;
  readonly correction: 'holm' | 'benjamini-hochberg' | 'none';
}

/** Every hypothesis of a plan, corrected over the whole family, also over those without data. */
export function testHypotheses(
  scores: readonly RatedTrial[],
  hypotheses: readonly Hypothesis[],
  { alpha, correction }: AnalyseOptions,
): HypothesisResult[] {
  const contrasts = hypotheses.map(({ metric, first, second }) => {
    const [a, b] = [countOf(selectScores(scores, first), metric), countOf(selectScores(scores, second), metric)];
    return a === null || b === null ? null : contrast(a, b);
  });
  // A question without data is asked all the same: leaving it out would make the others easier to pass.
  const raw = contrasts.map((one) => one?.pFisher ?? 1);
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
