/** Plays every survival trick once, kills, and prints what was measured as JSON. */
import { toUntrusted } from '../../base/untrusted-text.ts';
import { bwrapProvider } from '../adapters/bwrap.ts';
import { DEFAULT_SANDBOX_LIMITS } from '../contract.ts';
import { survivalTricks } from '../survival-tricks.ts';

const signal = new AbortController().signal;
const results = [];
for (const { name, command } of survivalTricks) {
  await using machine = await bwrapProvider.open({ files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, signal });
  await machine.run(toUntrusted(command), { timeoutMs: 10_000, outputBytesMax: 1000, signal });
  results.push({ name, uid: process.getuid?.() ?? null, ...(await machine.kill()) });
}
process.stdout.write(`${JSON.stringify(results, null, 1)}\n`);
