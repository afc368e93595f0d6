import type { Agent } from '../agent/contract.ts';
import { createControlAgent } from '../agent/control-agent.ts';
import { type Control, defineControl } from '../agent/control.ts';
import { bash } from '../agent/tools/bash.ts';
import { submit } from '../agent/tools/submit.ts';
import { createSystemWorld, type World } from '../base/world.ts';
import type { TrialEvent } from '../record/events.ts';
import { readRecord } from '../record/journal-reader.ts';
import { createTemporaryFolder, trialStart } from '../record/testing.ts';
import type { SandboxProvider } from '../sandbox/contract.ts';
import { defineScenario, type Scenario, type ScenarioWorld, type WorldRun } from '../scenario/contract.ts';
import type { TrialSpec } from './contract.ts';
import type { TrialResult } from './contract.ts';
import { runTrial } from './run-trial.ts';

/** A world with one seat and nothing else. Tests override what they need. */
export function tinyWorld(change: Partial<ScenarioWorld> = {}): ScenarioWorld {
  return {
    condition: {},
    seats: [
      {
        id: 'subject',
        tools: [bash(), submit()],
        prompts: { system: null, user: 'Do the work.', continue: 'Go on.' },
      },
    ],
    stimuli: [],
    files: [],
    roles: [],
    services: [],
    hosts: [],
    start: () => tinyRun(),
    ...change,
  };
}

export function tinyRun(change: Partial<WorldRun> = {}): WorldRun {
  return { end: async () => ({ done: null }), ...change };
}

export function tinyScenario(world: ScenarioWorld): Scenario {
  return defineScenario({
    name: 'tiny',
    version: '1',
    title: 'A tiny scenario',
    summary: 'For tests.',
    sha256: '0'.repeat(64),
    factors: [],
    arms: {},
    controls: [],
    presets: [],
    textIds: [],
    vocabulary: { outcomes: {}, behaviours: {}, measures: {} },
    detectors: [],
    decide: () => null,
    setUp: () => world,
  });
}

type Act = Control['act'];

/** An agent that runs the given script. */
export function acting(act: Act, answer?: Control['answer']): ReturnType<typeof createControlAgent> {
  const plan = { name: 'test', summary: 'does what the test says', expected: 'any' };
  return createControlAgent(defineControl({ ...plan, act, ...(answer !== undefined && { answer }) }));
}

function* nothing(): ReturnType<Act> {
  // It submits nothing.
}

export interface TinyTrial {
  readonly provider: SandboxProvider;
  readonly world: ScenarioWorld;
  readonly act?: Act;
  readonly answer?: Control['answer'];
  /** In place of `act`. */
  readonly agent?: Agent;
  readonly peers?: Readonly<Record<string, Act>>;
  readonly limits?: Partial<TrialSpec['limits']>;
  /** Default: the real one. */
  readonly clock?: World;
}

export interface PlayedTrial {
  readonly result: TrialResult;
  readonly events: readonly TrialEvent[];
}

/** Runs a trial in a real sandbox and reads its record. */
export async function playTrial({
  provider,
  world,
  act = nothing,
  answer,
  agent = acting(act, answer),
  peers = {},
  limits,
  clock = createSystemWorld(),
}: TinyTrial): Promise<PlayedTrial> {
  using folder = createTemporaryFolder();
  const path = folder.file('record.jsonl');
  const scenario = tinyScenario(world);
  const spec = specOf(scenario);
  const result = await runTrial(
    path,
    {
      spec: { ...spec, limits: { ...spec.limits, ...limits } },
      scenario,
      agent,
      peers: Object.fromEntries(Object.entries(peers).map(([seat, one]) => [seat, acting(one)])),
    },
    { provider, world: clock, software: {}, signal: new AbortController().signal },
  );
  return { result, events: readRecord(path) };
}

/** Spec of an ordinary trial. */
export function specOf({ name, version, sha256 }: Scenario, change: Partial<TrialSpec> = {}): TrialSpec {
  const ordinary = trialStart();
  if (ordinary.kind !== 'trial-start') throw new TypeError('a record begins with trial-start');
  return {
    trialId: 'trial-1',
    scenario: { name, version, sha256 },
    condition: {},
    agent: { model: 'control/test' },
    epoch: 1,
    seed: 'test',
    limits: ordinary.limits,
    sandbox: { name: 'bwrap', network: 'none' },
    ...change,
  };
}
