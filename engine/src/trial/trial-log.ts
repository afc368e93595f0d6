import { isExhausted } from '../base/exhaustion.ts';
import { readAsData, toUntrusted, type UntrustedText } from '../base/untrusted-text.ts';
import type { Emit } from '../record/events.ts';
import { JournalError, type JournalWriter } from '../record/journal-writer.ts';
import { SandboxError } from '../sandbox/contract.ts';
import type { TrialResult } from './contract.ts';

/** The record of a running trial, and the values that the harness needs from it. */
export interface TrialLog {
  readonly emit: Emit;
  readonly flush: () => void;
  /** Keeps bytes beside the record, and returns their hash. */
  readonly keep: (bytes: Uint8Array) => string;
  /** Records a failure that the agent did not cause. Rethrows a `JournalError`. */
  readonly fail: (stage: string, error: unknown) => void;
  /** The submission of the agent under test; null if there is none. */
  readonly submission: () => UntrustedText | null;
  readonly result: () => Pick<TrialResult, 'failure' | 'costUsd'>;
}

export function createTrialLog(journal: JournalWriter, keep: TrialLog['keep']): TrialLog {
  let failure: TrialResult['failure'] = null;
  let submission: UntrustedText | null = null;
  let costUsd = 0;
  const emit: Emit = (event) => {
    if (event.kind === 'infrastructure-error')
      failure ??= { stage: event.stage, code: event.code, text: readAsData(event.text) };
    if (event.kind === 'model-call') costUsd += event.answer?.costUsd ?? 0;
    if (event.kind === 'submission' && event.seat === undefined) submission ??= event.text;
    return journal.append(event);
  };
  return {
    emit,
    flush: journal.flush,
    keep,
    fail: (stage, error) => {
      if (error instanceof JournalError) throw error;
      const known = error instanceof SandboxError ? error.code : 'unexpected';
      const code = isExhausted(error) ? 'exhausted' : known;
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
      const message = error instanceof Error ? error.message : String(error);
      const text = message.includes(cause) ? message : `${message}: ${cause}`;
      emit({ kind: 'infrastructure-error', stage, code, text: toUntrusted(text) });
    },
    submission: () => submission,
    result: () => ({ failure, costUsd }),
  };
}
