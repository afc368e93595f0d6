import type { Detector } from '../detect/contract.ts';
import { type Score, scoreRecord } from '../detect/score.ts';
import { readRecord, RecordFormatError, type RecordProblemCode } from '../record/journal-reader.ts';
import { toTrialContext, type TrialContext } from '../report/trial-context.ts';

/** What came of one file; a record that is not whole is a value, as it does not keep the others from being scored. */
export type ScoredRecord =
  | { readonly path: string; readonly score: Score; readonly context: TrialContext }
  | { readonly path: string; readonly problem: { readonly code: RecordProblemCode; readonly why: string } };

/** A plain value, which can be sent between threads. */
export function scoreFile(path: string, detectors: readonly Detector[]): ScoredRecord {
  try {
    const events = readRecord(path);
    return { path, score: scoreRecord(events, detectors), context: toTrialContext(events, path) };
  } catch (error) {
    if (!(error instanceof RecordFormatError)) throw error;
    return { path, problem: { code: error.code, why: error.message } };
  }
}
