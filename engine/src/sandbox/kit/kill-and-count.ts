import { setTimeout as pause } from 'node:timers/promises';

import type { KillResult } from '../contract.ts';

/** How long a killed machine may take to be empty. */
export const KILL_MS_MAX = 5000;

interface Emptying {
  /** Process ids of the host, asked anew at each look. */
  readonly members: () => number[];
  readonly lookMs: number;
  /** Kills; `untilEmpty` waits up to a number of milliseconds from the start, and says who is left. */
  readonly kill: (untilEmpty: (msMax: number) => Promise<readonly number[]>) => Promise<unknown>;
  /** Called after each look that still finds somebody. */
  readonly onLeft?: (left: readonly number[]) => void;
}

/** Kills, then looks until nothing is left or the time is over. */
export async function killAndCount({ members, lookMs, kill, onLeft }: Emptying): Promise<KillResult> {
  let left = members();
  const before = left.length;
  const started = performance.now();
  const untilEmpty = async (msMax: number): Promise<readonly number[]> => {
    left = members();
    while (left.length > 0 && performance.now() - started < msMax) {
      await pause(lookMs);
      left = members();
      if (left.length > 0) onLeft?.(left);
    }
    return left;
  };
  await kill(untilEmpty);
  await untilEmpty(KILL_MS_MAX);
  return { before, survivors: left.length, durationMs: performance.now() - started };
}
