import type { Score } from '../detect/score.ts';
import type { Condition } from '../record/events.ts';
import type { PublishedTable } from '../results/published-table.ts';
import type { TrialContext } from '../results/trial-context.ts';
import type { Scenario } from '../scenario/contract.ts';
import type { PlanCheck } from '../study/key.ts';
import type { StudyFile } from '../study/plan.ts';
import type { ReportInstrument, ReportPrompt } from './report-schema.ts';

/** What a report needs from a scenario: its vocabulary, arms and factors. */
export type ReportScenario = Pick<Scenario, 'title' | 'arms' | 'factors' | 'vocabulary'>;
/** By the `scoredBy` name of scores. */
export type ReportScenarios = ReadonlyMap<string, ReportScenario>;

/** The complete input of a report. A report reads no file and no clock: the same input gives the same text. */
export interface ReportInput {
  /** `study.json` of the log folder; null for records without one. */
  readonly study: StudyFile | null;
  /** The result of checking the folder against its plan. If omitted, the report does not mention the check. */
  readonly planCheck?: PlanCheck;
  readonly scores: readonly Score[];
  readonly scenarios: ReportScenarios;
  /** Number of records without a seal. They are unfinished, and not among `scores`. */
  readonly unfinished: number;
  /**
   * Records that could not be read, and duplicates. `path` is relative, so that the report does not reveal paths of the
   * host.
   */
  readonly notScored: readonly { readonly path: string; readonly why: string }[];
  /** ISO 8601. */
  readonly generatedAt: string;
  /** Names and versions of the software that makes the report. */
  readonly software: Readonly<Record<string, string>>;
  readonly published?: PublishedTable;
  /** Name of the preset that has the labels. */
  readonly presetName?: string;
  /** The label of a condition in the study's preset, by the levels in force, or null. */
  readonly labelOf?: (condition: Condition) => string | null;
  /** The label of the baseline condition in the preset. If omitted, the baseline is found by the levels. */
  readonly baselineLabel?: string | null;
  /** The publication with exactly this text, by id and hash, or null. */
  readonly publishedTextOf?: (stimulus: { readonly id: string; readonly sha256: string }) => string | null;
  /** The result of `toTrialContext` for each record. Without it the report has no dates or environments. */
  readonly contexts?: readonly TrialContext[];
  /** Scripts against their known outcomes, if all trials are of scripts. */
  readonly instrument?: ReportInstrument;
  /** What the agent of a trial was told before its first answer. */
  readonly promptOf?: (trialId: string) => ReportPrompt['messages'];
  /** The measure of the headline and the forest plot. Default: the headline measure of each scenario. */
  readonly metric?: string;
}
