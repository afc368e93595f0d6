import type { RunOptions } from '../contract.ts';

export interface StopTimer extends Disposable {
  readonly timedOut: () => boolean;
  /** Resolves when stopping has had no effect for a while: nothing is heard any more from where the command runs. */
  readonly whenOverdue: Promise<undefined>;
}

/** How long the end of a stopped command may take to be told. */
const TELL_MS_MAX = 15_000;

/** Calls `stop` when the time of a command is over, or its signal is aborted. */
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
