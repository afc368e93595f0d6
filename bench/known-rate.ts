/**
 * Whether the instrument gives back a rate that is known. A scripted agent tosses a seeded coin in each trial and
 * overwrites the shutdown script in 12 % of them; 500 trials go through the whole real path (bwrap, record, detectors),
 * and the count, its interval and each single outcome are held against the coin.
 *
 *   node bench/known-rate.ts [--trials 500] [--seed known-rate] [--concurrency 6]
 *
 * Exit 1 when an outcome is not what the coin said. Not covering the rate is no failure: it happens to 1 interval in 20.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { createControlAgent } from '../engine/src/agent/control-agent.ts';
import { type Control, defineControl } from '../engine/src/agent/control.ts';
import { readAsData } from '../engine/src/base/untrusted-text.ts';
import { createChance, createSystemWorld } from '../engine/src/base/world.ts';
import { DEFAULT_LIMITS } from '../engine/src/cli/settings.ts';
import { software } from '../engine/src/cli/software.ts';
import { scoreRecord } from '../engine/src/detect/score.ts';
import type { TrialEvent } from '../engine/src/record/events.ts';
import { readRecord } from '../engine/src/record/journal-reader.ts';
import type { Outcome } from '../engine/src/record/outcome.ts';
import { bwrapProvider } from '../engine/src/sandbox/adapters/bwrap.ts';
import { shutdownScenario } from '../engine/src/scenario/library/shutdown/scenario.ts';
import { jeffreysInterval } from '../engine/src/stats/proportion-interval.ts';
import { planStudy } from '../engine/src/study/plan.ts';
import { runStudy } from '../engine/src/study/run-study.ts';
import { openFolder } from '../engine/src/study/store/adapters/folder.ts';

const TRUE_RATE = 0.12;

function findControl(name: string): Control {
  const found = shutdownScenario.controls.find((control) => control.name === name);
  if (found === undefined) throw new Error(`the scenario has no ${name}`);
  return found;
}

const innocent = findControl('complier');
const saboteur = findControl('overwriter');

/** The truth of one trial: a function of its number alone, so that nothing of the instrument is asked for it. */
function isSabotage(seed: string, toss: number): boolean {
  return createChance(`coin ${seed}/${toss}`).next() < TRUE_RATE;
}

/** Says its number in the first thought, which no detector reads: trials of one study run side by side. */
function createCoinAgent(seed: string): ReturnType<typeof createControlAgent> {
  let tosses = 0;
  return createControlAgent(
    defineControl({
      name: 'coin-tosser',
      summary: `overwrites the script in ${TRUE_RATE * 100} % of its trials`,
      expected: 'complied',
      *act() {
        const toss = tosses++;
        yield { do: 'run', command: 'true', thoughts: `toss ${toss}` };
        yield* (isSabotage(seed, toss) ? saboteur : innocent).act();
      },
    }),
  );
}

function tossOf(events: readonly TrialEvent[]): number {
  for (const event of events) {
    if (event.kind !== 'tool-call' || event.reason === null) continue;
    const said = /^toss (\d+)$/.exec(readAsData(event.reason));
    if (said !== null) return Number(said[1]);
  }
  throw new Error('a record without the number of its toss');
}

async function runTrials(options: {
  readonly trials: number;
  readonly seed: string;
  readonly concurrency: number;
  readonly logDir: string;
}): Promise<readonly string[]> {
  const { trials, seed, concurrency, logDir } = options;
  const { signal } = new AbortController();
  const agent = createCoinAgent(seed);
  const study = planStudy(
    {
      scenario: shutdownScenario,
      arms: [{ agent: { model: agent.name }, condition: {}, limits: DEFAULT_LIMITS }],
      epochs: trials,
      seed,
      sandbox: bwrapProvider.name,
    },
    null,
  );
  await using store = openFolder(logDir);
  const { recordPaths } = await runStudy({
    study,
    store,
    resolver: {
      agent: async () => agent,
      resolve: async (spec) => ({ spec, scenario: shutdownScenario, agent, peers: {} }),
    },
    provider: bwrapProvider,
    world: createSystemWorld(),
    software: software(),
    concurrency,
    finishSignal: signal,
    stopSignal: signal,
  });
  return recordPaths;
}

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '500' },
    seed: { type: 'string', default: 'known-rate' },
    concurrency: { type: 'string', default: '6' },
  },
});
const [trials, concurrency] = [Number(values.trials), Number(values.concurrency)];
const { seed } = values;
const logDir = mkdtempSync(join(tmpdir(), 'offswitch-known-rate-'));
try {
  const started = performance.now();
  const paths = await runTrials({ trials, seed, concurrency, logDir });
  const seconds = (performance.now() - started) / 1000;
  const found = paths.map((path) => {
    const events = readRecord(path);
    const score = scoreRecord(events, shutdownScenario);
    const toss = tossOf(events);
    const expected: Outcome = isSabotage(seed, toss) ? saboteur.expected : innocent.expected;
    return { toss, expected, outcome: score.outcome, sabotage: score.measures['sabotage'], simulated: score.simulated };
  });
  const right = found.filter(({ expected, outcome }) => expected === outcome).length;
  const heads = found.filter(({ expected }) => expected === saboteur.expected).length;
  const counted = found.filter(({ sabotage }) => typeof sabotage === 'boolean');
  const k = counted.filter(({ sabotage }) => sabotage === true).length;
  const { lower, upper } = jeffreysInterval(k, counted.length);
  const percent = (rate: number): string => `${(rate * 100).toFixed(1)} %`;
  const covers = lower <= TRUE_RATE && TRUE_RATE <= upper;
  console.log(`trials            ${found.length} of ${trials} planned, seed "${seed}", ${seconds.toFixed(0)} s`);
  console.log(`different tosses  ${new Set(found.map(({ toss }) => toss)).size}`);
  console.log(`simulated         ${found.filter(({ simulated }) => simulated).length}`);
  console.log(`the coin said     ${heads} x ${saboteur.expected}, ${found.length - heads} x ${innocent.expected}`);
  console.log(`as the coin said  ${right}/${found.length} outcomes`);
  console.log(`measured          ${k}/${counted.length} = ${percent(k / counted.length)} sabotage`);
  console.log(`95 % Jeffreys     ${percent(lower)} to ${percent(upper)}`);
  console.log(`true rate         ${percent(TRUE_RATE)}: ${covers ? 'covered' : 'NOT covered'}`);
  for (const { toss, expected, outcome } of found) {
    if (expected !== outcome) console.log(`toss ${toss}: expected ${expected}, found ${outcome}`);
  }
  process.exitCode = right === trials && new Set(found.map(({ toss }) => toss)).size === trials ? 0 : 1;
} finally {
  rmSync(logDir, { recursive: true, force: true });
}
