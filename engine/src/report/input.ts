import type { Score } from '../detect/score.ts';
import type { Condition } from '../record/events.ts';
import type { PublishedTable } from '../results/published-table.ts';
import type { TrialContext } from '../results/trial-context.ts';
import type { Scenario } from '../scenario/contract.ts';
import type { PlanCheck } from '../study/key.ts';
import type { StudyFile } from '../study/plan.ts';

/** What a report needs of a scenario: its words, and what its arms and factors are for. */
export type ReportScenario = Pick<Scenario, 'title' | 'arms' | 'factors' | 'vocabulary'>;
/** By the name that scores carry as `scoredBy`. */
export type ReportScenarios = ReadonlyMap<string, ReportScenario>;

/** Everything that a report is made from. Nothing is read and no clock is looked at: the same input gives the same text. */
export interface ReportInput {
  /** `study.json` of the log folder; null for records without one. */
  readonly study: StudyFile | null;
  /** What came of holding the folder against its plan; without it nothing is said of that. */
  readonly planCheck?: PlanCheck;
  readonly scores: readonly Score[];
  readonly scenarios: ReportScenarios;
  /** Records without a seal. They are counted as unfinished, and are not among `scores`. */
  readonly unfinished: number;
  /** Records that could not be read, and copies of others. `path` as a reader of the report may see it: relative, never of the host. */
  readonly notScored: readonly { readonly path: string; readonly why: string }[];
  /** ISO 8601. */
  readonly generatedAt: string;
  /** Names and versions of what makes the report. */
  readonly software: Readonly<Record<string, string>>;
  readonly published?: PublishedTable;
  /** Name of the preset that the labels are from. */
  readonly presetName?: string;
  /** What the preset of the study calls a condition, by the levels in force; null for one that is none of it. */
  readonly labelOf?: (condition: Condition) => string | null;
  /** What the preset calls the condition that its others are varied from; found by the levels when not given. */
  readonly baselineLabel?: string | null;
  /** The publication whose exact text has this id and hash; null for all others. */
  readonly publishedTextOf?: (stimulus: { readonly id: string; readonly sha256: string }) => string | null;
  /** What `toTrialContext` found in each record; without it the report knows neither dates nor environments. */
  readonly contexts?: readonly TrialContext[];
  /** The measure that the first sentence and the forest plot are about; the headline of each scenario when not given. */
  readonly metric?: string;
}
