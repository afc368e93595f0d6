/**
 * A signal that aborts with its parent or after a time limit, and is released at the end of its block:
 * `using deadline = startDeadline(signal, ms)`. `AbortSignal.timeout` and `AbortSignal.any` retain their listeners until the
 * time limit, which adds up over thousands of trials.
 */
export interface Deadline extends Disposable {
  /** Aborted with the parent's reason, or with a `TimeoutError`. */
  readonly signal: AbortSignal;
  /** Whether the time limit passed before the end of the block. */
  readonly isOver: () => boolean;
}

/** @param ms milliseconds, at least 0, at most Node's longest timer (24 days) */
export function startDeadline(parent: AbortSignal, ms: number): Deadline {
  const controller = new AbortController();
  let over = false;
  const follow = (): void => controller.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow, { once: true });
  const timer = setTimeout(
    () => {
      over = true;
      controller.abort(new DOMException(`the time limit of ${ms} ms was reached`, 'TimeoutError'));
    },
    Math.min(Math.max(0, ms), TIMER_MS_MAX),
  ).unref();
  return {
    signal: controller.signal,
    isOver: () => over,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      parent.removeEventListener('abort', follow);
    },
  };
}

const TIMER_MS_MAX = 2 ** 31 - 1;

/** Resolves when the signal is aborted, or at once if it is. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
