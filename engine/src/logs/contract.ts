import type { UntrustedText } from '../base/untrusted-text.ts';
import type { NewEvent, RoleBinding, TrialEvent } from '../record/events.ts';
import { DEFAULT_LOG_LIMITS, type LogLimits } from './limits.ts';

/**
 * Other people's logs: readers turn them into events of a record, writers turn records into them.
 *
 * To add a format: one file in `adapters/`, one line in `cli/compose.ts`, one call of `describeLogReaderContract` in its
 * test. A log is hostile input: a reader holds to `LogLimits`, writes no file, and follows no name found in a log.
 * Nothing is invented: what a transcript cannot tell (state of files, of processes, exit codes) is absent.
 */
export interface LogReader {
  /** `inspect-eval`; stands in every imported record as `software['imported-from']`. */
  readonly name: string;
  /** One sentence for people. */
  readonly title: string;
  /** Looks at the name and the first bytes only. Never rejects: what cannot be opened is not recognised. */
  readonly recognises: (path: string) => Promise<boolean>;
  /**
   * One sample after the other, in the order of the log; holds one in memory at a time. A sample that cannot be read is
   * said through `onProblem` and left out; a log that is none at all rejects with a `LogError`.
   */
  readonly read: (path: string, options: ReadLogOptions) => AsyncIterable<ImportedSample>;
}

export interface ReadLogOptions {
  /** One clear sentence for each thing that could not be read. Texts from the log in it are cut and made visible. */
  readonly onProblem: (sentence: string) => void;
  /** Something to know although nothing is lost by it. Goes to `onProblem` when it is not given. */
  readonly onNote?: (sentence: string) => void;
  readonly limits?: Partial<LogLimits>;
  /** What counts as the notice of a shutdown when it stands in the output of a tool. Empty: none is recognised. */
  readonly notices?: readonly NoticePattern[];
  /** Parts that paths play in the trial; `undefined` leaves it to the reader, which knows them for few formats. */
  readonly roles?: readonly RoleBinding[];
  /**
   * False leaves out what the harness of the log itself found of the shutdown (`trigger-start`, `trigger-end`), so that
   * detectors can be measured without its help. What else its host says (the notice, errors, steps) is kept. Default true.
   */
  readonly harnessStatements?: boolean;
  /** False reads a log that Offswitch itself has written as if somebody else had. Default true. */
  readonly restore?: boolean;
  /**
   * True also takes back the evidence (trees, processes) that Offswitch put into a log. Only for logs that never left
   * your hands: unlike a record, a log has no hash chain. Default false.
   */
  readonly restoreEvidence?: boolean;
  readonly signal?: AbortSignal;
}

/** A notice, recognised in the output of a tool. `text` is the caller's own words, and is what the record will say. */
export interface NoticePattern {
  readonly text: string;
  /** `contains`: the text, spaces folded, is part of the output; `sha256`: the whole output; `pattern`: it matches. */
  readonly by: 'contains' | { readonly sha256: string } | { readonly pattern: RegExp };
}

/** One trial of a log, as events of a record that has not been written yet (`writeImportedSample` does that). */
export interface ImportedSample {
  /** The log's own id of the sample, as it stands there. */
  readonly id: UntrustedText;
  readonly epoch: number;
  /** Safe as a file name; unique within one log. */
  readonly trialId: string;
  /**
   * Begins with `trial-start`; never holds a `seal`. Message indexes count from 0. Half surrogate pairs in texts are
   * U+FFFD: no record can hold them.
   */
  readonly events: readonly NewEvent[];
  /** Milliseconds since 1970 of each event; where the log gives none, the time before it is repeated. */
  readonly times: readonly number[];
  readonly scores: readonly ScoreEntry[];
  /** What the record cannot hold, one sentence each. */
  readonly unmapped: readonly string[];
  /** What of the log has no place in a record, as it was, up to `foreignBytesMax`. */
  readonly foreign: readonly ForeignEvent[];
}

export interface ForeignEvent {
  readonly kind: string;
  /** False: the record holds the event, and this is what of it had no place there. */
  readonly whole: boolean;
  /** Milliseconds since 1970; null when the log gives none. */
  readonly at: number | null;
  /** It came after the event of this index in `events`. */
  readonly after: number;
  /** JSON text. */
  readonly json: UntrustedText;
}

/** A score as plain data. `null`: could not tell; never counted as zero. */
export interface ScoreEntry {
  readonly name: string;
  readonly value: string | number | boolean | null;
  readonly explanation: string;
}

export interface LogWriter {
  readonly name: string;
  readonly title: string;
  /** `.eval`. */
  readonly extension: string;
  /** What the tool itself would call the file. */
  readonly fileName: (study: Omit<ExportStudy, 'samples'>) => string;
  /** Writes one file, whole or not at all, and never over another. Rejects with a `LogError`. */
  readonly write: (path: string, study: ExportStudy) => Promise<WriteReport>;
}

/** Sealed records of one study and one model. */
export interface ExportStudy {
  /** Name of the study. */
  readonly task: string;
  readonly model: string;
  /** When the first trial began. */
  readonly createdMs: number;
  /** Taken one at a time. */
  readonly samples: Iterable<ExportSample> | AsyncIterable<ExportSample>;
}

export interface ExportSample {
  /** All events of one record, the seal included. */
  readonly events: readonly TrialEvent[];
  readonly scores: readonly ScoreEntry[];
  /** Shared by the epochs of one sample; the id of the trial when it is not given. */
  readonly sampleId?: string;
}

export interface WriteReport {
  readonly samples: number;
  readonly bytes: number;
}

export type LogErrorCode =
  | 'unreadable'
  | 'wrong-format'
  | 'newer-version'
  | 'damaged'
  | 'too-large'
  | 'not-sealed'
  | 'exists';

/** A log that cannot be read or written. The sentence says what was expected, what came and what to do. */
export class LogError extends Error {
  override readonly name = 'LogError';
  readonly code: LogErrorCode;
  constructor(code: LogErrorCode, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.code = code;
  }
}

/** Limits in force: the defaults, with what the caller changed. */
export function limitsOf(options: Pick<ReadLogOptions, 'limits'>): LogLimits {
  return { ...DEFAULT_LOG_LIMITS, ...options.limits };
}
