import type { StudyFile } from '../plan.ts';

/**
 * Where the plan of a study and the records of its trials are kept. Held by one study at a time.
 *
 * To add one: a file in `adapters/`, a line where a store is chosen, and one call of `describeTrialStoreContract` in its
 * test. Everything throws a `UsageError` when the place cannot be used, with a sentence that says what to do.
 */
export interface TrialStore extends AsyncDisposable {
  /** As sentences name it, e.g. the path of a folder. */
  readonly name: string;
  /** Null where no plan is written yet. */
  readonly readPlan: () => Promise<StudyFile | null>;
  /** All of it or nothing: whoever reads meanwhile sees the old plan or the new one. */
  readonly writePlan: (study: StudyFile) => Promise<void>;
  /**
   * Looks at every record that is there, and sets aside those that cannot count. Called once, before the first trial:
   * what is set aside can then be begun again.
   */
  readonly takeStock: () => Promise<Stock>;
  /** Path on this machine to which the record of a trial is written. */
  readonly begin: (trialId: string) => Promise<string>;
  /** The record at that path is complete. Until then nobody else may count on it. */
  readonly seal: (trialId: string) => Promise<void>;
  /** Paths on this machine of all records that are there, in the order of their ids. */
  readonly list: () => Promise<readonly string[]>;
}

export interface Stock {
  /** Trials with a whole, sealed record in which nothing broke, by id; and the path of each. */
  readonly sealed: ReadonlyMap<string, string>;
  /** US dollars of everything that is there, also of what is set aside, as far as prices were known. */
  readonly costUsd: number;
  /** The dearest trial of each agent. */
  readonly dearestUsd: ReadonlyMap<string, number>;
  readonly aside: readonly AsideTrial[];
}

export interface AsideTrial {
  readonly trialId: string;
  readonly why: string;
  readonly movedTo: string;
}
