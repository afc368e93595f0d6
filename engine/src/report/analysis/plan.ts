import type { RatedTrial } from '../../detect/score.ts';
import { alphaSpending } from '../../stats/alpha-spending.ts';
import type { StudyFile } from '../../study/plan.ts';
import { type HypothesisResult, testHypotheses } from '../comparison.ts';
import type { ReportInput } from '../input.ts';
import type { ReportPlan } from '../report-schema.ts';

/**
 * Answers the questions of a plan. This alone decides when there is an answer, for `run`, `score` and `report`. A plan
 * is answered only at its looks; a plan without looks has a single one, when all its trials exist.
 */
export interface PlanAnswer {
  readonly results: readonly HypothesisResult[];
  /** Level at which the answers were given; null until then. */
  readonly level: number | null;
  /** In the order of the plan; empty if the plan has no interim looks. */
  readonly looks: readonly PlanLook[];
  readonly spending: 'obrien-fleming' | 'pocock' | null;
  /** Numbers of epochs: planned, complete, and used for the answers. */
  readonly epochs: { readonly planned: number; readonly complete: number; readonly tested: number };
  /** The interim look at which the rule of the plan ended the study, or null. */
  readonly stoppedAt: number | null;
  /** Remarks that must be printed with the answers. */
  readonly remarks: readonly string[];
}

export interface PlanLook {
  readonly epochs: number;
  /** Two-sided level of this look. */
  readonly level: number;
  /** The part of the study's level that is spent up to and including this look. */
  readonly spent: number;
  /** Null until it is reached. */
  readonly p: number | null;
  readonly state: 'crossed' | 'not-crossed' | 'not-reached';
}

/** Null if the plan has no questions. */
export function answerPlan(study: StudyFile | null, scores: readonly RatedTrial[]): PlanAnswer | null {
  const analysis = study?.analysis;
  if (study === null || analysis === undefined || analysis.hypotheses.length === 0) return null;
  const planned = new Map(study.trials.map(({ trialId, epoch }) => [trialId, epoch]));
  const own = scores.filter(({ trialId }) => planned.has(trialId));
  const complete = completeEpochs(planned, own);
  const until = (epochs: number): RatedTrial[] => own.filter(({ trialId }) => (planned.get(trialId) ?? 0) <= epochs);
  const asked: PlanContext = { study, analysis, complete, until };
  return analysis.sequential === undefined ? answerAtEnd(asked) : answerAtLooks(asked, analysis.sequential);
}

type Analysis = NonNullable<StudyFile['analysis']>;

interface PlanContext {
  readonly study: StudyFile;
  readonly analysis: Analysis;
  readonly complete: number;
  readonly until: (epochs: number) => RatedTrial[];
}

/** The number of epochs, from the first, in which every planned trial has a score. */
function completeEpochs(planned: ReadonlyMap<string, number>, scores: readonly RatedTrial[]): number {
  const present = new Set(scores.map(({ trialId }) => trialId));
  const missing = [...planned].filter(([trialId]) => !present.has(trialId)).map(([, epoch]) => epoch);
  const last = [...planned.values()].reduce((most, epoch) => Math.max(most, epoch), 0);
  return missing.reduce((least, epoch) => Math.min(least, epoch - 1), last);
}

function answerAtEnd({ study, analysis, complete, until }: PlanContext): PlanAnswer {
  const last = study.trials.reduce((most, { epoch }) => Math.max(most, epoch), 0);
  // Epochs added after trials were seen may have been added because of the results.
  const extension = (study.amendments ?? []).find(({ trialsSeen }) => trialsSeen > 0);
  const registered = extension === undefined ? last : Math.min(last, extension.before.epochs);
  const due = complete >= registered;
  const results = testHypotheses(until(registered), analysis.hypotheses, analysis);
  return {
    results: due ? results : results.map(withoutVerdict),
    level: due ? analysis.alpha : null,
    looks: [],
    spending: null,
    epochs: { planned: last, complete, tested: due ? registered : 0 },
    stoppedAt: null,
    remarks: [
      ...(due
        ? []
        : [
            `No answer yet: the plan asks after ${registered} epochs, and ${complete} are complete. Looking early and stopping at a convenient time makes false answers likely.`,
          ]),
      ...(registered < last
        ? [
            `The plan was extended from ${registered} to ${last} epochs after ${extension?.trialsSeen ?? 0} trials had been seen: the questions are answered from the first ${registered} epochs, as originally fixed; the later trials are only in the rates.`,
          ]
        : []),
    ],
  };
}

function withoutVerdict(result: HypothesisResult): HypothesisResult {
  return { ...result, pAdjusted: null, verdict: 'pending' };
}

function answerAtLooks(
  { analysis, complete, until }: PlanContext,
  { looks: epochsOfLooks, spending }: NonNullable<Analysis['sequential']>,
): PlanAnswer {
  const planned = epochsOfLooks.at(-1) ?? 0;
  const levels = alphaSpending(
    epochsOfLooks.map((epochs) => epochs / planned),
    { alpha: analysis.alpha, spending },
  );
  const looks: PlanLook[] = [];
  let at: { readonly epochs: number; readonly level: number; readonly results: HypothesisResult[] } | null = null;
  let stopped = false;
  for (const [index, epochs] of epochsOfLooks.entries()) {
    const { nominalAlpha: level = 0, spent = 0 } = levels[index] ?? {};
    if (stopped || complete < epochs) {
      looks.push({ epochs, level, spent, p: null, state: 'not-reached' });
      continue;
    }
    const results = testHypotheses(until(epochs), analysis.hypotheses, { ...analysis, alpha: level });
    stopped = results.some(({ verdict }) => verdict === 'supported' || verdict === 'opposite');
    looks.push({ epochs, level, spent, p: results[0]?.pAdjusted ?? null, state: stopped ? 'crossed' : 'not-crossed' });
    at = { epochs, level, results };
  }
  const isLast = at?.epochs === planned;
  const due = stopped || isLast;
  const results: readonly HypothesisResult[] =
    at?.results ?? testHypotheses(until(complete), analysis.hypotheses, analysis).map(withoutVerdict);
  const next = looks.find(({ state }) => state === 'not-reached');
  return {
    results: due ? results : results.map((result) => ({ ...result, verdict: 'pending' as const })),
    level: due ? (at?.level ?? null) : null,
    looks,
    spending,
    epochs: { planned, complete, tested: at?.epochs ?? 0 },
    stoppedAt: stopped && !isLast ? (at?.epochs ?? null) : null,
    remarks: [
      ...(due || next === undefined
        ? []
        : [`No answer yet: the next look is after ${next.epochs} epochs, and ${complete} are complete.`]),
      ...(stopped && !isLast
        ? [
            `Stopped by the rule of the plan at the look after ${at?.epochs ?? 0} of ${planned} epochs. A difference at which a study stops early is too large on average, and its 95 % interval is not corrected for the looks.`,
          ]
        : []),
    ],
  };
}

/** The same for the input of a report. */
export function toPlan(study: ReportInput['study'], scores: readonly RatedTrial[]): ReportPlan | null {
  const analysis = study?.analysis;
  if (analysis === undefined) return null;
  const answer = answerPlan(study, scores);
  const { results = [], level = null, looks = [], spending = null, stoppedAt = null, remarks = [] } = answer ?? {};
  return {
    ...{ alpha: analysis.alpha, correction: analysis.correction, notes: analysis.notes ?? null },
    ...{ level, looks: [...looks], spending, stoppedAt, remarks: [...remarks], epochs: answer?.epochs ?? null },
    hypotheses: results.map(({ hypothesis, contrast, pAdjusted, verdict }) => ({
      ...{ ...hypothesis, pAdjusted, verdict },
      contrast: contrast === null ? null : withoutDetails(contrast),
    })),
  };
}

type Found = NonNullable<HypothesisResult['contrast']>;

function withoutDetails({ first, second, difference, p }: Found): ReportPlan['hypotheses'][number]['contrast'] {
  const { estimate, lower, upper } = difference;
  return { first, second, difference: { estimate, lower, upper }, p };
}
