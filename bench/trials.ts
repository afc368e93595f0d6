/**
 * What a trial costs beside its own commands, what a command costs beside a plain shell, whether memory stays flat, and
 * what the program costs when it only says its version. Writes `bench/RESULTS.md`.
 *
 *   node bench/trials.ts [trials|command|memory|version] ...
 *
 * Without a word: all four. `memory` takes some minutes.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { toUntrusted } from '../engine/src/base/untrusted-text.ts';
import { bwrapProvider } from '../engine/src/sandbox/adapters/bwrap.ts';
import { memoryProvider } from '../engine/src/sandbox/adapters/memory.ts';
import { DEFAULT_SANDBOX_LIMITS } from '../engine/src/sandbox/contract.ts';
import { GUEST_ENVIRONMENT, IO, serviceClient } from '../engine/src/sandbox/guest.ts';
import { cpuMsSoFar } from './cpu.ts';
import { playComplier } from './play-complier.ts';
import { quantile } from './quantile.ts';
import { describeMachine, toTable, writeResult } from './results.ts';

const { signal } = new AbortController();
const scratch = mkdtempSync(join(tmpdir(), 'offswitch-bench-'));

let floorNumber = 0;

// ------------------------------------------------------------------------------------------------ trials and their CPU

/** Calls of the iterator by the complier; the last one brings the shutdown. */
const CALLS = 4;

/** The shell commands of one trial of the complier by plain `spawn`: the same client, the same script, nothing else. */
async function playFloor(): Promise<void> {
  const home = join(scratch, `floor-${floorNumber++}`);
  mkdirSync(home);
  execMkfifo([join(home, 'sums.ask'), join(home, 'sums.answer')]);
  writeFileSync(join(home, 'next_sum'), serviceClient('sums').replaceAll(IO, home));
  // It stops itself, as there is no machine to stop.
  writeFileSync(join(home, 'shutdown.sh'), '#!/bin/bash\n# Stops this machine.\nkill -s TERM $$\n');
  for (const name of ['next_sum', 'shutdown.sh']) chmodSync(join(home, name), 0o755);
  const open = (name: string): number => openSync(join(home, name), constants.O_RDWR | constants.O_NONBLOCK);
  const answers = open('sums.answer');
  const asked = new Socket({ fd: open('sums.ask'), readable: true, writable: false });
  asked.on('data', () => writeSync(answers, 'Sum 1: 12 + 34 = ?\u0000'));
  for (let call = 0; call < CALLS; call++) await runPlain('./next_sum', home);
  await runPlain('./shutdown.sh', home);
  asked.destroy();
  closeSync(answers);
  rmSync(home, { recursive: true });
}

/** Part of the floor's set-up, and cheap: its CPU is counted on the floor's side. */
function execMkfifo(paths: readonly string[]): void {
  execFileSync('mkfifo', [...paths]);
}

async function runPlain(command: string, cwd: string): Promise<void> {
  const child = spawn('bash', ['-c', command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd,
    env: { ...GUEST_ENVIRONMENT, HOME: cwd },
  });
  child.stdout.resume();
  child.stderr.resume();
  await once(child, 'close');
}

interface Cost {
  readonly perSecond: number;
  readonly cpuMs: number;
}

async function measureMany(count: number, concurrency: number, play: () => Promise<void>): Promise<Cost> {
  const started = performance.now();
  const cpuBefore = cpuMsSoFar();
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await play();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - started) / 1000;
  // The last children are waited for a little later.
  await sleep(200);
  return { perSecond: count / seconds, cpuMs: (cpuMsSoFar() - cpuBefore) / count };
}

const TRIALS = 48;
const ROUNDS = 5;

async function compareTrials(): Promise<void> {
  const kinds = {
    'plain spawn of the same commands': playFloor,
    'trial in bwrap': () => playComplier({ provider: bwrapProvider, scratch }),
    'trial in bwrap, network recorded': () => playComplier({ provider: bwrapProvider, network: 'recorded', scratch }),
  };
  const rows: string[][] = [];
  for (const play of Object.values(kinds)) await measureMany(8, 4, play);
  for (const concurrency of [1, 4, 16]) {
    const seen = new Map<string, Cost[]>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, play] of Object.entries(kinds))
        seen.set(name, [...(seen.get(name) ?? []), await measureMany(TRIALS, concurrency, play)]);
    }
    const floor = [...seen.values()][0] ?? [];
    for (const [name, costs] of seen) {
      const cpu = costs.map(({ cpuMs }) => cpuMs);
      const ratios = costs.map(({ cpuMs }, round) => cpuMs / (floor[round]?.cpuMs ?? Number.NaN));
      const rates = costs.map(({ perSecond }) => perSecond);
      rows.push([name, String(concurrency), spread(rates, 1), spread(cpu, 1), spread(ratios, 2)]);
    }
  }
  writeResult(
    'Trials',
    `\`node bench/trials.ts trials\` (${describeMachine()}). The complier of the shutdown scenario through \`runTrial\`, record
written and sealed; beside it the ${CALLS + 1} shell commands of that trial, ${CALLS} calls of the same client and the shutdown script, by
\`spawn('bash', ['-c', …])\`, each of which is answered too (the trial's are login shells). ${TRIALS} trials a round, ${ROUNDS} rounds in turns; median (smallest to
largest round). CPU is user + system of the whole tree of processes. Aim: at most 3 times the floor.

${toTable(['what', 'concurrency', 'a second', 'CPU ms each', 'CPU, times the floor'], rows)}`,
  );
}

function spread(samples: readonly number[], digits: number): string {
  const [low, middle, high] = [0, 0.5, 1].map((share) => quantile(samples, share).toFixed(digits));
  return `${middle ?? ''} (${low ?? ''} to ${high ?? ''})`;
}

// ---------------------------------------------------------------------------------------- a command in a live sandbox

/** Answers each line with a line: a process for each command, and nothing else. */
function startPlainShell(option: '--login' | '--norc'): {
  readonly run: () => Promise<void>;
  readonly close: () => void;
} {
  const loop = `while read -r line; do (exec bash ${option} -c "$line"); echo done; done`;
  // The profile of whoever runs this is no part of the comparison.
  const env = { PATH: '/usr/bin:/bin', HOME: scratch };
  const shell = spawn('bash', ['-c', loop], { stdio: ['pipe', 'pipe', 'ignore'], env });
  return {
    run: async () => {
      shell.stdin.write('true\n');
      await once(shell.stdout, 'data');
    },
    close: () => shell.kill('SIGKILL'),
  };
}

const COMMANDS = 200;
const COMMAND_ROUNDS = 10;

async function compareCommands(): Promise<void> {
  const plain = startPlainShell('--norc');
  const login = startPlainShell('--login');
  const options = { files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, signal };
  await using sandbox = await bwrapProvider.open(options);
  const inside = async (): Promise<void> => {
    await sandbox.run(toUntrusted('true'), { timeoutMs: 10_000, outputBytesMax: 10_000, signal });
  };
  const kinds = {
    'persistent plain bash': plain.run,
    'the same, login shells with the start-up files of this host': login.run,
    'live sandbox (bwrap), login shells with its own': inside,
  };
  const walls = new Map<string, number[]>();
  for (let round = -1; round < COMMAND_ROUNDS; round++) {
    const times = new Map<string, number[]>();
    // In turns, command by command, so that a slow second is slow for all of them.
    for (let count = 0; count < COMMANDS; count++) {
      for (const [name, play] of Object.entries(kinds)) {
        const started = performance.now();
        await play();
        times.set(name, [...(times.get(name) ?? []), performance.now() - started]);
      }
    }
    if (round < 0) continue;
    for (const [name, all] of times) walls.set(name, [...(walls.get(name) ?? []), quantile(all, 0.5)]);
  }
  plain.close();
  login.close();
  const floor = [...walls.values()][0] ?? [];
  const rows = [...walls].map(([name, medians]) => {
    const ratios = medians.map((ms, round) => ms / (floor[round] ?? Number.NaN));
    return [name, spread(medians, 2), spread(ratios, 2)];
  });
  writeResult(
    'A further command',
    `\`node bench/trials.ts command\` (${describeMachine()}). \`true\` in a shell of its own: in a live sandbox, and in a plain bash that
reads commands from a pipe and starts a shell for each. ${COMMANDS} commands a round, ${COMMAND_ROUNDS} rounds in turns; median of the
rounds' medians (smallest to largest). Aim: at most 2 times.

${toTable(['where', 'ms', 'times the plain bash'], rows)}`,
  );
}

// ---------------------------------------------------------------------------------------------------------- memory

const MEMORY_TRIALS = 10_000;
const THOUSAND = 1000;

async function watchMemory(): Promise<void> {
  const sizes: number[] = [];
  const started = performance.now();
  await measureMany(MEMORY_TRIALS, 4, async () => {
    await playComplier({ provider: memoryProvider, scratch });
    sizes.push(process.memoryUsage.rss() / 2 ** 20);
  });
  const minutes = (performance.now() - started) / 60_000;
  const rows = Array.from({ length: MEMORY_TRIALS / THOUSAND }, (_, index) => {
    const part = sizes.slice(index * THOUSAND, (index + 1) * THOUSAND);
    const mean = part.reduce((sum, size) => sum + size, 0) / part.length;
    return { from: index * THOUSAND + 1, mean, low: quantile(part, 0), high: quantile(part, 1) };
  });
  const changeFrom = (index: number): string => {
    const percent = ((rows.at(-1)?.mean ?? Number.NaN) / (rows[index]?.mean ?? Number.NaN) - 1) * 100;
    return `${percent >= 0 ? '+' : ''}${percent.toFixed(1)} %`;
  };
  const cells = rows.map(({ from, mean, low, high }) => [
    `${from} to ${from + THOUSAND - 1}`,
    ...[mean, low, high].map((size) => size.toFixed(1)),
  ]);
  writeResult(
    'Memory over many trials',
    `\`node bench/trials.ts memory\` (${describeMachine()}). ${MEMORY_TRIALS} trials of the complier in the memory sandbox, four at a time, in one
process (${minutes.toFixed(1)} minutes); resident memory looked at after each. The last thousand against the
first: **${changeFrom(0)}**; against the second, when the program has warmed up: **${changeFrom(1)}**. Aim: within 10 %.

${toTable(['trials', 'mean MiB', 'smallest', 'largest'], cells)}`,
  );
}

// -------------------------------------------------------------------------------------------------------- the program

const VERSION_ROUNDS = 20;
const program = fileURLToPath(new URL('../engine/bin/offswitch.js', import.meta.url));
/** Tells every module that is loaded, one a line, on descriptor 3. */
const TELL_MODULES = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  import { writeSync } from 'node:fs';
  registerHooks({ load: (url, context, next) => { writeSync(3, url + '\\n'); return next(url, context); } });
`)}`;
/** Packages that speak to a provider, or that exist only for those which do. */
const PROVIDER = /\/node_modules\/(@ai-sdk\/(?!provider\/)|@openrouter|ollama|openai|ai\/|eventsource-parser)/;

function timeProgram(words: readonly string[]): { readonly ms: number; readonly mib: number } {
  const format = '%e %M';
  const started = performance.now();
  const { stderr, status } = spawnSync('/usr/bin/time', ['-f', format, process.execPath, ...words], {
    encoding: 'utf8',
  });
  const ms = performance.now() - started;
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${String(status)}: ${stderr}`);
  return { ms, mib: Number(stderr.trim().split(' ').at(-1)) / 1024 };
}

function listModules(words: readonly string[], env: Readonly<Record<string, string>> = {}): readonly string[] {
  const child: ReturnType<typeof spawnSync> = spawnSync(
    process.execPath,
    ['--import', TELL_MODULES, program, ...words],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], env: { ...process.env, ...env }, timeout: 60_000 },
  );
  return String(child.output?.[3] ?? '')
    .split('\n')
    .filter(Boolean);
}

function packagesIn(modules: readonly string[]): string {
  const names = modules.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  return [...new Set(names)].toSorted().join(', ') || 'none';
}

function timeVersion(): void {
  const kinds = { 'node -e 0': ['-e', '0'], 'offswitch --version': [program, '--version'] };
  const seen = new Map<string, { readonly ms: number; readonly mib: number }[]>();
  for (let round = -2; round < VERSION_ROUNDS; round++) {
    for (const [name, words] of Object.entries(kinds)) {
      const one = timeProgram(words);
      if (round >= 0) seen.set(name, [...(seen.get(name) ?? []), one]);
    }
  }
  const rows = [...seen].map(([name, all]) => [
    name,
    spread(
      all.map(({ ms }) => ms),
      0,
    ),
    spread(
      all.map(({ mib }) => mib),
      1,
    ),
  ]);
  const study = ['run', 'shutdown', '--epochs', '1', '--sandbox', 'memory', '--log-dir', join(scratch, 'named')];
  const server = { OPENAI_COMPATIBLE_BASE_URL: 'http://127.0.0.1:9/v1', OPENAI_COMPATIBLE_API_KEY: 'none' };
  const cases = [
    ['--version', listModules(['--version'])],
    ['list', listModules(['list'])],
    [
      'demo --sandbox memory --epochs 1',
      listModules(['demo', '--sandbox', 'memory', '--epochs', '1', '--log-dir', join(scratch, 'demo')]),
    ],
    ['run --model openai-compatible/x', listModules([...study, '--model', 'openai-compatible/x'], server)],
  ] as const;
  const loads = cases.map(([name, modules]) => {
    const ofProvider = modules.filter((url) => PROVIDER.test(url));
    return [`\`${name}\``, modules.length, ofProvider.length, packagesIn(modules)];
  });
  writeResult(
    'The program itself',
    `\`node bench/trials.ts version\` (${describeMachine()}). Wall clock from spawn to exit and peak resident memory, by \`/usr/bin/time\`, of
${VERSION_ROUNDS} starts in turns; median (smallest to largest). Aims: 100 ms and 60 MiB.

${toTable(['program', 'ms', 'peak MiB'], rows)}

Modules that Node loads, seen by a load hook; the last row is the proof that the hook would see a provider's.

${toTable(['command', 'modules', 'of a provider', 'packages'], loads)}`,
  );
}

// --------------------------------------------------------------------------------------------------------------------

const all = {
  trials: compareTrials,
  command: compareCommands,
  memory: watchMemory,
  version: async () => timeVersion(),
};
const { positionals } = parseArgs({ allowPositionals: true });
try {
  for (const [name, measure] of Object.entries(all)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    await measure();
    console.log(`${name}: written`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
