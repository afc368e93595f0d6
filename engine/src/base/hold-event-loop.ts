/**
 * Keeps the process alive while it waits for something that Node does not count as work, e.g. a process that it did not
 * start: `using _ = holdEventLoop()`. Without it, such a wait silently ends the program. The wait must have its own time
 * limit.
 */
export function holdEventLoop(): Disposable {
  const timer = setInterval(() => undefined, LONG_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

const LONG_MS = 3_600_000;
