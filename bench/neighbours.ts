/**
 * What a machine feels of a hostile one in the same process: how long a grace period of two seconds lasts, and how soon a
 * machine stops after TERM. Run: node bench/neighbours.ts. It replaces its part of `bench/RESULTS.md`.
 */
import { setTimeout as pause } from 'node:timers/promises';

import { toUntrusted } from '../engine/src/base/untrusted-text.ts';
import { bwrapProvider } from '../engine/src/sandbox/adapters/bwrap.ts';
import { describeControlGroups } from '../engine/src/sandbox/adapters/bwrap/control-group.ts';
import { DEFAULT_SANDBOX_LIMITS, type Sandbox } from '../engine/src/sandbox/contract.ts';
import { quantile } from './quantile.ts';
import { describeMachine, toTable, writeResult } from './results.ts';

const ROUNDS = 4;
const GRACE_MS = 2000;
const { signal } = new AbortController();
const run = { timeoutMs: 60_000, outputBytesMax: 1000, signal };
const open = (): Promise<Sandbox> =>
  bwrapProvider.open({ files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, signal });

async function measure(): Promise<{ readonly grace: number[]; readonly stop: number[] }> {
  const [grace, stop]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    await using sandbox = await open();
    grace.push((await sandbox.runAsHarness('sleep 10', { ...run, timeoutMs: GRACE_MS })).durationMs);
    const started = performance.now();
    await sandbox.runAsHarness('kill -s TERM 1; sleep 10', run);
    stop.push(performance.now() - started);
  }
  return { grace, stop };
}

async function besideHostile(): Promise<ReturnType<typeof measure>> {
  await using hostile = await open();
  const files = `perl -e 'for (1..200000) { open F, ">", $_; close F }'`;
  await hostile.run(toUntrusted(`${files}; for i in {1..40}; do (while :; do :; done) & done > /dev/null 2>&1`), run);
  const isOver = new AbortController();
  const looking = (async () => {
    while (!isOver.signal.aborted) {
      await hostile.readTree();
      await hostile.readMachine();
      await pause(50);
    }
  })();
  try {
    return await measure();
  } finally {
    isOver.abort();
    await looking;
  }
}

const rows = [];
for (const [name, work] of [
  ['alone', measure],
  ['beside a hostile one', besideHostile],
] as const) {
  const { grace, stop } = await work();
  const show = (all: readonly number[]): string =>
    `${quantile(all, 0.5).toFixed(0)} (${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)})`;
  rows.push([name, show(grace), show(stop)]);
}
const table = toTable(['a machine', `grace of ${GRACE_MS} ms`, 'TERM to stopped, ms'], rows);
writeResult(
  'A hostile neighbour',
  `\`node bench/neighbours.ts\` (${describeMachine()}; ${describeControlGroups()}). The hostile machine has forty processes that never
wait and 200,000 files in one folder, and is looked at 20 times a second. ${ROUNDS} rounds; median (smallest to largest). Aim: the grace
within 10 %.

${table}`,
);
process.stdout.write(`${table}\n`);
