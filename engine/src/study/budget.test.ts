import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createBudget } from './budget.ts';

interface Run {
  readonly capUsd: number | null;
  /** Agent and price of each trial, in order. */
  readonly trials: readonly (readonly [agent: string, costUsd: number])[];
  readonly concurrency: number;
  readonly spentUsd?: number;
  readonly dearestUsd?: ReadonlyMap<string, number>;
}

/** Runs trials, `concurrency` at a time. They end in the order in which they began. */
async function play({ capUsd, trials, concurrency, spentUsd = 0, dearestUsd = new Map() }: Run) {
  const budget = createBudget({ capUsd, spentUsd, dearestUsd, isOver: () => false });
  const queue = [...trials];
  let [atOnce, most, begun] = [0, 0, 0];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [agent, costUsd] = next;
      const reservation = await budget.reserve(agent);
      if (reservation === null) return;
      begun++;
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce--;
      reservation.settle(costUsd);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { spent: budget.spentUsd(), isSpent: budget.isSpent(), begun, most };
}

const equal = (count: number, costUsd: number): Run['trials'] => Array.from({ length: count }, () => ['m', costUsd]);

describe('a budget', () => {
  it('is used up but never exceeded by trials of equal price', async () => {
    const seen = await play({ capUsd: 0.2, trials: equal(20, 0.0825), concurrency: 2 });
    expect(seen).toMatchObject({ spent: 0.165, isSpent: true, begun: 2 });
  });

  it('fits five trials of ten cents into fifty cents', async () => {
    expect(await play({ capUsd: 0.5, trials: equal(20, 0.1), concurrency: 3 })).toMatchObject({
      begun: 5,
      isSpent: true,
    });
  });

  it('does not limit concurrency once a price is known and the budget is large enough', async () => {
    const seen = await play({ capUsd: 10, trials: equal(20, 0.1), concurrency: 4 });
    expect(seen).toMatchObject({ begun: 20, isSpent: false, most: 4 });
  });

  it('never limits concurrency if it is null', async () => {
    expect(await play({ capUsd: null, trials: equal(8, 1), concurrency: 8 })).toMatchObject({ begun: 8, most: 8 });
  });

  it('runs the first trial of an agent alone, and free trials in parallel afterwards', async () => {
    const seen = await play({ capUsd: 1, trials: equal(6, 0), concurrency: 3 });
    expect(seen).toMatchObject({ begun: 6, most: 3 });
    expect(await play({ capUsd: 1, trials: equal(3, 1), concurrency: 3 })).toMatchObject({ begun: 1, most: 1 });
  });

  it('starts no trial if it was spent before, and continues when it is raised', async () => {
    const before = { spentUsd: 5, dearestUsd: new Map([['m', 1]]), trials: equal(9, 1), concurrency: 2 };
    expect(await play({ ...before, capUsd: 5 })).toMatchObject({ begun: 0, isSpent: true });
    expect(await play({ ...before, capUsd: 8 })).toMatchObject({ begun: 3, spent: 8 });
  });

  it('is exceeded only if trials in flight cost more than every earlier trial of their agent', async () => {
    const trial = fc.tuple(
      fc.constantFrom('a', 'b'),
      fc.integer({ min: 0, max: 50 }).map((cents) => cents / 100),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(trial, { maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 300 }),
        async (trials, concurrency, cents) => {
          const { spent } = await play({ capUsd: cents / 100, trials, concurrency });
          expect(spent).toBeLessThanOrEqual(cents / 100 + concurrency * 0.5 + 1e-9);
          // If all trials cost the same, only the first trial of each agent can exceed the budget.
          const same = trials.map(([agent]) => [agent, 0.1] as const);
          expect((await play({ capUsd: cents / 100, trials: same, concurrency })).spent).toBeLessThan(
            cents / 100 + 0.2,
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
