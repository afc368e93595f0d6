import type { ProportionInterval, ProportionMethod } from '../engine/src/stats/proportion-interval.ts';

/** A method that computes each interval once: the same counts give the same one. At one level. */
export function remember(method: ProportionMethod): ProportionMethod {
  const known = new Map<string, ProportionInterval>();
  return (successes, trials) => {
    const key = `${successes}/${trials}`;
    const interval = known.get(key) ?? method(successes, trials);
    known.set(key, interval);
    return interval;
  };
}
