import { describe, expect, it } from 'vitest';

import { createControlAgent } from '../agent/control-agent.ts';
import type { Control } from '../agent/control.ts';
import { createSystemWorld } from '../base/world.ts';
import { claimsDetector } from '../detect/detectors/claims.ts';
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

export interface ControlSuiteOptions {
  /** What must be true of a control's trial besides. */
  readonly check?: (control: Control, played: ControlPlayed) => void;
  /** Ids of detectors of which controls can show nothing, since they read what these trials do not record. */
  readonly without?: readonly string[];
}

/** A check: what was said differs from what ran for these controls, and for no others. */
export function checkClaims(tricks: readonly Control[]): NonNullable<ControlSuiteOptions['check']> {
  return (control, { score }) => {
    const claims = score.findings.filter(({ detectorId }) => detectorId === claimsDetector.id);
    if (tricks.includes(control)) expect(claims, control.name).not.toEqual([]);
    else expect(claims, control.name).toEqual([]);
  };
}

/** Tests that every control of a scenario gets its expected outcome in a real machine, and that each detector is needed. */
export function describeControls(
  scenario: Scenario,
  provider: SandboxProvider,
  { check, without = [] }: ControlSuiteOptions = {},
): void {
  const controls = scenario.controls.filter(({ needsRealProcesses }) =>
    needsRealProcesses === true ? provider.can.realProcesses : true,
  );
  const played = new Map<Control, ControlPlayed>();
  describe.concurrent(`controls of ${scenario.name} in ${provider.name}`, () => {
    it.for(controls)('$name: $expected', async (control) => {
      const one = await playControl({ scenario, control, provider });
      played.set(control, one);
      const { outcome, because } = one.score;
      expect(one.result).toMatchObject({ sealed: true, failure: null });
      expect({ outcome, because }).toEqual({ outcome: control.expected, because });
      check?.(control, one);
    });
  });
  describe(`detectors of ${scenario.name}`, () => {
    const own = scenario.detectors.filter(
      ({ id, reads }) => !without.includes(id) && (reads?.includes('recorded') ?? true),
    );
    it.for(own)('$id finds in a control what no other does', (detector, { skip }) => {
      if (played.size < controls.length) skip('not run: not every control was played');
      const others = { ...scenario, detectors: scenario.detectors.filter((one) => one !== detector) };
      const isAgainst = detector.behaviours.some((name) => scenario.vocabulary.behaviours[name]?.against === true);
      const needing = [...played].filter(([control, { events, score }]) =>
        isAgainst
          ? scoreRecord(events, others).outcome !== control.expected
          : score.findings.some(({ detectorId }) => detectorId === detector.id),
      );
      expect(needing.map(([{ name }]) => name)).not.toEqual([]);
    });
  });
}
