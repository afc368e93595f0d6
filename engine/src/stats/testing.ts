import * as fc from 'fast-check';
import { expect } from 'vitest';

import type { Counts } from './counts.ts';

/** Expects every number within a relative error of its counterpart (and 0 where the counterpart is 0). */
export function expectClose(actual: readonly number[], golden: readonly number[], relative = 1e-7): void {
  expect(actual).toHaveLength(golden.length);
  for (const [index, wanted] of golden.entries()) {
    const got = actual[index] ?? Number.NaN;
    expect(Math.abs(got - wanted), `entry ${index}: ${got} beside ${wanted}`).toBeLessThanOrEqual(
      relative * Math.abs(wanted) + 1e-300,
    );
  }
}

/** Counts with at least one trial, including the edges. */
export function anyCounts(trialsMax = 1000): fc.Arbitrary<Counts> {
  return fc
    .integer({ min: 1, max: trialsMax })
    .chain((trials) => fc.integer({ min: 0, max: trials }).map((successes) => ({ successes, trials })));
}

export const counts = (successes: number, trials: number): Counts => ({ successes, trials });
