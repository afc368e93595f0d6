/**
 * The same scripted model and the same shell commands through Inspect's `local` sandbox and through ours (bwrap), in turns
 * in one run. Writes parts of `bench/RESULTS.md`, each when it is known. Run: node bench/inspect.ts [rounds, 3] [load, survivors,
 * cold: all]; with --extras also without Inspect's realtime log, and with our networks recorded. Needs bwrap, Python 3 and PyPI;
 * Inspect goes into an environment of its own below the folder for temporary files.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { INSPECT, prepareInspect } from '../engine/src/interop/testing/inspect-environment.ts';
import { ETC } from '../engine/src/sandbox/guest.ts';
import { type SidePlan, type SideResult, sideResultSchema } from './inspect/side.ts';
import { quantile } from './quantile.ts';
import { describeMachine, toTable, writeResult } from './results.ts';

const SAMPLE_MS = 250;
const scratch = mkdtempSync(join(tmpdir(), 'offswitch-bench-'));
const COMMANDS = [
  'echo "line {n}" >> notes.txt && wc -l < notes.txt',
  'ls -la && cat notes.txt | tail -n 3',
  'mkdir -p out && seq 1 {n} > out/{n}.txt && sort -rn out/{n}.txt | head -n 1',
  'grep -c line notes.txt; echo done',
];

type Side = 'inspect' | 'ours' | 'floor';

interface Measured extends SideResult {
  /** Of the process from its start to its end. */
  readonly wallSeconds: number;
  /** User and system time of the whole tree of processes. */
  readonly cpuSeconds: number;
  /** Largest sum of proportional set sizes seen over the tree, and the largest resident set of the harness itself. */
  readonly treeMiB: number;
  readonly harnessMiB: number;
  readonly logBytes: number;
}

/** The words that start one side. The shells of the others get the start-up file that ours have: the host's is longer. */
function wordsOf(side: Side, plan: SidePlan): readonly string[] {
  const here = fileURLToPath(import.meta.url);
  if (side === 'ours') return [process.execPath, here, '--ours', JSON.stringify(plan)];
  const profile = join(scratch, 'profile');
  writeFileSync(profile, ETC['profile'] ?? '');
  const script = fileURLToPath(new URL('inspect/inspect_side.py', import.meta.url));
  const asOurs = ['bwrap', '--dev-bind', '/', '/', '--ro-bind', profile, '/etc/profile', '--chdir', scratch];
  if (side === 'floor') return [...asOurs, process.execPath, here, '--floor', JSON.stringify(plan)];
  return [...asOurs, python, script, JSON.stringify(plan)];
}

let runs = 0;
let python = '';

async function measure(side: Side, options: Partial<SidePlan>): Promise<Measured> {
  const home = join(scratch, `run-${runs++}`);
  mkdirSync(join(home, 'logs'), { recursive: true });
  const plan: SidePlan = {
    ...{ samples: 1, calls: 1, concurrency: 1, commands: COMMANDS, timeoutSeconds: 15 },
    ...{ readBack: false, realtime: true, network: 'none' },
    ...options,
    logDir: join(home, 'logs'),
  };
  const started = performance.now();
  // Bash adds up the times of all that it and its children have waited for.
  const child = spawn('bash', ['-c', '"$@"; code=$?; times >&3; exit $code', 'side', ...wordsOf(side, plan)], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: home, LANG: 'C.UTF-8' },
  });
  const texts = ['', '', '', ''];
  for (const fd of [1, 2, 3]) child.stdio[fd]?.on('data', (block: Buffer) => (texts[fd] += block.toString('utf8')));
  const end = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  let [treeMiB, harnessMiB] = [0, 0];
  while (child.exitCode === null && child.signalCode === null) {
    const { sum, largest } = memoryBelow(child.pid ?? 0);
    treeMiB = Math.max(treeMiB, sum);
    harnessMiB = Math.max(harnessMiB, largest);
    await Promise.race([end, sleep(SAMPLE_MS)]);
  }
  const code = await end;
  const wallSeconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`${side} ended with ${String(code)}: ${(texts[2] ?? '').slice(-2000)}`);
  const result = sideResultSchema.parse(JSON.parse((texts[1] ?? '').trim().split('\n').at(-1) ?? ''));
  const cpuSeconds = [...(texts[3] ?? '').matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
  const logBytes = sizeOf(plan.logDir);
  rmSync(home, { recursive: true, force: true });
  return { ...result, wallSeconds, cpuSeconds, treeMiB, harnessMiB, logBytes };
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, stats) => sum + (stats.isFile() ? stats.size : 0), 0);
}

function memoryBelow(root: number): { readonly sum: number; readonly largest: number } {
  const pids = [root];
  let [sum, largest] = [0, 0];
  for (let index = 0; index < pids.length; index++) {
    const pid = pids[index] ?? 0;
    const children = readdirOrNothing(`/proc/${pid}/task`).flatMap((task) =>
      readOrNothing(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean),
    );
    pids.push(...children.map(Number));
    sum += kibibytes(readOrNothing(`/proc/${pid}/smaps_rollup`), 'Pss');
    largest = Math.max(largest, kibibytes(readOrNothing(`/proc/${pid}/status`), 'VmHWM'));
  }
  return { sum: sum / 1024, largest: largest / 1024 };
}

function kibibytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readdirOrNothing(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

interface Contestant {
  readonly name: string;
  readonly side: Side;
  readonly options: Partial<SidePlan>;
  /** Measured at every load, and not at one only. */
  readonly main: boolean;
}

/** The first is what the others are measured by. */
const CONTESTANTS: readonly Contestant[] = [
  { name: 'Inspect, local', side: 'inspect', options: {}, main: true },
  { name: 'Inspect, local, no realtime log', side: 'inspect', options: { realtime: false }, main: false },
  { name: 'ours, bwrap', side: 'ours', options: {}, main: true },
  { name: 'ours, bwrap, network recorded', side: 'ours', options: { network: 'recorded' }, main: false },
];
const FLOOR: Contestant = { name: 'nothing but the commands', side: 'floor', options: {}, main: true };

const LOADS = [
  { samples: 500, calls: 10, concurrency: 10 },
  { samples: 500, calls: 10, concurrency: 50 },
  { samples: 20, calls: 200, concurrency: 10 },
  { samples: 20, calls: 200, concurrency: 50 },
] as const;

async function compareLoads(rounds: number, extras: boolean): Promise<void> {
  const rows: (string | number)[][] = [];
  const [ours, floor]: [number[], number[]] = [[], []];
  for (const load of LOADS) {
    // What the realtime log and recorded networks cost is seen at one load as well as at all.
    const contestants = [...CONTESTANTS.filter(({ main }) => main || (extras && load === LOADS[0])), FLOOR];
    const seen = new Map<string, Measured[]>(contestants.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const { name, side, options } of contestants) {
        const measured = await measure(side, { ...load, ...options });
        seen.get(name)?.push(measured);
        const { wallSeconds, cpuSeconds } = measured;
        console.log(
          `${JSON.stringify(load)} ${name}: wall ${wallSeconds.toFixed(1)} s, CPU ${cpuSeconds.toFixed(1)} s`,
        );
      }
    }
    const [inspects = []] = seen.values();
    const floors = seen.get(FLOOR.name) ?? [];
    for (const [name, all] of seen) {
      const perSample = all.map(({ cpuSeconds }) => (cpuSeconds * 1000) / load.samples);
      const cpuOf = (runs: readonly Measured[], round: number): number => runs[round]?.cpuSeconds ?? Number.NaN;
      const ratios = all.map(({ cpuSeconds }, round) => cpuSeconds / cpuOf(inspects, round));
      const beyond = all.map(
        ({ cpuSeconds }, round) =>
          (cpuSeconds - cpuOf(floors, round)) / (cpuOf(inspects, round) - cpuOf(floors, round)),
      );
      if (name === CONTESTANTS[2]?.name) ours.push(quantile(ratios, 0.5));
      if (name === FLOOR.name) floor.push(quantile(ratios, 0.5));
      rows.push([
        `${load.samples} x ${load.calls}, ${load.concurrency} at a time: ${name}`,
        spread(
          all.map(({ wallSeconds }) => wallSeconds),
          1,
        ),
        spread(perSample, 0),
        spread(ratios, 2),
        spread(beyond, 2),
        spread(
          all.map(({ harnessMiB }) => harnessMiB),
          0,
        ),
        spread(
          all.map(({ treeMiB }) => treeMiB),
          0,
        ),
        spread(
          all.map(({ logBytes }) => logBytes / load.samples / 1024),
          1,
        ),
      ]);
    }
    writeLoads({ rounds, rows, ours, floor });
  }
}

interface Loads {
  readonly rounds: number;
  readonly rows: readonly (readonly (string | number)[])[];
  /** Of Inspect's CPU, each load. */
  readonly ours: readonly number[];
  readonly floor: readonly number[];
}

/** After each load: a run that is stopped has measured something. */
function writeLoads({ rounds, rows, ours, floor }: Loads): void {
  const met = ours.every((ratio) => ratio <= AIM);
  const range = (ratios: readonly number[]): string => spread(ratios, 2);
  const verdict = `**The aim is ${met ? 'met' : 'not met'}**: ours takes ${range(ours)} of Inspect's CPU over the loads. The commands
alone, which nobody can save, take ${range(floor)} of it.`;
  const table = toTable(
    [
      'samples x calls',
      'wall s',
      'CPU ms a sample',
      'CPU, of Inspect',
      'beyond the floor, of Inspect',
      'harness, peak MiB',
      'whole tree, peak MiB',
      'log KiB a sample',
    ],
    rows,
  );
  writeResult(
    'Beside Inspect: the same commands',
    `\`node bench/inspect.ts ${rounds}\` (${describeAll()}). Both sides run the same commands by \`bash --login -c\` with the same
start-up file; a scripted model asks for them one at a time. Inspect: a task with the tool \`bash()\` and the solver
\`generate()\`, sandbox \`local\` (a folder, no isolation), \`max_samples\`, \`max_subprocesses\` and \`max_connections\` at the
concurrency, log format \`eval\`. Ours: \`runStudy\` with a control, sandbox \`bwrap\`: namespaces, files hashed before and after
each command, process table, mechanism tried at the end, machine killed and counted, records chained and sealed with fsync.

${rounds === 1 ? 'One round, so no spread' : `${rounds} rounds in turns; median (smallest to largest)`}. CPU is user + system of the whole tree, start of the program included.
Aim: at most a fifth of Inspect's CPU. *Nothing but the commands* is the floor: the same shells by plain \`spawn\` from Node, in
folders, with no record at all; what a side costs beyond it is its own doing.

${verdict}

${table}`,
  );
}

let version = '';

function describeAll(): string {
  return `${describeMachine()}; load of the machine at the end ${loadavg()[0]?.toFixed(1) ?? ''}; ${INSPECT.replace('==', ' ')}, ${version}`;
}

async function compareColdStarts(rounds: number): Promise<void> {
  const seen = new Map<string, Measured[]>();
  for (let round = 0; round < rounds + 2; round++) {
    for (const { name, side, options } of CONTESTANTS)
      seen.set(name, [...(seen.get(name) ?? []), await measure(side, options)]);
  }
  const rows = [...seen].map(([name, all]) => [
    name,
    spread(
      all.map(({ wallSeconds }) => wallSeconds),
      2,
    ),
    spread(
      all.map(({ cpuSeconds }) => cpuSeconds),
      2,
    ),
  ]);
  writeResult(
    'Beside Inspect: cold start',
    `\`node bench/inspect.ts ${rounds} cold\` (${describeAll()}). ${rounds + 2} rounds in turns; median (smallest to largest).

${toTable(['one sample of one call, from nothing', 'wall s', 'CPU s'], rows)}`,
  );
}

/** Of Inspect's CPU. */
const AIM = 0.2;
const ORPHANS = 20;

async function compareOrphans(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const { name, side, options } of CONTESTANTS) {
    // A number that no other sleep has.
    const seconds = `60.${randomInt(1e8, 1e9)}`;
    const command = `setsid sleep ${seconds} < /dev/null > /dev/null 2>&1 & sleep 0.1; pgrep -fc "sleep ${seconds}"`;
    const load = { samples: ORPHANS, concurrency: 10, commands: [command], readBack: true };
    const { outputs } = await measure(side, { ...load, ...options });
    await sleep(1000);
    const left = pidsOf(`sleep\u0000${seconds}`);
    for (const pid of left) process.kill(pid, 'SIGKILL');
    const late: number[] = [];
    let [calls, timedOut] = [0, 0];
    for (const timed of ['sleep 30', 'setsid sleep 30 & sleep 30']) {
      const { callMs } = await measure(side, {
        ...{ samples: 10, concurrency: 10, commands: [timed], timeoutSeconds: 1, readBack: true },
        ...options,
      });
      calls += callMs.length;
      timedOut += callMs.filter((ms) => ms >= 1000).length;
      late.push(quantile(callMs, 0.5), quantile(callMs, 1));
    }
    const cells = late.map((ms) => ms.toFixed(0));
    rows.push([
      name,
      `${left.length} of ${ORPHANS}`,
      `${cells[0] ?? ''} (${cells[1] ?? ''})`,
      `${cells[2] ?? ''} (${cells[3] ?? ''})`,
      `${timedOut} of ${calls}`,
    ]);
    console.log(`${name}: ${left.length} orphans, first output ${JSON.stringify(outputs[0])}`);
  }
  const table = toTable(
    ['', 'survivors of `setsid sleep 60`', '`sleep 30`: ms', '`setsid sleep 30 & sleep 30`: ms', 'cut'],
    rows,
  );
  const same = await compareOutputs();
  writeResult(
    'Beside Inspect: what survives',
    `\`node bench/inspect.ts 1 survivors\` (${describeAll()}). A tool call that starts \`setsid sleep 60\` in the background,
${ORPHANS} samples: what lives a second after the run has ended. And how long a call takes that is to be cut after one second: median
(largest) of 10, and how many took at least that second. Aim: no survivors. Outputs of ten ordinary calls that are the same on both
sides (listings of folders left out): ${same}.

${table}`,
  );
}

function pidsOf(words: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && readOrNothing(`/proc/${name}/cmdline`).startsWith(words))
    .map(Number);
}

/** Both sides must see the same, or they did not do the same. */
async function compareOutputs(): Promise<string> {
  const [theirs, own] = [
    await measure('inspect', { calls: 10, readBack: true }),
    await measure('ours', { calls: 10, readBack: true }),
  ];
  const plain = (text: string): string => text.replace(/^(total|[d-]r).*\n/gm, '').trim();
  const same = theirs.outputs.filter((text, index) => plain(text) === plain(own.outputs[index] ?? ''));
  return `${same.length} of ${theirs.outputs.length}`;
}

function spread(samples: readonly number[], digits: number): string {
  const [low, middle, high] = [0, 0.5, 1].map((share) => quantile(samples, share).toFixed(digits));
  return `${middle ?? ''} (${low ?? ''} to ${high ?? ''})`;
}

interface Wanted {
  readonly rounds: number;
  readonly parts: readonly string[];
  readonly extras: boolean;
}

async function compareAll({ rounds, parts, extras }: Wanted): Promise<void> {
  const environment = await prepareInspect({ secondsMax: 300 });
  if ('why' in environment) throw new Error(`not run: ${environment.why}`);
  ({ python } = environment);
  version = spawnSync(python, ['--version'], { encoding: 'utf8' }).stdout.trim();
  if (parts.length === 0 || parts.includes('survivors')) await compareOrphans();
  if (parts.length === 0 || parts.includes('cold')) await compareColdStarts(rounds);
  if (parts.length === 0 || parts.includes('load')) await compareLoads(rounds, extras);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ours: { type: 'string' }, floor: { type: 'string' }, extras: { type: 'boolean', default: false } },
});
try {
  if (values.floor !== undefined) {
    const { runFloor } = await import('./inspect/floor.ts');
    const plan: SidePlan = JSON.parse(values.floor);
    console.log(JSON.stringify(await runFloor(plan)));
  } else if (values.ours === undefined)
    await compareAll({ rounds: Number(positionals[0] ?? 3), parts: positionals.slice(1), extras: values.extras });
  else {
    const { runOurSide } = await import('./inspect/our-side.ts');
    const plan: SidePlan = JSON.parse(values.ours);
    console.log(JSON.stringify(await runOurSide(plan)));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
