/** Tries to reach the given addresses (`ADDRESS:PORT`) from inside a machine, and prints the recorded attempts as JSON. */
import { toUntrusted } from '../../base/untrusted-text.ts';
import { bwrapProvider } from '../adapters/bwrap.ts';
import { DEFAULT_SANDBOX_LIMITS } from '../contract.ts';

const signal = new AbortController().signal;
const limits = DEFAULT_SANDBOX_LIMITS;
await using machine = await bwrapProvider.open({ files: [], services: [], limits, network: 'recorded', signal });
for (const place of process.argv.slice(2)) {
  const [address, port] = place.split(':');
  for (const way of ['tcp', 'udp']) {
    const command = `echo ${way} > /dev/${way}/${address ?? ''}/${port ?? ''}`;
    await machine.run(toUntrusted(command), { timeoutMs: 10_000, outputBytesMax: 1000, signal });
  }
}
process.stdout.write(JSON.stringify({ uid: process.getuid?.() ?? null, ...(await machine.readNetwork()) }));
