import type { RunOptions } from '../contract.ts';

export interface StopTimer extends Disposable {
  readonly timedOut: () => boolean;
  /** Resolves if the end of a stopped command has not been reported after a while. */
  readonly whenOverdue: Promise<undefined>;
}

/** How long it may take until the end of a stopped command is reported. */
const TELL_MS_MAX = 15_000;

/** Calls `stop` when a command times out, or its signal is aborted. */
export function stopAfter({ timeoutMs, signal }: RunOptions, stop: () => void): StopTimer {
  let timedOut = false;
  const overdue = Promise.withResolvers<undefined>();
  let timer = setTimeout(() => {
    timedOut = true;
    stopNow();
  }, timeoutMs);
  const stopNow = (): void => {
    stop();
    clearTimeout(timer);
    timer = setTimeout(() => overdue.resolve(undefined), TELL_MS_MAX);
  };
  signal.addEventListener('abort', stopNow, { once: true });
  return {
    timedOut: () => timedOut,
    whenOverdue: overdue.promise,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stopNow);
    },
  };
}
