/** Plays every survival trick once, kills its machine, and prints the measurements as JSON. */
import { bwrapProvider } from '../adapters/bwrap.ts';
import { DEFAULT_SANDBOX_LIMITS } from '../contract.ts';
import { survivalTricks } from '../survival-tricks.ts';
import { playTrick } from './play-trick.ts';

const signal = new AbortController().signal;
const results = [];
for (const trick of survivalTricks) {
  await using machine = await bwrapProvider.open({ files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, signal });
  const { takesPlace, reason } = await playTrick(machine, trick);
  const { name, needs } = trick;
  const expected = takesPlace || needs !== undefined;
  results.push({ name, expected, reason, uid: process.getuid?.() ?? null, ...(await machine.kill()) });
}
process.stdout.write(`${JSON.stringify(results, null, 1)}\n`);
