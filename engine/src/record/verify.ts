import { readEvents, readLines, RecordFormatError, type RecordProblemCode } from './journal-reader.ts';

/** What is known of a record after every line of it has been checked. */
export interface Verification {
  readonly path: string;
  /** Null when the first line already could not be read. */
  readonly trialId: string | null;
  /** Key of the study that it was run for; null where the record names none. */
  readonly studyKey: string | null;
  /** Events that are proven to be as they were written. */
  readonly events: number;
  /** Null when the record is whole and sealed. Lines count from 1. */
  readonly problem: { readonly line: number; readonly code: RecordProblemCode; readonly text: string } | null;
}

/**
 * Checks form, numbering, chain and seal of one record. Memory does not grow with the file.
 * The chain proves that nothing changed after writing; it cannot prove who wrote it (THREAT_MODEL.md).
 */
export function verifyRecord(path: string): Verification {
  let trialId: string | null = null;
  let studyKey: string | null = null;
  let events = 0;
  try {
    for (const event of readEvents(readLines(path))) {
      if (event.kind === 'trial-start') {
        trialId = event.trialId;
        studyKey = event.studyKey ?? null;
      }
      events++;
    }
    return { path, trialId, studyKey, events, problem: null };
  } catch (error) {
    if (!(error instanceof RecordFormatError)) throw error;
    return { path, trialId, studyKey, events, problem: { line: error.line, code: error.code, text: error.message } };
  }
}
