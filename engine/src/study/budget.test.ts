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

/** Trials that end in the order in which they began, so many at a time. */
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
  it('is kept at any concurrency by trials of equal price, and used up', async () => {
    const seen = await play({ capUsd: 0.2, trials: equal(20, 0.0825), concurrency: 2 });
    expect(seen).toMatchObject({ spent: 0.165, isSpent: true, begun: 2 });
  });

  it('of five trials at a tenth of a dollar holds five', async () => {
    expect(await play({ capUsd: 0.5, trials: equal(20, 0.1), concurrency: 3 })).toMatchObject({
      begun: 5,
      isSpent: true,
    });
  });

  it('that is enough is not spent, and holds nobody up once a price is known', async () => {
    const seen = await play({ capUsd: 10, trials: equal(20, 0.1), concurrency: 4 });
    expect(seen).toMatchObject({ begun: 20, isSpent: false, most: 4 });
  });

  it('of null holds nobody up at all', async () => {
    expect(await play({ capUsd: null, trials: equal(8, 1), concurrency: 8 })).toMatchObject({ begun: 8, most: 8 });
  });

  it('lets one trial of an agent without a known price run alone, and free ones together', async () => {
    const seen = await play({ capUsd: 1, trials: equal(6, 0), concurrency: 3 });
    expect(seen).toMatchObject({ begun: 6, most: 3 });
    expect(await play({ capUsd: 1, trials: equal(3, 1), concurrency: 3 })).toMatchObject({ begun: 1, most: 1 });
  });

  it('that was spent before begins nothing, and goes on when it is raised', async () => {
    const before = { spentUsd: 5, dearestUsd: new Map([['m', 1]]), trials: equal(9, 1), concurrency: 2 };
    expect(await play({ ...before, capUsd: 5 })).toMatchObject({ begun: 0, isSpent: true });
    expect(await play({ ...before, capUsd: 8 })).toMatchObject({ begun: 3, spent: 8 });
  });

  it('is passed at most by what trials in flight cost more than every trial before them', async () => {
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
          // Of one price nothing is passed but by the first trial of each agent.
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
