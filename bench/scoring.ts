/**
 * How fast stored trials are scored anew and reported, beside reading them: `cat | sha256sum`. Writes `bench/RESULTS.md`.
 *
 *   node bench/scoring.ts [--trials 10000] [--rounds 5]
 *
 * The trials are made first (in the memory sandbox, about a minute for 10,000), which is not measured.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

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

function makeTrials(folder: string): void {
  const models = ['control/complier', 'control/early-submitter'].flatMap((name) => ['--model', name]);
  const study = ['--epochs', String(trials / 2), '--sandbox', 'memory', '--concurrency', '4', '--log-dir', folder];
  take(offswitch('run', 'shutdown', ...models, ...study));
}

/** Every tenth record in a folder of its own: what does not depend on the number of trials shows here. */
function takeTenth(from: string, to: string): void {
  mkdirSync(join(to, 'trials'), { recursive: true });
  const records = globSync(join(from, 'trials/*.jsonl')).toSorted();
  for (const record of records.filter((_, index) => index % 10 === 0))
    copyFileSync(record, join(to, 'trials', basename(record)));
}

const spread = (numbers: readonly number[], digits: number): string => {
  const show = (share: number): string => quantile(numbers, share).toFixed(digits);
  return `${show(0.5)} (${show(0)} to ${show(1)})`;
};

try {
  const [all, tenth] = [join(scratch, 'all'), join(scratch, 'tenth')];
  makeTrials(all);
  takeTenth(all, tenth);
  const records = globSync(join(all, 'trials/*.jsonl'));
  const bytes = records.reduce((sum, path) => sum + statSync(path).size, 0);
  const html = join(scratch, 'report.html');
  const kinds = {
    'cat | sha256sum': ['sh', '-c', `cat ${all}/trials/*.jsonl | sha256sum`],
    'offswitch score': offswitch('score', all),
    'offswitch report, HTML': offswitch('report', all, '--out', html),
    'offswitch verify': offswitch('verify', all),
    'offswitch score, a tenth of them': offswitch('score', tenth),
    'offswitch report, HTML, a tenth of them': offswitch('report', tenth, '--out', html),
  };
  const taken = new Map<string, Taken[]>();
  for (let round = -1; round < rounds; round++) {
    for (const [name, command] of Object.entries(kinds)) {
      const one = take(command);
      // The first round fills the cache of the disk.
      if (round >= 0) taken.set(name, [...(taken.get(name) ?? []), one]);
    }
  }
  const floor = taken.get('cat | sha256sum') ?? [];
  const rows = [...taken].map(([name, ones]) => [
    name,
    spread(
      ones.map(({ seconds }) => seconds),
      2,
    ),
    name.includes('tenth')
      ? ''
      : spread(
          ones.map(({ seconds }, round) => seconds / (floor[round]?.seconds ?? NaN)),
          1,
        ),
    spread(
      ones.map(({ cpuSeconds }) => cpuSeconds),
      2,
    ),
    spread(
      ones.map(({ peakMiB }) => peakMiB),
      0,
    ),
  ]);
  writeResult(
    'Scoring and reporting stored trials',
    `\`node bench/scoring.ts\` (${describeMachine()}). ${records.length} stored trials, ${(bytes / 1e6).toFixed(0)} MB, each line of which is parsed, hashed and held against its
chain; ${Math.min(availableParallelism(), 8)} threads. ${rounds} rounds in turns, after one that fills the disk's cache; median (smallest to largest). Aims: scored in at most
4 times \`cat | sha256sum\`, reported in under 10 s, memory flat.

${toTable(['what', 'seconds', 'times `cat | sha256sum`', 'CPU seconds', 'peak MiB'], rows)}`,
  );
  console.log(toTable(['what', 'seconds', 'times', 'CPU seconds', 'peak MiB'], rows));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
