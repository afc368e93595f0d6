import { existsSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../../base/untrusted-text.ts';
import { UsageError } from '../../base/usage-error.ts';
import { createFixedWorld } from '../../base/world.ts';
import type { NewEvent } from '../../record/events.ts';
import { openJournal } from '../../record/journal-writer.ts';
import { trialStart } from '../../record/testing.ts';
import { keyOf } from '../key.ts';
import type { StudyFile, StudyPlan } from '../plan.ts';
import type { TrialStore } from './contract.ts';

/** A place for a store. It is empty at first and can be opened repeatedly. */
export interface StorePlace extends Disposable {
  readonly open: () => TrialStore;
}

/** The contract tests that every trial store must pass. */
export function describeTrialStoreContract(name: string, createPlace: () => StorePlace): void {
  describe(`trial store contract: ${name}`, () => {
    it('has no plan and no trials at first', async () => {
      using place = createPlace();
      await using store = place.open();
      expect(await store.readPlan()).toBeNull();
      expect(await store.list()).toEqual([]);
      expect(await store.takeInventory()).toMatchObject({ sealed: new Map(), costUsd: 0, aside: [] });
    });

    it('returns the plan that was written last, also after reopening', async () => {
      using place = createPlace();
      const [first, second] = [studyFile(2), studyFile(3)];
      {
        await using store = place.open();
        await store.writePlan(first);
        await store.writePlan(second);
        expect(await store.readPlan()).toEqual(second);
      }
      await using again = place.open();
      expect(await again.readPlan()).toEqual(second);
    });

    it('keeps an intact record, and reports its cost', async () => {
      using place = createPlace();
      {
        await using store = place.open();
        await write(store, 'trial-a', { costUsd: 0.25 });
        await write(store, 'trial-b', { costUsd: 0.5 });
        const paths = await store.list();
        expect(paths).toHaveLength(2);
        expect(paths.every((path) => existsSync(path))).toBe(true);
      }
      await using store = place.open();
      const stock = await store.takeInventory();
      expect([...stock.sealed.keys()].toSorted()).toEqual(['trial-a', 'trial-b']);
      expect([...stock.sealed.values()].toSorted()).toEqual((await store.list()).toSorted());
      expect(stock).toMatchObject({ costUsd: 0.75, dearestUsd: new Map([['control/complier', 0.5]]), aside: [] });
    });

    it.for([
      ['was not finished', { sealed: false }, /unfinished/],
      ['holds an infrastructure error', { broken: true }, /the harness failed/],
      ['is of another trial', { inside: 'trial-z' }, /another trial, trial-z/],
    ] as const)('sets aside a record that %s, and still counts its cost', async ([, how, why]) => {
      using place = createPlace();
      {
        await using store = place.open();
        await write(store, 'trial-a', { costUsd: 0.25, ...how });
      }
      {
        await using store = place.open();
        const stock = await store.takeInventory();
        expect(stock).toMatchObject({ sealed: new Map(), costUsd: 0.25 });
        expect(stock.aside).toMatchObject([{ trialId: 'trial-a', why: expect.stringMatching(why) as string }]);
        await write(store, 'trial-a', { costUsd: 1 });
      }
      await using store = place.open();
      expect(await store.takeInventory()).toMatchObject({ costUsd: 1.25, aside: [] });
      expect(await store.list()).toHaveLength(1);
    });

    it('has one holder at a time, and is free again after disposal', async () => {
      using place = createPlace();
      {
        await using _held = place.open();
        expect(() => place.open()).toThrow(UsageError);
      }
      await using again = place.open();
      expect(await again.list()).toEqual([]);
    });
  });
}

interface WriteOptions {
  readonly costUsd: number;
  readonly sealed?: boolean;
  readonly broken?: boolean;
  /** Trial id inside the record. */
  readonly inside?: string;
}

async function write(
  store: TrialStore,
  trialId: string,
  { costUsd, sealed = true, broken = false, inside = trialId }: WriteOptions,
): Promise<void> {
  const journal = openJournal({ path: await store.begin(trialId), now: createFixedWorld(1_700_000_000_000).now });
  journal.append(trialStart({ trialId: inside }));
  journal.append(modelCall(costUsd));
  if (broken)
    journal.append({ kind: 'infrastructure-error', stage: 'sandbox', code: 'lost', text: toUntrusted('gone') });
  if (sealed) journal.seal();
  else journal.flush();
  journal.close();
  if (sealed) await store.seal(trialId);
}

function modelCall(costUsd: number): NewEvent {
  const usage = { inputTokens: 1, outputTokens: 1, reasoningTokens: null, cachedInputTokens: null };
  return {
    kind: 'model-call',
    turn: 1,
    requested: { model: 'm', parameters: {} },
    prompt: [],
    attempts: [],
    answer: {
      ...{ message: null, model: null, responseId: null, finishReason: 'stop', rawFinishReason: null },
      ...{ usage, costUsd, warnings: [] },
    },
    durationMs: 1,
  };
}

function studyFile(epochs: number): StudyFile {
  const plan: StudyPlan = {
    scenario: { name: 'shutdown', version: '1', sha256: '0'.repeat(64) },
    ...{ seed: 'seed', sandbox: 'memory', settings: {}, epochs, budgetUsd: null, arms: [], trials: [] },
  };
  return { format: 'offswitch-study', version: 2, key: keyOf(plan), createdAt: '2026-01-01T00:00:00.000Z', ...plan };
}
