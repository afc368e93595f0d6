import type { ScoringRules } from '../detect/contract.ts';
import { type Score, scoreRecord } from '../detect/score.ts';
import type { TrialEvent } from '../record/events.ts';
import { readRecord, RecordFormatError, type RecordProblemCode } from '../record/journal-reader.ts';
import { toTrialContext, type TrialContext } from './trial-context.ts';

/** The registry in which scoring finds rules: an installed scenario by name, or undefined. */
export type FindRules = (name: string) => (ScoringRules & { readonly name: string }) | undefined;

/** `not-installed`: the record is intact, but its scenario is not installed. */
export type ProblemCode = RecordProblemCode | 'not-installed';

/** The result for one file. A damaged record is a value, not an error, so that the others are still scored. */
export type ScoredRecord =
  | { readonly path: string; readonly score: Score; readonly context: TrialContext }
  | {
      readonly path: string;
      readonly problem: { readonly code: ProblemCode; readonly why: string };
      /** Set if the record is intact but its scenario is not installed. */
      readonly context?: TrialContext;
    };

/** A plain value that can be sent between threads. */
export function scoreFile(path: string, findRules: FindRules): ScoredRecord {
  try {
    const events = readRecord(path);
    const context = toTrialContext(events, path);
    const scored = scoreEvents(events, findRules);
    return 'why' in scored
      ? { path, problem: { code: 'not-installed', why: scored.why }, context }
      : { path, score: scored, context };
  } catch (error) {
    if (!(error instanceof RecordFormatError)) throw error;
    return { path, problem: { code: error.code, why: error.message } };
  }
}

/** The score of a record, or one sentence on why there is none. */
export function scoreEvents(events: readonly TrialEvent[], findRules: FindRules): Score | { readonly why: string } {
  const [start] = events;
  if (start?.kind !== 'trial-start') throw new TypeError('a record begins with trial-start');
  const name = start.scoredBy ?? start.scenario.name;
  const rules = findRules(name);
  return rules === undefined
    ? { why: `the scenario "${name}" is not installed here: the record can be shown but not scored` }
    : scoreRecord(events, rules);
}
