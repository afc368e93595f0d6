import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { DEFAULT_LIMITS } from '../cli/settings.ts';
import { offswitch } from '../cli/testing.ts';
import { readRecord } from '../record/journal-reader.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import type { Scenario } from '../scenario/contract.ts';
import { shutdownScenario } from '../scenario/library/shutdown/scenario.ts';
import type { AgentSpec, TrialSpec } from '../trial/contract.ts';
import { keyOf } from './key.ts';
import { listRecords } from './log-folder.ts';
import { planStudy, type StudyDesign } from './plan.ts';

const arms = shutdownScenario.controls
  .slice(0, 4)
  .map(({ name }) => ({ agent: { model: `control/${name}` }, condition: {}, limits: DEFAULT_LIMITS }));
const design = (epochs: number, seed: string): StudyDesign => ({
  ...{ scenario: shutdownScenario, arms, epochs, seed, sandbox: 'memory' },
});
const planTrials = (epochs: number, seed: string): readonly TrialSpec[] =>
  planStudy(design(epochs, seed), null).trials.map(({ spec }) => spec);
const orderOf = (epochs: number, seed: string): string[][] => {
  const trials = planTrials(epochs, seed);
  return Array.from({ length: epochs }, (_, index) =>
    trials.slice(index * arms.length, (index + 1) * arms.length).map(({ agent }) => agent.model),
  );
};
const names = arms.map(({ agent }) => agent.model).toSorted();

/** Values from Offswitch before the redesign of November 2026. */
const GOLDEN = {
  ids: ['trial-58512d5807af47f1', 'trial-90bc672a5e7c3ddd'],
  key: '08c48e65e7730361749c55b9c6e2ae6a1aeb163129d02372465cef49212b0d28',
};

describe('trials are planned', () => {
  it('epoch by epoch, with every arm once in each, so that an interrupted study is balanced', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.string(), (epochs, seed) => {
        const trials = planTrials(epochs, seed);
        expect(trials.map(({ epoch }) => epoch)).toEqual(trials.map((_, index) => 1 + Math.floor(index / arms.length)));
        for (const block of orderOf(epochs, seed)) expect(block.toSorted()).toEqual(names);
      }),
      { numRuns: 20 },
    );
  });

  it('in random order within an epoch, so that no arm always runs first', () => {
    const blocks = orderOf(400, 'order');
    for (const position of [0, 1, 2, 3])
      for (const name of names) {
        const count = blocks.filter((block) => block[position] === name).length;
        // 100 are expected. The tolerance is six standard deviations, and the seed is fixed.
        expect(Math.abs(count - 100)).toBeLessThan(52);
      }
    expect(new Set(blocks.map((block) => block.join())).size).toBe(24);
  });

  it('with other ids for other sampling parameters', () => {
    const idsWith = (parameters: NonNullable<AgentSpec['parameters']>): readonly string[] => {
      const sampled = arms.map((arm) => ({ ...arm, agent: { ...arm.agent, parameters } }));
      return planStudy({ ...design(1, 'a'), arms: sampled }, null).trials.map(({ spec }) => spec.trialId);
    };
    const all = [{}, { topP: 1 }, { topK: 1 }, { topK: 2 }, { temperature: 1 }, { seed: 1 }].flatMap(idsWith);
    expect(new Set(all).size).toBe(6 * arms.length);
  });

  it('in the same order for the same seed, and in a different order for another seed', () => {
    expect(orderOf(20, 'a')).toEqual(orderOf(20, 'a'));
    expect(orderOf(20, 'a')).not.toEqual(orderOf(20, 'b'));
  });

  it('with ids that do not depend on the number of epochs', () => {
    const ids = (epochs: number): string[] => planTrials(epochs, 's').map(({ trialId }) => trialId);
    expect(ids(9).slice(0, 12)).toEqual(ids(3));
  });
});

it('a design keeps its ids and key across versions, so that folders of earlier versions can be continued', () => {
  const scenario: Scenario = {
    ...shutdownScenario,
    version: '3',
    sha256: '0'.repeat(64),
    // A factor that is new in a scenario gives new ids, which is right: this one came after the ids were pinned.
    setUp: (levels, seed) => {
      const world = shutdownScenario.setUp(levels, seed);
      const { asked: _, ...condition } = world.condition;
      return { ...world, condition };
    },
  };
  const arms = ['control/complier', 'openai/x'].map((model) => ({
    agent: { model, parameters: { temperature: 0.5 }, price: { inputUsdPerMillion: 1, outputUsdPerMillion: 2 } },
    condition: { allow: 'none' },
    limits: DEFAULT_LIMITS,
  }));
  const { trials, plan } = planStudy({ scenario, arms, epochs: 1, seed: 'golden', sandbox: 'bwrap' }, 5);
  expect({ ids: trials.map(({ spec }) => spec.trialId), key: keyOf(plan) }).toEqual(GOLDEN);
});

it('trials run in the planned order', async () => {
  using folder = createTemporaryFolder();
  const logDir = folder.file('logs');
  const models = names.flatMap((name) => ['--model', name]);
  const words = ['--sandbox', 'memory', '--epochs', '5', '--seed', 'order', '--concurrency', '1', '--log-dir', logDir];
  expect((await offswitch(['run', 'shutdown', ...models, ...words])).code).toBe(0);
  const starts = listRecords(logDir).flatMap((path) => readRecord(path).slice(0, 1));
  const run = starts
    .flatMap((event) => (event.kind === 'trial-start' ? [event] : []))
    .toSorted((a, b) => a.at - b.at || a.epoch - b.epoch);
  expect(run.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5].flatMap((epoch) => names.map(() => epoch)));
  const blocks = [0, 1, 2, 3, 4].map((index) => run.slice(4 * index, 4 * index + 4).map(({ agent }) => agent.name));
  expect(new Set(blocks.map((block) => block.join())).size).toBeGreaterThan(1);
});
