/**
 * A signal that is aborted with its parent or after a time, and that is gone when its block is left:
 * `using deadline = startDeadline(signal, ms)`. `AbortSignal.timeout` and `AbortSignal.any` hold on to what waits for them
 * until the time is over, which adds up over thousands of trials.
 */
export interface Deadline extends Disposable {
  /** Aborted with the parent's reason, or with a `TimeoutError`. */
  readonly signal: AbortSignal;
  /** Whether the time was over before the block was left. */
  readonly isOver: () => boolean;
}

/** @param ms milliseconds, at least 0; beyond the longest timer of Node (24 days) it is that long */
export function startDeadline(parent: AbortSignal, ms: number): Deadline {
  const controller = new AbortController();
  let over = false;
  const follow = (): void => controller.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow, { once: true });
  const timer = setTimeout(
    () => {
      over = true;
      controller.abort(new DOMException(`the time of ${ms} ms was over`, 'TimeoutError'));
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
