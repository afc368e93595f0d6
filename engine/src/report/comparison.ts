import { UsageError } from '../base/usage-error.ts';
import type { Metrics, RatedTrial } from '../detect/score.ts';
import type { Condition } from '../record/events.ts';
import { boschlooExact, exactTrialsMax } from '../stats/boschloo-exact.ts';
import { cochranMantelHaenszel } from '../stats/cochran-mantel-haenszel.ts';
import type { Counts } from '../stats/counts.ts';
import { newcombeDifference } from '../stats/difference-interval.ts';
import { fisherExact } from '../stats/fisher-exact.ts';
import type { Interval } from '../stats/interval.ts';
import { benjaminiHochberg, holm } from '../stats/multiplicity.ts';
import { minimumDetectableRate, twoProportionPower } from '../stats/power.ts';

/** Two sets of trials against each other, over all and cell by cell. Rates with a zero denominator make no comparison. */
export interface Comparison {
  readonly metric: keyof Metrics;
  readonly overall: Contrast;
  /** Conditions that both sets have; p corrected over them (Holm). */
  readonly cells: readonly (Contrast & { readonly condition: Condition; readonly pHolm: number })[];
  /** Conditions that only one set has: they are in no comparison. */
  readonly unmatched: { readonly first: number; readonly second: number };
  /** Across the matched cells (Cochran–Mantel–Haenszel); null with fewer than two. */
  readonly stratified: { readonly p: number; readonly commonOddsRatio: number | null } | null;
  /** Power of this very number of trials for the difference seen: says what was possible, not what is true. */
  readonly powerAchieved: number | null;
  /** Smallest rate of the first set that this number of trials finds with power 0.8; null where none is. */
  readonly minimumDetectableRate: number | null;
}

export interface Contrast {
  readonly first: Counts;
  readonly second: Counts;
  /** Rate of the first minus rate of the second, with the Newcombe interval, as fractions. */
  readonly difference: Interval;
  readonly pFisher: number;
  /** Null above the number of trials that it can be computed for. */
  readonly pBoschloo: number | null;
}

export interface CompareOptions {
  readonly metric: keyof Metrics;
  readonly alpha: number;
}

/** Throws a `UsageError` when a set has no trial that counts, or when simulated and real trials meet. */
export function compareScores(
  first: readonly RatedTrial[],
  second: readonly RatedTrial[],
  { metric, alpha }: CompareOptions,
): Comparison {
  if (new Set([...first, ...second].map(({ simulated }) => simulated)).size > 1) {
    throw new UsageError('simulated and real trials are never compared: give sets of one kind');
  }
  const [a, b] = [countOf(first, metric), countOf(second, metric)];
  if (a === null || b === null) {
    throw new UsageError(
      `the ${a === null ? 'first' : 'second'} set has no trial in which "${metric}" could be told: nothing to compare`,
    );
  }
  const [cellsA, cellsB] = [byCondition(first), byCondition(second)];
  const matched = [...cellsA].flatMap(([key, scores]) => {
    const [one, other] = [countOf(scores, metric), countOf(cellsB.get(key) ?? [], metric)];
    return one === null || other === null ? [] : [{ condition: scores[0]?.condition ?? {}, ...contrast(one, other) }];
  });
  const adjusted = holm(matched.map(({ pFisher }) => pFisher));
  const [rateA, rateB] = [a.successes / a.trials, b.successes / b.trials];
  return {
    metric,
    overall: contrast(a, b),
    cells: matched.map((cell, index) => ({ ...cell, pHolm: adjusted[index] ?? 1 })),
    unmatched: { first: cellsA.size - matched.length, second: cellsB.size - matched.length },
    stratified:
      matched.length < 2
        ? null
        : cochranMantelHaenszel(matched.map((cell) => ({ first: cell.first, second: cell.second }))),
    powerAchieved:
      rateA === rateB
        ? null
        : twoProportionPower({
            firstRate: rateA,
            secondRate: rateB,
            firstTrials: a.trials,
            secondTrials: b.trials,
            alpha,
          }),
    minimumDetectableRate: minimumDetectableRate({
      baseline: rateB,
      trialsPerArm: Math.min(a.trials, b.trials),
      direction: rateA >= rateB ? 'increase' : 'decrease',
      alpha,
    }),
  };
}

export function contrast(first: Counts, second: Counts): Contrast {
  return {
    first,
    second,
    difference: newcombeDifference(first, second),
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

function byCondition(scores: readonly RatedTrial[]): Map<string, RatedTrial[]> {
  const cells = new Map<string, RatedTrial[]>();
  for (const score of scores) {
    const key = JSON.stringify(Object.entries(score.condition).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    cells.set(key, [...(cells.get(key) ?? []), score]);
  }
  return cells;
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
