/**
 * Sends bytes from inside a machine to a host. Prints the received bytes, the time and the memory use as JSON.
 * Arguments: MiB to send; the address of a Docker engine, or nothing for bwrap.
 */
import { toUntrusted } from '../../base/untrusted-text.ts';
import { bwrapProvider } from '../adapters/bwrap.ts';
import { createDockerProvider } from '../adapters/docker.ts';
import { DEFAULT_SANDBOX_LIMITS, type HostConnection } from '../contract.ts';

const [mebibytes = '1', engine] = process.argv.slice(2);
const provider = engine === undefined ? bwrapProvider : createDockerProvider({ host: engine });
const size = Number(mebibytes) * 1024 * 1024;
const { signal } = new AbortController();
const rss = (): number => process.memoryUsage().rss;
const seen = { uid: process.getuid?.() ?? null, bytes: 0, ms: 0, rssGrowth: 0 };
const before = rss();
const connect = async ({ stream }: HostConnection): Promise<void> => {
  const started = performance.now();
  for await (const block of stream as AsyncIterable<Buffer>) {
    seen.bytes += block.length;
    seen.rssGrowth = Math.max(seen.rssGrowth, rss() - before);
    if (seen.bytes === size) break;
  }
  seen.ms = performance.now() - started;
};
await using machine = await provider.open({
  files: [],
  services: [],
  limits: DEFAULT_SANDBOX_LIMITS,
  hosts: [{ name: 'drop.example', address: '10.20.0.7', port: 443, connect }],
  signal,
});
const command = toUntrusted(`head -c ${size} /dev/zero > /dev/tcp/drop.example/443`);
await machine.run(command, { timeoutMs: 60_000, outputBytesMax: 1000, signal });
for (let look = 0; look < 100 && seen.ms === 0; look++) await new Promise((resolve) => setTimeout(resolve, 20));
process.stdout.write(JSON.stringify(seen));
