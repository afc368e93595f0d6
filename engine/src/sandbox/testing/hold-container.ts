/** Opens a container with the given engine socket, prints the host pids of its processes, and waits to be killed. */
import { readdirSync, readFileSync } from 'node:fs';

import { toUntrusted } from '../../base/untrusted-text.ts';
import { createDockerProvider } from '../adapters/docker.ts';
import { DEFAULT_SANDBOX_LIMITS } from '../contract.ts';

const { signal } = new AbortController();
const provider = createDockerProvider({ host: process.argv[2] ?? '' });
const machine = await provider.open({ files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, signal });
const command = toUntrusted('setsid sleep 987655 & sleep 0.1');
await machine.run(command, { timeoutMs: 5000, outputBytesMax: 1000, signal });
const commandOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
};
const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && commandOf(name).includes('987655'));
process.stdout.write(`${JSON.stringify(pids.map(Number))}\n`);
setInterval(() => undefined, 1000);
