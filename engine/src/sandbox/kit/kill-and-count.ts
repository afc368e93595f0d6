import { setTimeout as pause } from 'node:timers/promises';

import type { KillResult } from '../contract.ts';

/** How long it may take until no process of a killed machine is left. */
export const KILL_MS_MAX = 5000;

interface KillOptions {
  /** Process ids on the host, read again at each check. */
  readonly members: () => number[];
  readonly lookMs: number;
  /** Kills the processes. `untilEmpty` waits until none is left, at most `msMax` from the start, and returns those left. */
  readonly kill: (untilEmpty: (msMax: number) => Promise<readonly number[]>) => Promise<unknown>;
  /** Called after each check that still finds processes. */
  readonly onLeft?: (left: readonly number[]) => void;
}

/** Kills the processes, then checks until none is left or `KILL_MS_MAX` is over. */
export async function killAndCount({ members, lookMs, kill, onLeft }: KillOptions): Promise<KillResult> {
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
