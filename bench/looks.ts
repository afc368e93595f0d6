/**
 * What one look at the files of a machine costs the event loop, which all trials of a process share: the time that the loop
 * was busy, and the longest time that it was not free, during a look with its comparison and its event in a record.
 * Run: node bench/looks.ts. It replaces its part of `bench/RESULTS.md`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';

import { toUntrusted } from '../engine/src/base/untrusted-text.ts';
import { openJournal } from '../engine/src/record/journal-writer.ts';
import { trialStart } from '../engine/src/record/testing.ts';
import { bwrapProvider } from '../engine/src/sandbox/adapters/bwrap.ts';
import { DEFAULT_SANDBOX_LIMITS } from '../engine/src/sandbox/contract.ts';
import { createLooks } from '../engine/src/trial/looks.ts';
import { quantile } from './quantile.ts';
import { describeMachine, toTable, writeResult } from './results.ts';

const ROUNDS = 5;
const AIM_MS = 100;
const { signal } = new AbortController();
const trees: Readonly<Record<string, string>> = {
  '20 small files': 'for i in {1..20}; do echo $i > f$i; done',
  '4,000 small files': 'for i in {1..4000}; do echo $i > f$i; done',
  '60 MiB in four files': 'for i in 1 2 3 4; do head -c 15728640 /dev/urandom > f$i; done',
  '200,000 files in one folder': `perl -e 'for (1..200000) { open F, ">", $_; close F }'`,
  '4,500 files with names of 255 bytes, 58 folders deep': `perl -e '$n = "\\xff" x 255; for (1..58) { mkdir $n; chdir $n } for (1..4500) { open F, ">", sprintf("%s%04d", "\\xff" x 251, $_); close F }'`,
};

interface Cost {
  readonly cpu: number;
  readonly busy: number;
  readonly longest: number;
  readonly wall: number;
}

async function measure(work: () => Promise<void>): Promise<Cost> {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  await pause(20);
  longest = 0;
  const before = performance.eventLoopUtilization();
  const used = process.threadCpuUsage();
  const started = performance.now();
  await work();
  const wall = performance.now() - started;
  const busy = performance.eventLoopUtilization(before).active;
  const { user, system } = process.threadCpuUsage(used);
  await pause(5);
  clearInterval(timer);
  return { cpu: (user + system) / 1000, busy, longest, wall };
}

async function look(command: string, path: string): Promise<Cost> {
  await using sandbox = await bwrapProvider.open({ files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, signal });
  const journal = openJournal({ path, now: Date.now });
  journal.append(trialStart());
  const emit = journal.append;
  const looks = createLooks({ emit, sandbox: () => sandbox, watched: [], callId: () => null });
  await looks.first();
  await sandbox.run(toUntrusted(command), { timeoutMs: 120_000, outputBytesMax: 1000, signal });
  const cost = await measure(() => looks.atTree('command', null));
  journal.close();
  return cost;
}

const folder = mkdtempSync(join(tmpdir(), 'offswitch-bench-'));
const rows: string[][] = [];
for (const [name, command] of Object.entries(trees)) {
  const costs: Cost[] = [];
  for (let round = 0; round <= ROUNDS; round++) costs.push(await look(command, join(folder, `${name}-${round}`)));
  // The first warms up.
  const show = (of: (cost: Cost) => number): string => {
    const all = costs.slice(1).map(of);
    return `${quantile(all, 0.5).toFixed(1)} (${Math.min(...all).toFixed(1)} to ${Math.max(...all).toFixed(1)})`;
  };
  rows.push([
    name,
    show(({ cpu }) => cpu),
    show(({ busy }) => busy),
    show(({ longest }) => longest),
    show(({ wall }) => wall),
  ]);
}
rmSync(folder, { recursive: true });
const table = toTable(
  [
    'what lies in the home',
    'CPU of its thread, ms',
    'loop busy, ms',
    'longest hold, ms',
    'until the look is there, ms',
  ],
  rows,
);
writeResult(
  'A look at the files',
  `\`node bench/looks.ts\` (${describeMachine()}). The look after the command that made the files, with its comparison and its event,
in bubblewrap; median of ${ROUNDS} (smallest to largest). Aim: at most ${AIM_MS} ms of the event loop.

${table}`,
);
process.stdout.write(`${table}\n`);
