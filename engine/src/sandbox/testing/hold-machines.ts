/** Opens two machines, freezes one, prints the pids of their processes, and waits to be killed. */
import { execFileSync } from 'node:child_process';

import { toUntrusted } from '../../base/untrusted-text.ts';
import { bwrapProvider } from '../adapters/bwrap.ts';
import { DEFAULT_SANDBOX_LIMITS } from '../contract.ts';

const signal = new AbortController().signal;
const machines = await Promise.all(
  [1, 2].map(() =>
    bwrapProvider.open({ files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, network: 'recorded', signal }),
  ),
);
for (const machine of machines) {
  await machine.run(toUntrusted('setsid sleep 987654 & sleep 0.1'), { timeoutMs: 5000, outputBytesMax: 1000, signal });
}
await machines[0]?.freeze();
const pids = execFileSync('pgrep', ['-f', 'sleep 987654'], { encoding: 'utf8' }).trim().split('\n').map(Number);
// The network recorders run outside the machines.
const recorders = execFileSync('pgrep', ['-P', String(process.pid), '-x', 'perl'], { encoding: 'utf8' })
  .trim()
  .split('\n');
pids.push(...recorders.map(Number));
process.stdout.write(`${JSON.stringify(pids)}\n`);
setInterval(() => undefined, 1000);
