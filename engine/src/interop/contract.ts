import type { UntrustedText } from '../base/untrusted-text.ts';
import {
  EVENT_ORIGINS,
  type NewEvent,
  type RoleBinding,
  type TrialEvent,
  type TrialEventKind,
} from '../record/events.ts';
import type { LogLimits } from './limits.ts';

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
  /** Roles of paths that every trial of the format has; none when not given. */
  readonly roles?: readonly RoleBinding[];
  /**
   * One sample after the other, in the order of the log; holds one in memory at a time. A sample that cannot be read is
   * reported to `onProblem` and left out. A file of another kind rejects with a `LogError`.
   */
  readonly read: (path: string, options: ReadLogOptions) => AsyncIterable<ImportedSample>;
}

export interface ReadLogOptions {
  /** Name of the scenario whose detectors and rules score the trials. */
  readonly scoredBy: string;
  /** One clear sentence for each thing that could not be read. Texts from the log in it are cut and made visible. */
  readonly onProblem: (sentence: string) => void;
  /** A note about something that loses nothing. It goes to `onProblem` when this is not given. */
  readonly onNote?: (sentence: string) => void;
  readonly limits?: Partial<LogLimits>;
  /** Texts that count as the mark `notice` when a tool gives them back, or a user or system message holds them. Empty: none. */
  readonly notices?: readonly NoticePattern[];
  /** Roles of paths in the trial. `undefined` leaves them to the reader, which knows them for few formats. */
  readonly roles?: readonly RoleBinding[];
  /**
   * False leaves out the acts that the harness of the log reports (`act-start`, `act-end`), so that detectors can be
   * measured without its help. Its marks, errors and steps are kept. Default true.
   */
  readonly harnessStatements?: boolean;
  /** Of a folder: paths of files that are not looked at, since another reader has them. */
  readonly passOver?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
}

/** How a notice is recognised in the output of a tool. The mark holds `text`. */
export interface NoticePattern {
  readonly text: string;
  /** `contains`: the text, spaces folded, is part of the output; `sha256`: the whole output; `pattern`: it matches. */
  readonly by: 'contains' | { readonly sha256: string } | { readonly pattern: RegExp };
}

/**
 * Kinds that an imported record may hold: all but evidence, which only a harness has that watched the trial from outside.
 * A log can be edited without a trace, so no log gives evidence, not even one that Offswitch wrote.
 */
export const IMPORTED_KINDS: ReadonlySet<string> = new Set(
  Object.entries(EVENT_ORIGINS).flatMap(([kind, origin]) => (origin === 'outside' ? [] : [kind])),
);

type ImportedKind = {
  [K in TrialEventKind]: (typeof EVENT_ORIGINS)[K] extends 'outside' ? never : K;
}[TrialEventKind];

/** The seal is left to the journal. */
export type ImportedEvent = Extract<NewEvent, { kind: Exclude<ImportedKind, 'seal'> }>;

/** One trial of a log, as events of a record that has not been written yet (`writeImportedSample` does that). */
export interface ImportedSample {
  /** The log's own id of the sample, as it stands there. */
  readonly id: UntrustedText;
  readonly epoch: number;
  /** Safe as a file name; unique within one log. */
  readonly trialId: string;
  /**
   * Begins with `trial-start`. Message indexes count from 0. Half surrogate pairs in texts are U+FFFD: no record can hold
   * them.
   */
  readonly events: readonly ImportedEvent[];
  /** Milliseconds since 1970 of each event; where the log gives none, the time before it is repeated. */
  readonly times: readonly number[];
  readonly scores: readonly ScoreEntry[];
  /** What the record cannot hold, one sentence each. */
  readonly unmapped: readonly string[];
  /** What the record has no place for, as the log has it, up to `foreignBytesMax`. */
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
  /** The numbers are steps of a ladder: they are counted, never averaged. */
  readonly isOrdinal?: boolean;
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
  /** What tells its cell from the others of the study. A number in the log never puts two cells together. */
  readonly cell?: string;
}

export interface WriteReport {
  readonly samples: number;
  readonly bytes: number;
}
