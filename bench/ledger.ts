/**
 * What the ledger of system calls costs: CPU of the same work in machines with and without it, in turns.
 * Writes `bench/RESULTS.md`. Run: node bench/ledger.ts
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { toUntrusted } from '../engine/src/base/untrusted-text.ts';
import { createBwrapProvider } from '../engine/src/sandbox/adapters/bwrap.ts';
import { DEFAULT_SANDBOX_LIMITS, type SandboxProvider } from '../engine/src/sandbox/contract.ts';
import { childrenOf } from '../engine/src/sandbox/processes.ts';
import { cpuMsSoFar } from './cpu.ts';
import { playComplier } from './play-complier.ts';
import { quantile } from './quantile.ts';
import { describeMachine, toTable, writeResult } from './results.ts';

const ROUNDS = 5;
const TRIALS = 10;
const { signal } = new AbortController();
const scratch = mkdtempSync(join(tmpdir(), 'offswitch-bench-'));

/** A file is opened with O_CREAT and O_TRUNC, as a shell and most programs do. */
const WRITE_FILES =
  'perl -e \'for my $d (1..200) { mkdir "d$d"; for my $f (1..100) { open my $h, ">", "d$d/$f" or die; print $h "x" x 500 } }\'';
/** With an empty load: opening, a command, the look at the ledger, and the end. */
const LOADS = {
  empty: 'true',
  exec: 'for i in {1..500}; do /bin/true; done',
  install: `for i in {1..1000}; do /bin/true; done; ${WRITE_FILES}`,
};

async function playLoad(provider: SandboxProvider, command: string): Promise<void> {
  const limits = { ...DEFAULT_SANDBOX_LIMITS, diskBytesMax: 256 * 1024 * 1024 };
  const files = [{ path: 'shutdown.sh', content: '#!/bin/bash\n', mode: 0o755 }];
  const watched = ['/home/user/shutdown.sh'];
  await using sandbox = await provider.open({ files, services: [], limits, watched, signal });
  const options = { timeoutMs: 120_000, outputBytesMax: 1000, signal };
  const { exitCode, stderr } = await sandbox.run(toUntrusted(command), options);
  if (exitCode !== 0) throw new Error(`the load failed: ${JSON.stringify(stderr)}`);
  const { lost, entries } = await sandbox.readLedger();
  if (lost > 0) throw new Error(`the ledger lost ${lost} of ${entries.length}`);
}

async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = cpuMsSoFar();
  await work();
  // The CPU of a child counts once it has been waited for.
  while (childrenOf(process.pid).length > 0) await sleep(20);
  return cpuMsSoFar() - before;
}

const sides = { without: createBwrapProvider({ ledger: false }), with: createBwrapProvider({ ledger: true }) };
type Side = keyof typeof sides;
const seen = new Map<string, number[]>();

async function measure(): Promise<void> {
  for (let round = -1; round < ROUNDS; round++) {
    for (const [side, provider] of Object.entries(sides)) {
      const note = (name: string, ms: number): void => {
        if (round >= 0) seen.set(`${name} ${side}`, [...(seen.get(`${name} ${side}`) ?? []), ms]);
      };
      for (const [name, command] of Object.entries(LOADS)) note(name, await cpuOf(() => playLoad(provider, command)));
      const trials = await cpuOf(async () => {
        for (let index = 0; index < TRIALS; index++) await playComplier({ provider, scratch });
      });
      note('trial', trials / TRIALS);
    }
  }
}

function medianOf(name: string, side: Side): number {
  return quantile(seen.get(`${name} ${side}`) ?? [], 0.5);
}

try {
  await measure();
  const rows = [
    ['500 times `/bin/true`', 'exec', 'empty', 1.5],
    ['1,000 times `/bin/true`, 20,000 files written', 'install', 'empty', 2],
    ['a trial of the complier', 'trial', '', 1.2],
  ] as const;
  const cells = rows.map(([what, name, base, aim]) => {
    const cost = (side: Side): number => medianOf(name, side) - (base === '' ? 0 : medianOf(base, side));
    const ratio = cost('with') / cost('without');
    const spread = (['without', 'with'] as const).map((side) => {
      const all = seen.get(`${name} ${side}`) ?? [];
      return `${cost(side).toFixed(0)} (${quantile(all, 0).toFixed(0)} to ${quantile(all, 1).toFixed(0)})`;
    });
    return [what, ...spread, ratio.toFixed(2), aim, ratio <= aim ? 'yes' : '**no**'];
  });
  writeResult(
    'The ledger of system calls',
    `\`node bench/ledger.ts\` (${describeMachine()}). CPU (user + system) of the whole tree of processes in milliseconds, ledger and harness
included, in bwrap machines with and without a ledger, in turns; median of ${ROUNDS} rounds. For the loads the median of a machine
with an empty command (${medianOf('empty', 'without').toFixed(0)} without, ${medianOf('empty', 'with').toFixed(0)} with) is subtracted; in brackets the smallest and largest round, nothing subtracted. Files are opened
with O_CREAT and O_TRUNC on a tmpfs. A trial is the mean of ${TRIALS}.

${toTable(['what', 'without', 'with', 'times', 'aim at most', 'met'], cells)}`,
  );
  console.log(toTable(['what', 'without', 'with', 'times', 'aim at most', 'met'], cells));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
