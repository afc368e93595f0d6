import type { StudyFile } from '../plan.ts';

/**
 * Keeps the plan of a study and the records of its trials. Only one run can hold a store at a time.
 *
 * To add one: a file in `adapters/`, a line where a store is chosen, and one call of `describeTrialStoreContract` in its
 * test. Every method throws a `UsageError` that says what to do if the store cannot be used.
 */
export interface TrialStore extends AsyncDisposable {
  /** Its name in messages, e.g. the path of a folder. */
  readonly name: string;
  /** Null if no plan has been written yet. */
  readonly readPlan: () => Promise<StudyFile | null>;
  /** Atomic: a concurrent reader sees either the old plan or the new one. */
  readonly writePlan: (study: StudyFile) => Promise<void>;
  /**
   * Inspects every existing record and sets aside the unusable ones, so that their trials can run again. Called once,
   * before the first trial.
   */
  readonly takeInventory: () => Promise<Inventory>;
  /** Local path to which the record of a trial is written. */
  readonly begin: (trialId: string) => Promise<string>;
  /** Called when the record at that path is complete. Until then no reader may rely on it. */
  readonly seal: (trialId: string) => Promise<void>;
  /** Local paths of all records, sorted by trial id. */
  readonly list: () => Promise<readonly string[]>;
}

export interface Inventory {
  /** Paths of the usable records, by trial id: sealed, intact, and without an infrastructure error. */
  readonly sealed: ReadonlyMap<string, string>;
  /** US dollars of all records, including those set aside, as far as prices are known. */
  readonly costUsd: number;
  /** Cost of the most expensive trial of each agent. */
  readonly dearestUsd: ReadonlyMap<string, number>;
  readonly aside: readonly AsideTrial[];
}

export interface AsideTrial {
  readonly trialId: string;
  readonly why: string;
  readonly movedTo: string;
}
