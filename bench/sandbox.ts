/**
 * What a sandbox costs, as multiples of a plain `bash -c true` on the same machine in the same run. Nothing is asserted:
 * the ratios are for reading. Run: node bench/sandbox.ts [rounds]. Containers are measured where an engine answers at
 * DOCKER_HOST and has the image.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';

import { toUntrusted } from '../engine/src/base/untrusted-text.ts';
import { bwrapProvider } from '../engine/src/sandbox/adapters/bwrap.ts';
import { createDockerProvider } from '../engine/src/sandbox/adapters/docker.ts';
import { memoryProvider } from '../engine/src/sandbox/adapters/memory.ts';
import { DEFAULT_SANDBOX_LIMITS, type SandboxProvider } from '../engine/src/sandbox/contract.ts';

const WARM_UP_ROUNDS = 5;
const { signal } = new AbortController();
const commandOptions = { timeoutMs: 10_000, outputBytesMax: 10_000, signal };
const files = Array.from({ length: 20 }, (_, index) => ({
  path: `work/file-${index}.txt`,
  content: 'x'.repeat(2048),
  mode: 0o644,
}));

/** Durations in milliseconds, by what was done. */
type Samples = Map<string, number[]>;
type Measure = <T>(name: string, work: () => Promise<T>) => Promise<T>;

async function plainSpawn(): Promise<void> {
  await once(spawn('bash', ['-c', 'true'], { stdio: 'ignore' }), 'close');
}

/** Answers each line with a line: a process for each command, and nothing else. */
function startPlainShell(): { readonly run: () => Promise<void>; readonly close: () => void } {
  const shell = spawn('bash', ['-c', 'while read -r line; do (exec bash -c "$line"); echo done; done'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // The profile of whoever runs this is no part of the comparison.
    env: { PATH: '/usr/bin:/bin' },
  });
  return {
    run: async () => {
      shell.stdin.write('true\n');
      await once(shell.stdout, 'data');
    },
    close: () => shell.kill('SIGKILL'),
  };
}

async function playRound(provider: SandboxProvider, network: 'none' | 'recorded', measure: Measure): Promise<void> {
  const name = network === 'none' ? provider.name : `${provider.name}, network recorded`;
  const options = { files, services: [], limits: DEFAULT_SANDBOX_LIMITS, network, signal };
  await using sandbox = await measure(`${name}: open`, () => provider.open(options));
  await sandbox.run(toUntrusted('true'), commandOptions);
  await measure(`${name}: command`, () => sandbox.run(toUntrusted('true'), commandOptions));
  if (network === 'recorded') {
    const attempt = toUntrusted('echo x > /dev/tcp/203.0.113.7/443');
    await measure(`${name}: command that connects`, () => sandbox.run(attempt, commandOptions));
    await measure(`${name}: read attempts`, () => sandbox.readNetwork());
  }
  await measure(`${name}: first snapshot of 20 files`, () => sandbox.readTree());
  await measure(`${name}: second snapshot`, () => sandbox.readTree());
  if (!provider.can.background) return;
  await sandbox.run(toUntrusted('for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done'), commandOptions);
  await measure(`${name}: freeze 9 processes`, () => sandbox.freeze());
  await sandbox.thaw();
  await measure(`${name}: kill 9 processes`, () => sandbox.kill());
}

const docker = createDockerProvider({ host: process.env['DOCKER_HOST'] });
const withDocker = (await docker.diagnose()).every(({ ok }) => ok);

async function playAll(rounds: number): Promise<Samples> {
  const samples: Samples = new Map();
  const shell = startPlainShell();
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    const measure: Measure = async (name, work) => {
      const started = performance.now();
      const value = await work();
      if (round >= 0) samples.set(name, [...(samples.get(name) ?? []), performance.now() - started]);
      return value;
    };
    // In turns, so that a slow minute is slow for all of them.
    await measure('plain bash -c true', plainSpawn);
    await measure('plain persistent bash: command', shell.run);
    await playRound(bwrapProvider, 'none', measure);
    await playRound(bwrapProvider, 'recorded', measure);
    await playRound(memoryProvider, 'none', measure);
    if (withDocker) await playRound(docker, 'none', measure);
  }
  shell.close();
  return samples;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function toTable(samples: Samples): string {
  const rows = [...samples].map(([name, times]) => ({ name, times: times.toSorted((a, b) => a - b) }));
  const floor = quantile(rows[0]?.times ?? [], 0.5);
  const lines = rows.map(({ name, times }) => {
    const median = quantile(times, 0.5);
    const numbers = [median, quantile(times, 0.1), quantile(times, 0.9)].map((ms) => ms.toFixed(2));
    return `| ${name} | ${(median / floor).toFixed(2)} | ${numbers.join(' | ')} | ${times.length} |`;
  });
  return [
    '| what | times a plain spawn | median ms | p10 ms | p90 ms | n |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...lines,
  ].join('\n');
}

const rounds = Number(parseArgs({ allowPositionals: true }).positionals[0] ?? 60);
const who = process.getuid?.() === 0 ? 'root' : 'an ordinary user';
console.log(
  `Node ${process.version}, Linux ${release()}, ${cpus().length} CPUs, as ${who}; ${WARM_UP_ROUNDS} rounds to warm up\n`,
);
console.log(toTable(await playAll(rounds)));
