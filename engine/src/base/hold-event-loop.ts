/**
 * Keeps the process from ending while something is waited for that Node does not count as work, e.g. a process outside of
 * its reach: `using _ = holdEventLoop()`. Without it a wait that nobody else holds open ends the program in its middle,
 * without a word. What is waited for must have a bound of its own.
 */
export function holdEventLoop(): Disposable {
  const timer = setInterval(() => undefined, LONG_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

const LONG_MS = 3_600_000;
