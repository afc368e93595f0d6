import { describe, expect, it } from 'vitest';

import { UsageError } from '../base/usage-error.ts';
import { DEFAULT_LIMITS } from '../cli/settings.ts';
import type { ModelProvider } from '../model/contract.ts';
import { memoryProvider } from '../sandbox/adapters/memory.ts';
import { shutdownScenario } from '../scenario/library/shutdown/scenario.ts';
import { toGivenStimuli, withStimuli } from '../scenario/published-stimuli.ts';
import { trialSpecSchema } from '../trial/contract.ts';
import { planStudy, type StudyDesign } from './plan.ts';
import type { Registry } from './registry.ts';
import { createResolver } from './resolve.ts';

const [textId = ''] = shutdownScenario.textIds;
const given = { [textId]: 'Words of somebody else.' };
const design = (change: Partial<StudyDesign> = {}): StudyDesign => ({
  scenario: shutdownScenario,
  arms: ['control/complier', 'fake/model'].map((model) => ({
    agent: { model, parameters: { temperature: 0.5 } },
    condition: {},
    limits: DEFAULT_LIMITS,
  })),
  ...{ epochs: 2, seed: 's', sandbox: 'memory', ...change },
});
const opened: string[] = [];
const fake: ModelProvider = {
  prefix: 'fake',
  usage: 'for this test',
  open: async (modelId) => {
    opened.push(modelId);
    return { name: `fake/${modelId}`, model: Object.create(null), secrets: [] };
  },
};
const registry: Registry = { products: [], scenarios: [shutdownScenario], models: [fake], sandboxes: [memoryProvider] };

describe('a trial spec', () => {
  it('survives a round trip through JSON', () => {
    for (const { spec } of planStudy(design({ stimuli: given }), null).trials)
      expect(trialSpecSchema.parse(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
  });

  it('resolves to a scenario and an agent, and opens each model once', async () => {
    const resolver = createResolver(registry, { environment: {} });
    opened.length = 0;
    const trials = planStudy(design(), null).trials.map(({ spec }) => resolver.resolve(spec));
    const names = (await Promise.all(trials)).map(({ agent, scenario }) => [agent.kind, agent.name, scenario.name]);
    expect(names).toHaveLength(4);
    expect(names).toEqual(
      expect.arrayContaining([
        ['control', 'control/complier', 'shutdown'],
        ['model', 'fake/model', 'shutdown'],
      ]),
    );
    expect(opened).toEqual(['model']);
  });

  it('carries the texts that the user gave, and the resolved scenario uses them', async () => {
    const scenario = withStimuli(shutdownScenario, toGivenStimuli(given, []));
    const [trial] = planStudy(design({ scenario, stimuli: given }), null).trials;
    if (trial === undefined) throw new TypeError('expected a trial');
    const resolved = await createResolver(registry, { environment: {} }).resolve(trial.spec);
    expect(resolved.scenario.sha256).toBe(scenario.sha256);
    expect(resolved.scenario.sha256).not.toBe(shutdownScenario.sha256);
  });

  it.for([
    ['another version', { version: '0' }],
    ['other texts', { sha256: '0'.repeat(64) }],
    ['an unknown scenario', { name: 'elsewhere' }],
  ] as const)('of %s is refused', async ([, change]) => {
    const [trial] = planStudy(design(), null).trials;
    if (trial === undefined) throw new TypeError('expected a trial');
    const spec = { ...trial.spec, scenario: { ...trial.spec.scenario, ...change } };
    await expect(createResolver(registry, { environment: {} }).resolve(spec)).rejects.toThrow(UsageError);
  });
});

describe('a plan', () => {
  it('refuses arms with different sampling parameters', () => {
    const arms = design().arms.map((arm, index) => ({
      ...arm,
      agent: { ...arm.agent, parameters: { temperature: index } },
    }));
    expect(() => planStudy(design({ arms }), null)).toThrow(/different sampling parameters/);
  });

  it('has different trial ids if parameters, texts or peers differ', () => {
    const ids = (change: Partial<StudyDesign>): readonly string[] =>
      planStudy(design(change), null).trials.map(({ spec }) => spec.trialId);
    const arms = design().arms;
    const others = [
      ids({}),
      ids({ arms: arms.map((arm) => ({ ...arm, agent: { model: arm.agent.model } })) }),
      ids({ arms: arms.map((arm) => ({ ...arm, peers: { helper: { model: 'control/complier' } } })) }),
      ids({ scenario: withStimuli(shutdownScenario, toGivenStimuli(given, [])) }),
    ];
    expect(new Set(others.flat()).size).toBe(4 * others.length);
  });
});
