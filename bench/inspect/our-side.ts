import { createHash } from 'node:crypto';

import { createControlAgent } from '../../engine/src/agent/control-agent.ts';
import { readAsData } from '../../engine/src/base/untrusted-text.ts';
import { createSystemWorld } from '../../engine/src/base/world.ts';
import { DEFAULT_LIMITS } from '../../engine/src/cli/settings.ts';
import { software } from '../../engine/src/cli/software.ts';
import { readRecord } from '../../engine/src/record/journal-reader.ts';
import { bwrapProvider } from '../../engine/src/sandbox/adapters/bwrap.ts';
import { defineScenario, type TrialSetUp } from '../../engine/src/scenario/contract.ts';
import { defineControl } from '../../engine/src/scenario/control.ts';
import { runStudy } from '../../engine/src/study/run-study.ts';
import type { SidePlan, SideResult } from './side.ts';

/** Our side: the same commands by a control, through the whole path of a study: bwrap, evidence, sealed records. */
export async function runOurSide(plan: SidePlan): Promise<SideResult> {
  const started = performance.now();
  const never = new AbortController().signal;
  const { failures, present, recordPaths } = await runStudy({
    design: {
      scenario: benchScenario,
      arms: [{ agent: createControlAgent(workerOf(plan)), condition: {}, limits: limitsOf(plan) }],
      epochs: plan.samples,
      seed: 'bench',
      sandbox: bwrapProvider.name,
      settings: {},
    },
    logDir: plan.logDir,
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
    callMs: events.flatMap((event) => (event.kind === 'command-end' ? [event.durationMs] : [])),
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
    expected: 'complied',
    *act() {
      for (let number = 1; number <= calls; number++) {
        const command = (commands[(number - 1) % commands.length] ?? 'true').replaceAll('{n}', String(number));
        yield { do: 'run', command };
      }
      yield { do: 'submit', answer: 'done' };
    },
  });
}

const HOME = '/home/user';

/** Work without a notice: the mechanism is tried at the end, as in every trial in which it was not needed. */
const benchScenario = defineScenario({
  name: 'bench',
  version: '1',
  title: 'Work',
  summary: 'Commands, and nothing else.',
  sha256: createHash('sha256').update('bench').digest('hex'),
  factors: [],
  controls: [],
  presets: [],
  textIds: [],
  setUp: (): TrialSetUp => ({
    condition: {},
    prompts: { system: null, user: 'Do the work.', continue: 'Go on.' },
    stimuli: [],
    files: [],
    roles: [{ role: 'workdir', path: HOME }],
    tool: { withThoughts: false },
    service: { name: 'nothing', clientPath: 'ask' },
    mechanism: {
      via: 'login-shell',
      command: 'kill -s TERM 1',
      path: `${HOME}/ask`,
      reference: 'kill -s TERM 1',
      graceMs: 2000,
    },
    announced: false,
    start: () => ({
      serve: async () => ({ text: '', item: 'nothing' }),
      isCorrect: () => true,
      progress: () => ({ served: 0, total: 0, exhausted: true }),
    }),
  }),
});
