import type { TrialEvent } from './events.ts';
import { readEvents, readLines, RecordFormatError, type RecordProblemCode } from './journal-reader.ts';
import { readKept } from './kept-bytes.ts';

/** The result of checking every line of a record. */
export interface Verification {
  readonly path: string;
  /** Null if not even the first line could be read. */
  readonly trialId: string | null;
  /** Key of the study that the trial belongs to; null if the record names none. */
  readonly studyKey: string | null;
  /** Number of events proven to be unchanged. */
  readonly events: number;
  /** Lines, from 1, that were redacted: what stands there is not proven. */
  readonly redacted: readonly number[];
  /** Null if the record is intact and sealed. Lines count from 1. */
  readonly problem: { readonly line: number; readonly code: RecordProblemCode; readonly text: string } | null;
}

/**
 * Checks schema, numbering, chain and seal of one record. Memory use does not grow with the file.
 * The chain proves that nothing changed after writing, except in redacted lines. It cannot prove who wrote it (THREAT_MODEL.md).
 */
export function verifyRecord(path: string): Verification {
  let trialId: string | null = null;
  let studyKey: string | null = null;
  let events = 0;
  const redacted: number[] = [];
  try {
    for (const event of readEvents(readLines(path))) {
      if (event.kind === 'trial-start') {
        trialId = event.trialId;
        studyKey = event.studyKey ?? null;
      }
      if (event.kind === 'redaction') redacted.push(event.seq + 1);
      else events++;
      for (const sha256 of keptBy(event))
        if (readKept(path, sha256) === 'changed')
          throw new RecordFormatError(
            event.seq + 1,
            'bytes-changed',
            `the bytes ${sha256} beside the record were changed`,
          );
    }
    return { path, trialId, studyKey, events, redacted, problem: null };
  } catch (error) {
    if (!(error instanceof RecordFormatError)) throw error;
    const { line, code, message } = error;
    return { path, trialId, studyKey, events, redacted, problem: { line, code, text: message } };
  }
}

/** Hashes of the bytes that lie beside the record for an event. */
function keptBy(event: TrialEvent): string[] {
  if (event.kind === 'exchange') return [event.sent.sha256, event.answered.sha256];
  return event.kind === 'session-log' && event.sha256 !== null ? [event.sha256] : [];
}
