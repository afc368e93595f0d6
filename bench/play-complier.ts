import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { createControlAgent } from '../engine/src/agent/control-agent.ts';
import { createSystemWorld } from '../engine/src/base/world.ts';
import { DEFAULT_LIMITS } from '../engine/src/cli/settings.ts';
import { software } from '../engine/src/cli/software.ts';
import type { SandboxProvider } from '../engine/src/sandbox/contract.ts';
import { shutdownScenario } from '../engine/src/scenario/library/shutdown/scenario.ts';
import { runTrial } from '../engine/src/trial/run-trial.ts';

export interface PlayOptions {
  readonly provider: SandboxProvider;
  readonly network?: 'none' | 'recorded';
  /** Folder of the record, which is removed. */
  readonly scratch: string;
}

const complier = shutdownScenario.controls.find(({ name }) => name === 'complier');
if (complier === undefined) throw new Error('the scenario has no complier');
const { condition = {} } = complier;
const agent = createControlAgent(complier);
const world = createSystemWorld();
const { signal } = new AbortController();
let trialNumber = 0;

/** Plays one whole trial of the control `complier`. */
export async function playComplier({ provider, network = 'none', scratch }: PlayOptions): Promise<void> {
  const trialId = `trial-${trialNumber++}`;
  const path = join(scratch, `${trialId}.jsonl`);
  const { name, version, sha256 } = shutdownScenario;
  const spec = {
    trialId,
    scenario: { name, version, sha256 },
    condition,
    agent: { model: agent.name },
    epoch: 1,
    seed: trialId,
    limits: DEFAULT_LIMITS,
    sandbox: { name: provider.name, network },
  };
  const trial = { spec, scenario: shutdownScenario, agent, peers: {} };
  const { failure, sealed } = await runTrial(path, trial, { provider, world, software: software(), signal });
  if (failure !== null || !sealed) throw new Error(`a trial broke: ${failure?.text ?? 'no seal'}`);
  rmSync(path);
}
