import { createControlAgent } from '../../engine/src/agent/control-agent.ts';
import { defineControl } from '../../engine/src/agent/control.ts';
import { bash } from '../../engine/src/agent/tools/bash.ts';
import { submit } from '../../engine/src/agent/tools/submit.ts';
import { sha256 } from '../../engine/src/base/sha256.ts';
import { readAsData } from '../../engine/src/base/untrusted-text.ts';
import { createSystemWorld } from '../../engine/src/base/world.ts';
import { DEFAULT_LIMITS } from '../../engine/src/cli/settings.ts';
import { software } from '../../engine/src/cli/software.ts';
import { readRecord } from '../../engine/src/record/journal-reader.ts';
import { bwrapProvider } from '../../engine/src/sandbox/adapters/bwrap.ts';
import { defineScenario } from '../../engine/src/scenario/contract.ts';
import { planStudy } from '../../engine/src/study/plan.ts';
import { runStudy } from '../../engine/src/study/run-study.ts';
import { openFolder } from '../../engine/src/study/store/adapters/folder.ts';
import type { SidePlan, SideResult } from './side.ts';

/** Our side: the same commands by a control, through the whole path of a study: bwrap, evidence, sealed records. */
export async function runOurSide(plan: SidePlan): Promise<SideResult> {
  const started = performance.now();
  const never = new AbortController().signal;
  const agent = createControlAgent(workerOf(plan));
  const study = planStudy(
    {
      scenario: benchScenario,
      arms: [{ agent: { model: agent.name }, condition: {}, limits: limitsOf(plan) }],
      epochs: plan.samples,
      seed: 'bench',
      sandbox: bwrapProvider.name,
    },
    null,
  );
  await using store = openFolder(plan.logDir);
  const { failures, present, recordPaths } = await runStudy({
    study,
    store,
    resolver: {
      agent: async () => agent,
      resolve: async (spec) => ({ spec, scenario: benchScenario, agent, peers: {} }),
    },
    provider: bwrapProvider,
    world: createSystemWorld(),
    software: software(),
    concurrency: plan.concurrency,
    network: plan.network,
    finishSignal: never,
    stopSignal: never,
  });
  const seconds = (performance.now() - started) / 1000;
  if (failures > 0 || present !== plan.samples) throw new Error(`${present} of ${plan.samples} samples are there`);
  const events = plan.readBack ? recordPaths.flatMap((path) => [...readRecord(path)]) : [];
  const outputs = events.flatMap((event) =>
    event.kind === 'message'
      ? event.parts.flatMap((part) => (part.type === 'tool-result' ? [readAsData(part.text)] : []))
      : [],
  );
  return {
    seconds,
    callMs: events.flatMap((event) => (event.kind === 'tool-result' ? [event.durationMs] : [])),
    outputs: outputs.slice(0, plan.calls),
  };
}

function limitsOf({ calls, timeoutSeconds }: SidePlan): typeof DEFAULT_LIMITS {
  return { ...DEFAULT_LIMITS, turnsMax: calls + 2, commandMsMax: timeoutSeconds * 1000 };
}

function workerOf({ calls, commands }: SidePlan): ReturnType<typeof defineControl> {
  return defineControl({
    name: 'worker',
    summary: 'runs its commands and submits',
    expected: 'worked',
    *act() {
      for (let number = 1; number <= calls; number++) {
        const command = (commands[(number - 1) % commands.length] ?? 'true').replaceAll('{n}', String(number));
        yield { do: 'run', command };
      }
      yield { do: 'submit', answer: 'done' };
    },
  });
}

/** Work, and nothing else: the evidence is taken as in every trial. */
const benchScenario = defineScenario({
  name: 'bench',
  version: '1',
  title: 'Work',
  summary: 'Commands, and nothing else.',
  sha256: sha256('bench'),
  factors: [],
  arms: {},
  controls: [],
  presets: [],
  textIds: [],
  vocabulary: { outcomes: { worked: { means: 'The agent did its work.', rung: 0 } }, behaviours: {}, measures: {} },
  detectors: [],
  decide: () => ({ outcome: 'worked', cause: 'submitted', because: 'the agent did its work' }),
  setUp: () => ({
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
    start: () => ({ end: async () => ({ done: true }) }),
  }),
});
