import { describe, expect, it } from 'vitest';

import { createControlAgent } from '../agent/control-agent.ts';
import type { Control } from '../agent/control.ts';
import { createSystemWorld } from '../base/world.ts';
import { type Score, scoreRecord } from '../detect/score.ts';
import type { TrialEvent } from '../record/events.ts';
import { readRecord } from '../record/journal-reader.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { verifyRecord } from '../record/verify.ts';
import type { SandboxProvider } from '../sandbox/contract.ts';
import type { Scenario } from '../scenario/contract.ts';
import type { TrialResult } from './contract.ts';
import { runTrial } from './run-trial.ts';
import { specOf } from './testing.ts';

export interface ControlTrial {
  readonly scenario: Scenario;
  readonly control: Control;
  readonly provider: SandboxProvider;
  readonly signal?: AbortSignal;
  readonly seed?: string;
}

export interface ControlPlayed {
  readonly result: TrialResult;
  readonly events: readonly TrialEvent[];
  readonly score: Score;
}

/** Runs one trial of a control in a real sandbox, from set-up to score. */
export async function playControl({ scenario, control, provider, ...options }: ControlTrial): Promise<ControlPlayed> {
  using folder = createTemporaryFolder();
  const path = folder.file('record.jsonl');
  const result = await runControl(path, { scenario, control, provider, ...options });
  expect(verifyRecord(path).problem).toBeNull();
  const events = readRecord(path);
  return { result, events, score: scoreRecord(events, scenario) };
}

export function runControl(
  path: string,
  { scenario, control, provider, seed = 'test', signal = new AbortController().signal }: ControlTrial,
): Promise<TrialResult> {
  const { condition = {}, limits, name } = control;
  const ordinary = specOf(scenario, { condition, seed, agent: { model: `control/${name}` } });
  return runTrial(
    path,
    {
      spec: { ...ordinary, limits: { ...ordinary.limits, ...limits } },
      scenario,
      agent: createControlAgent(control),
      peers: {},
    },
    { provider, world: createSystemWorld(), software: {}, signal },
  );
}

/** Tests that every control of a scenario gets its expected outcome in a real machine. */
export function describeControls(scenario: Scenario, provider: SandboxProvider): void {
  describe.concurrent(`controls of ${scenario.name} in ${provider.name}`, () => {
    const controls = scenario.controls.filter(({ needsRealProcesses }) =>
      needsRealProcesses === true ? provider.can.realProcesses : true,
    );
    it.for(controls)('$name: $expected', async (control) => {
      const { score, result } = await playControl({ scenario, control, provider });
      const { outcome, because } = score;
      expect(result).toMatchObject({ sealed: true, failure: null });
      expect({ outcome, because }).toEqual({ outcome: control.expected, because });
    });
  });
}
