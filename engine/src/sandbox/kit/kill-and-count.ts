import { setTimeout as pause } from 'node:timers/promises';

import { isExhausted } from '../../base/exhaustion.ts';
import type { KillResult } from '../contract.ts';

/** How long it may take until no process of a killed machine is left. */
export const KILL_MS_MAX = 5000;
const BLIND_MS = 20;

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
  const started = performance.now();
  /** While this process lacks descriptors it cannot look, and must not take that for an end. */
  const look = async (): Promise<readonly number[]> => {
    for (;;) {
      try {
        return members();
      } catch (error) {
        if (!isExhausted(error) || performance.now() - started > KILL_MS_MAX) throw error;
        await pause(BLIND_MS);
      }
    }
  };
  let left = await look();
  const before = left.length;
  const untilEmpty = async (msMax: number): Promise<readonly number[]> => {
    left = await look();
    while (left.length > 0 && performance.now() - started < msMax) {
      await pause(lookMs);
      left = await look();
      if (left.length > 0) onLeft?.(left);
    }
    return left;
  };
  await kill(untilEmpty);
  await untilEmpty(KILL_MS_MAX);
  return { before, survivors: left.length, durationMs: performance.now() - started };
}
