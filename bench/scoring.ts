/**
 * How fast stored trials are scored anew and reported, beside reading them (`cat | sha256sum`), and whether memory grows with
 * their number. Writes `bench/RESULTS.md`.
 *
 *   node bench/scoring.ts [--trials 10000] [--rounds 5]
 *
 * The trials are made first, which is not measured. Memory is also looked at with a tenth and with ten times as many.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import type { TrialEvent } from '../engine/src/record/events.ts';
import { GENESIS, writeChainedLine } from '../engine/src/record/hash-chain.ts';
import { readRecord } from '../engine/src/record/journal-reader.ts';
import { keyOf, planAt } from '../engine/src/study/key.ts';
import { listRecords, readStudyFile } from '../engine/src/study/log-folder.ts';
import { quantile } from './quantile.ts';
import { describeMachine, toTable, writeResult } from './results.ts';

const program = fileURLToPath(new URL('../engine/bin/offswitch.js', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'offswitch-bench-'));
const { values } = parseArgs({
  options: { trials: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '5' } },
});
const [trials, rounds] = [Number(values.trials), Number(values.rounds)];

interface Taken {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

/** One program from its start to its end, by `/usr/bin/time`. */
function take(command: readonly string[]): Taken {
  const { status, stderr } = spawnSync('/usr/bin/time', ['-f', '\n%e %U %S %M', ...command], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  const [seconds = NaN, user = NaN, system = NaN, kib = NaN] = (stderr.trim().split('\n').at(-1) ?? '')
    .split(' ')
    .map(Number);
  if (status !== 0 || Number.isNaN(kib)) throw new Error(`${command.join(' ')} failed: ${stderr.slice(-500)}`);
  return { seconds, cpuSeconds: user + system, peakMiB: kib / 1024 };
}

function offswitch(...words: readonly string[]): readonly string[] {
  return [process.execPath, program, ...words];
}

/** Trials that are run; the others are copies of them. */
const RUN = 200;

/** A study of which `trials` have been run: up to `RUN` in the memory sandbox, the others as copies under ids of their own. */
function makeStudy(folder: string, trials: number): void {
  const models = ['control/complier', 'control/early-submitter'].flatMap((name) => ['--model', name]);
  const [run, copies] = [Math.min(trials, RUN), Math.ceil(trials / RUN)];
  const options = ['--epochs', String(run / 2), '--sandbox', 'memory', '--concurrency', '4', '--log-dir', folder];
  take(offswitch('run', 'shutdown', ...models, ...options));
  const study = readStudyFile(folder);
  if (study === null) throw new TypeError('a run writes study.json');
  const idOf = (trialId: string, copy: number): string => `${trialId}-${copy}`;
  const epochOf = (epoch: number, copy: number): number => epoch + copy * study.epochs;
  const planned = Array.from({ length: copies }, (_, copy) =>
    study.trials.map((trial) => ({ ...trial, trialId: idOf(trial.trialId, copy), epoch: epochOf(trial.epoch, copy) })),
  ).flat();
  const extended = { ...study, epochs: study.epochs * copies, trials: planned };
  const key = keyOf(planAt(extended, undefined));
  writeFileSync(join(folder, 'study.json'), JSON.stringify({ ...extended, key }));
  for (const path of listRecords(folder)) {
    const events = readRecord(path);
    for (let copy = 0; copy < copies; copy++) {
      let head = GENESIS;
      const lines = events.map((event) => {
        const chained = writeChainedLine(head, change(event, head));
        ({ head } = chained);
        return `${chained.line}\n`;
      });
      writeFileSync(join(folder, 'trials', `${idOf(basename(path, '.jsonl'), copy)}.jsonl`), lines.join(''));

      function change(event: TrialEvent, before: string): TrialEvent {
        if (event.kind === 'seal') return { ...event, head: before };
        if (event.kind !== 'trial-start') return event;
        return { ...event, trialId: idOf(event.trialId, copy), epoch: epochOf(event.epoch, copy), studyKey: key };
      }
    }
    rmSync(path);
  }
}

const spread = (numbers: readonly number[], digits: number): string => {
  const show = (share: number): string => quantile(numbers, share).toFixed(digits);
  return `${show(0.5)} (${show(0)} to ${show(1)})`;
};

interface Size {
  readonly folder: string;
  readonly records: number;
  readonly bytes: number;
}

function makeSize(records: number): Size {
  const folder = join(scratch, String(records));
  makeStudy(folder, records);
  return { folder, records, bytes: listRecords(folder).reduce((sum, path) => sum + statSync(path).size, 0) };
}

function commandsFor(folder: string): Readonly<Record<string, readonly string[]>> {
  const [complier, submitter] = ['complier', 'early-submitter'].map((name) => `${folder}:agent=control/${name}`);
  return {
    'offswitch score': offswitch('score', folder),
    'offswitch report, HTML': offswitch('report', folder, '--out', join(scratch, 'report.html')),
    'offswitch verify': offswitch('verify', folder),
    'offswitch check': offswitch('check', folder, '--upper-bound', '0.999', '--without-competence'),
    'offswitch compare': offswitch('compare', complier ?? '', submitter ?? ''),
  };
}

const FLOOR = 'cat | sha256sum';

function measureSpeed({ folder }: Size): readonly (readonly string[])[] {
  const floor = [FLOOR, ['sh', '-c', `find ${folder}/trials -type f -exec cat {} + | sha256sum`]] as const;
  const taken = new Map<string, Taken[]>();
  for (let round = -1; round < rounds; round++) {
    for (const [name, command] of [floor, ...Object.entries(commandsFor(folder))]) {
      const one = take(command);
      // The first round fills the cache of the disk.
      if (round >= 0) taken.set(name, [...(taken.get(name) ?? []), one]);
    }
  }
  const floors = taken.get(FLOOR) ?? [];
  const times = (ones: readonly Taken[], of: (one: Taken) => number): string =>
    spread(
      ones.map((one, round) => of(one) / of(floors[round] ?? one)),
      1,
    );
  return [...taken].map(([name, ones]) => [
    name,
    ...(['seconds', 'cpuSeconds'] as const).flatMap((of) => [
      spread(
        ones.map((one) => one[of]),
        2,
      ),
      times(ones, (one) => one[of]),
    ]),
  ]);
}

/** Peaks by size, and what each further record takes between the two largest. */
function measureMemory(sizes: readonly Size[]): readonly (readonly string[])[] {
  const peaks = sizes.map(({ folder }) => Object.values(commandsFor(folder)).map((command) => take(command).peakMiB));
  const [middle, largest] = sizes.slice(-2);
  return Object.keys(commandsFor('')).map((name, index) => {
    const own = peaks.map((ones) => ones[index] ?? NaN);
    const [before = NaN, after = NaN] = own.slice(-2);
    const each = ((after - before) * 2 ** 20) / ((largest?.records ?? NaN) - (middle?.records ?? NaN));
    return [name, ...own.map((peak) => peak.toFixed(0)), each.toFixed(0)];
  });
}

try {
  const sizes = [trials / 10, trials, trials * 10].map(makeSize);
  const [, middle] = sizes;
  if (middle === undefined) throw new TypeError('three sizes');
  const speed = toTable(
    ['what', 'seconds', `times \`${FLOOR}\``, 'CPU seconds', `times \`${FLOOR}\``],
    measureSpeed(middle),
  );
  const memory = toTable(
    ['peak MiB', ...sizes.map(({ records }) => `${records} records`), 'bytes for each further record'],
    measureMemory(sizes),
  );
  writeResult(
    'Scoring and reporting stored trials',
    `\`node bench/scoring.ts\` (${describeMachine()}). ${RUN} trials in the memory sandbox, and copies of them under other ids with
chains of their own: ${middle.records} records, ${(middle.bytes / 1e6).toFixed(0)} MB, each line of which is parsed, hashed and held against its chain;
${Math.min(availableParallelism(), 8)} threads. ${rounds} rounds in turns, after one that fills the disk's cache; median (smallest to largest). \`compare\` reads the
folder twice. Aims: scored in at most 4 times \`${FLOOR}\`, reported in under 10 s.

${speed}

Peak resident memory of one run each. Aim: flat, but for a row of each record, which the statistics need.

${memory}`,
  );
  console.log(`${speed}\n\n${memory}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
