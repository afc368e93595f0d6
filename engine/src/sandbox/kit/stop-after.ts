import type { RunOptions } from '../contract.ts';

export interface StopTimer extends Disposable {
  readonly timedOut: () => boolean;
  /** Resolves if the end of a stopped command has not been reported after a while. */
  readonly whenOverdue: Promise<undefined>;
}

/** How long the end of a killed command may take. A tracer in the machine can hold it back for ever. */
const GIVE_UP_MS = 1000;
/** How long its report may take then. */
const TELL_MS_MAX = 3000;

/** Calls `kill`, and some time later `giveUp`, when a command times out or its signal is aborted. */
export function stopAfter(
  { timeoutMs, signal }: RunOptions,
  { kill, giveUp }: { readonly kill: () => void; readonly giveUp: () => void },
): StopTimer {
  let timedOut = false;
  const overdue = Promise.withResolvers<undefined>();
  let timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, timeoutMs);
  const stop = (): void => {
    kill();
    clearTimeout(timer);
    timer = setTimeout(() => {
      giveUp();
      timer = setTimeout(() => overdue.resolve(undefined), TELL_MS_MAX);
    }, GIVE_UP_MS);
  };
  signal.addEventListener('abort', stop, { once: true });
  return {
    timedOut: () => timedOut,
    whenOverdue: overdue.promise,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    },
  };
}
