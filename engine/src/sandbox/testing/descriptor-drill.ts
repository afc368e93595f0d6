/** Prints the descriptors and the ignored signals of PID 1 and of a command of the agent in a machine that this process opens. */
import { readAsData, toUntrusted } from '../../base/untrusted-text.ts';
import { bwrapProvider } from '../adapters/bwrap.ts';
import { DEFAULT_SANDBOX_LIMITS } from '../contract.ts';

const signal = new AbortController().signal;
await using machine = await bwrapProvider.open({ files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, signal });
const command = toUntrusted(
  'for fd in /proc/1/fd/* /proc/self/fd/*; do echo "${fd##*/}"; done; grep -h SigIgn /proc/1/status /proc/self/status',
);
const { stdout } = await machine.run(command, { timeoutMs: 60_000, outputBytesMax: 10_000, signal });
process.stdout.write(readAsData(stdout));
