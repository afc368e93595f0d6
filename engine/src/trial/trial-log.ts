import { readAsData, toUntrusted, type UntrustedText } from '../base/untrusted-text.ts';
import type { Emit } from '../record/events.ts';
import { JournalError, type JournalWriter } from '../record/journal-writer.ts';
import { SandboxError } from '../sandbox/contract.ts';
import type { TrialResult } from './contract.ts';

/** The record of a running trial, and what is remembered of it. */
export interface TrialLog {
  readonly emit: Emit;
  readonly flush: () => void;
  /** Writes down that something broke that is not the agent's doing. A record that cannot be written is thrown. */
  readonly fail: (stage: string, error: unknown) => void;
  /** What the agent under test has handed in. */
  readonly submission: () => UntrustedText | null;
  readonly result: () => Pick<TrialResult, 'failure' | 'costUsd'>;
}

export function createTrialLog(journal: JournalWriter): TrialLog {
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
    fail: (stage, error) => {
      if (error instanceof JournalError) throw error;
      const code = error instanceof SandboxError ? error.code : 'unexpected';
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
      const message = error instanceof Error ? error.message : String(error);
      const text = message.includes(cause) ? message : `${message}: ${cause}`;
      emit({ kind: 'infrastructure-error', stage, code, text: toUntrusted(text) });
    },
    submission: () => submission,
    result: () => ({ failure, costUsd }),
  };
}
