import { whenAborted } from '../base/deadline.ts';

/** Runs the tool calls of several agents on one machine one after the other. */
export interface Turns {
  /** Id of the call in progress; null between calls. */
  readonly current: () => string | null;
  /** Resolves when no other call runs; rejects if the signal is aborted first. */
  readonly begin: (callId: string, signal: AbortSignal) => Promise<void>;
  readonly end: (callId: string) => void;
}

export function createTurns(): Turns {
  let current: string | null = null;
  let last: Promise<void> = Promise.resolve();
  const endOf = new Map<string, () => void>();
  return {
    current: () => current,
    begin: async (callId, signal) => {
      const before = last;
      const { promise, resolve } = Promise.withResolvers<void>();
      last = before.then(() => promise);
      endOf.set(callId, resolve);
      await Promise.race([before, whenAborted(signal)]);
      if (signal.aborted) {
        resolve();
        throw signal.reason;
      }
      current = callId;
    },
    end: (callId) => {
      current = null;
      endOf.get(callId)?.();
      endOf.delete(callId);
    },
  };
}
