import { jeffreysInterval } from '../stats/proportion-interval.ts';

/** `3/10 = 30.0 % [9.3, 60.6]`: a rate with its counts and its 95 % Jeffreys interval. */
export function showShare(successes: number, trials: number): string {
  if (trials === 0) return `${successes}/${trials}`;
  const { estimate, lower, upper } = jeffreysInterval(successes, trials);
  const percent = (fraction: number): string => (fraction * 100).toFixed(1);
  return `${successes}/${trials} = ${percent(estimate)} % [${percent(lower)}, ${percent(upper)}]`;
}
