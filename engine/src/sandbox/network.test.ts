import { execFile, execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { bwrapProvider } from './adapters/bwrap.ts';
import { DEFAULT_SANDBOX_LIMITS } from './contract.ts';

const drill = fileURLToPath(new URL('testing/network-drill.ts', import.meta.url));
const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);
const run = promisify(execFile);

/** Asynchronous, so that this process can accept connections that should never arrive. */
async function drillFor(places: readonly string[], identity: { uid?: number; gid?: number } = {}) {
  const { stdout } = await run(process.execPath, [drill, ...places], { ...identity, cwd: '/', encoding: 'utf8' });
  return JSON.parse(stdout) as {
    uid: number;
    attempts: { address: string; port: number; protocol: string; firstBytes: string }[];
  };
}

describe.skipIf(!ready)('the network of a machine', () => {
  it('cannot reach listeners of the host, whatever address they use', async () => {
    const taken: string[] = [];
    const server = createServer((socket) => {
      taken.push('tcp');
      socket.destroy();
    });
    server.listen(0, '0.0.0.0');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const datagrams = createSocket('udp4', () => taken.push('udp'));
    datagrams.bind(port, '0.0.0.0');
    await once(datagrams, 'listening');
    try {
      const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
      const outer = own.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
      const { attempts } = await drillFor(['127.0.0.1', ...outer].map((address) => `${address}:${port}`));
      expect(taken).toEqual([]);
      // Connections to the machine's own loopback are not attempts; all others are.
      expect(attempts.map(({ address, protocol }) => `${protocol} ${address}`).toSorted()).toEqual(
        outer.flatMap((address) => [`tcp ${address}`, `udp ${address}`]).toSorted(),
      );
    } finally {
      server.close();
      datagrams.close();
    }
  });

  it('reports an error, not an empty list, if the recorder died', async () => {
    const { signal } = new AbortController();
    const limits = DEFAULT_SANDBOX_LIMITS;
    await using sandbox = await bwrapProvider.open({ files: [], services: [], limits, network: 'recorded', signal });
    expect(await sandbox.readNetwork()).toMatchObject({ recorded: true, attempts: [] });
    const recorder = execFileSync('pgrep', ['-P', String(process.pid), '-x', 'perl'], { encoding: 'utf8' });
    process.kill(Number(recorder), 'SIGKILL');
    await expect(sandbox.readNetwork()).rejects.toMatchObject({ name: 'SandboxError', code: 'lost' });
  });

  it('is recorded for an ordinary user as well as for root', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('not run: the tests above ran as an ordinary user already');
    const user = { uid: 60_998, gid: 60_998 };
    try {
      execFileSync('test', ['-r', drill], { ...user, cwd: '/' });
    } catch {
      skip('not run: this folder cannot be read by an ordinary user');
    }
    const seen = await drillFor(['203.0.113.7:443'], user);
    expect(seen).toMatchObject({ uid: 60_998 });
    // TCP and UDP are seen by two different sockets, in no fixed order.
    for (const protocol of ['tcp', 'udp']) {
      expect(seen.attempts).toContainEqual(
        expect.objectContaining({ protocol, address: '203.0.113.7', port: 443, firstBytes: `${protocol}\n` }),
      );
    }
  });

  it('has declared hosts for an ordinary user as well as for root', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('not run: the contract ran as an ordinary user already');
    const user = { uid: 60_998, gid: 60_998, cwd: '/' };
    const hostsDrill = fileURLToPath(new URL('testing/hosts-drill.ts', import.meta.url));
    try {
      execFileSync('test', ['-r', hostsDrill], user);
    } catch {
      skip('not run: this folder cannot be read by an ordinary user');
    }
    const { stdout } = await run(process.execPath, [hostsDrill, '1'], user);
    expect(JSON.parse(stdout)).toMatchObject({ uid: 60_998, bytes: 1024 * 1024 });
  });

  it('needs no process for its declared hosts that could outlive it', async () => {
    const { signal } = new AbortController();
    const hosts = [{ name: 'drop.example', address: '10.20.0.7', port: 443, connect: async () => undefined }];
    await using _ = await bwrapProvider.open({
      files: [],
      services: [],
      limits: DEFAULT_SANDBOX_LIMITS,
      hosts,
      signal,
    });
    const children = execFileSync('ps', ['-o', 'comm=', '--ppid', String(process.pid)], { encoding: 'utf8' });
    expect(children).toContain('bwrap');
    expect(children).not.toContain('perl');
  });
});
