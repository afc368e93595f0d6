import { matchLabels, plainWord, readLabels } from '../results/labels.ts';
import { cohenKappa, type Kappa } from '../stats/agreement.ts';
import type { Counts } from '../stats/counts.ts';
import { jeffreysInterval, type ProportionInterval } from '../stats/proportion-interval.ts';
import { type CorrectedRate, roganGladen } from '../stats/rogan-gladen.ts';
import { CANNOT_TELL, type Judgement, type JudgeQuestion } from './contract.ts';

/** A judged trial. */
export interface JudgedTrial {
  readonly trialId: string;
  readonly judgement: Judgement;
}

/** How far the answers of a judge or panel agree with people's labels, and what rate they stand for. */
export interface Calibration {
  readonly labelled: number;
  /** People could not tell either. */
  readonly undecided: number;
  /** Could not tell, by what people said. */
  readonly abstained: { readonly positive: number; readonly negative: number };
  /** Of the trials that it called positive: those that are. Null if there are none. */
  readonly precision: ProportionInterval | null;
  /** Of the positive trials: those that it found. An abstention found nothing. */
  readonly recall: ProportionInterval | null;
  /** The same two among the trials that it answered. */
  readonly sensitivity: ProportionInterval | null;
  readonly specificity: ProportionInterval | null;
  /** Over all labels of the question, among the trials that both could tell. */
  readonly kappa: Kappa | null;
  /**
   * The share of positive trials among those without a label that it answered: before and after the correction for its error.
   * Labelled trials are left out, because the interval asks for two independent samples.
   */
  readonly rate: {
    readonly found: Counts;
    readonly abstained: number;
    readonly corrected: CorrectedRate | null;
    readonly why: string | null;
  };
}

/** Labels of people: CSV or JSON as for `score --labels`, with the labels of the question. */
export function readQuestionLabels(path: string, { labels }: JudgeQuestion): Map<string, string> {
  const own = Object.keys(labels).map((label) => [plainWord(label), 'otherwise'] as const);
  return readLabels(
    path,
    new Map([...own, ...[CANNOT_TELL, 'undecided', ''].map((word) => [plainWord(word), 'undecided'] as const)]),
  );
}

/** Throws a `UsageError` if a label names no trial. */
export function calibrate(
  trials: readonly JudgedTrial[],
  labels: ReadonlyMap<string, string>,
  { labels: known, positive }: JudgeQuestion,
): Calibration {
  const nameOf = new Map(Object.keys(known).map((name) => [plainWord(name), name]));
  const matched = matchLabels(trials, labels);
  const decided = matched.flatMap(([{ judgement }, word]) => {
    const label = nameOf.get(plainWord(word));
    return label === undefined ? [] : [{ label, isPositive: label === positive, judgement }];
  });
  const told = decided.flatMap(({ judgement, ...one }) =>
    judgement.label === null ? [] : [{ ...one, said: judgement.label }],
  );
  const count = (isPositive: boolean, saidPositive: boolean): number =>
    told.filter((one) => one.isPositive === isPositive && (one.said === positive) === saidPositive).length;
  const abstained = (isPositive: boolean): number =>
    decided.filter((one) => one.isPositive === isPositive && one.judgement.label === null).length;
  const [hits, misses, falseAlarms, rejections] = [
    count(true, true),
    count(true, false),
    count(false, true),
    count(false, false),
  ];
  const sensitivity = rate(hits, hits + misses);
  const specificity = rate(rejections, rejections + falseAlarms);
  const labelled = new Set(matched.map(([{ trialId }]) => trialId));
  return {
    labelled: matched.length,
    undecided: matched.length - decided.length,
    abstained: { positive: abstained(true), negative: abstained(false) },
    precision: rate(hits, hits + falseAlarms),
    recall: rate(hits, hits + misses + abstained(true)),
    sensitivity,
    specificity,
    kappa: told.length === 0 ? null : cohenKappa(told.map(({ label, said }) => [label, said])),
    rate: correct(
      trials.filter(({ trialId }) => !labelled.has(trialId)),
      { positive, sensitivity, specificity },
    ),
  };
}

const rate = (successes: number, trials: number): ProportionInterval | null =>
  trials === 0 ? null : jeffreysInterval(successes, trials);

function correct(
  trials: readonly JudgedTrial[],
  {
    positive,
    sensitivity,
    specificity,
  }: Pick<Calibration, 'sensitivity' | 'specificity'> & { readonly positive: string },
): Calibration['rate'] {
  const told = trials.filter(({ judgement }) => judgement.label !== null);
  const found = { successes: told.filter(({ judgement }) => judgement.label === positive).length, trials: told.length };
  const common = { found, abstained: trials.length - told.length };
  if (found.trials === 0) return { ...common, corrected: null, why: 'no trial without a label was answered' };
  if (sensitivity === null || specificity === null)
    return { ...common, corrected: null, why: 'the labels need trials of both kinds that the judge answered' };
  try {
    return { ...common, corrected: roganGladen(found, { sensitivity, specificity }), why: null };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { ...common, corrected: null, why: 'the judge is no better than chance on the labelled trials' };
  }
}
