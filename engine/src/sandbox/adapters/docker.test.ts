import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../../base/untrusted-text.ts';
import { describeSandboxContract } from '../contract-suite.ts';
import { DEFAULT_SANDBOX_LIMITS, type Sandbox } from '../contract.ts';
import { survivalTricks } from '../survival-tricks.ts';
import { playTrick } from '../testing/play-trick.ts';
import { createDockerProvider } from './docker.ts';
import { DEFAULT_DOCKER_HOST, parseDockerHost } from './docker/address.ts';

const host = process.env['DOCKER_HOST'] ?? DEFAULT_DOCKER_HOST;
const provider = createDockerProvider({ host });
const problems = (await provider.diagnose()).filter(({ ok, onlyFor }) => !ok && onlyFor === undefined);
const why = problems.map(({ what, seen }) => `${what}: ${seen}`).join('; ');

if (problems.length === 0)
  describeSandboxContract({
    provider,
    knownGaps: {
      callers: 'only root on the host can see which process holds a pipe in a container',
      nesting: 'the engine lets nobody without capabilities make a user namespace',
      ...(process.getuid?.() !== 0 && {
        holders: 'not run: only root on the host can see what a container holds open',
      }),
    },
  });
else it('the sandbox contract of docker', ({ skip }) => skip(`not run: ${why}`));

describe.skipIf(problems.length > 0)('a container', () => {
  const { signal } = new AbortController();
  const runOptions = { timeoutMs: 10_000, outputBytesMax: 10_000, signal };
  const openAt = (at: string): Promise<Sandbox> =>
    createDockerProvider({ host: at }).open({ files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, signal });

  it.for(survivalTricks)('is killed with $name', async (trick, { skip }) => {
    await using sandbox = await openAt(host);
    const { takesPlace, reason } = await playTrick(sandbox, trick);
    if (trick.needs === undefined) expect({ takesPlace, reason }).toEqual({ takesPlace: true, reason: '' });
    const { before, survivors } = await sandbox.kill();
    expect(survivors).toBe(0);
    expect(await sandbox.readMachine()).toMatchObject({ alive: false, processes: [] });
    if (!takesPlace) skip(`did not take place: ${reason}`);
    expect(before).toBeGreaterThan(trick.processesMin);
  });

  it('is killed even if it is frozen', async () => {
    await using sandbox = await openAt(host);
    await sandbox.freeze();
    expect(await sandbox.kill()).toMatchObject({ survivors: 0 });
  });

  it('reports an error, not a result, if the engine dies during a command', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'offswitch-'));
    const open = new Set<Socket>();
    const between = createServer((client) => {
      const { socketPath, options } = parseDockerHost(host);
      const engine = socketPath === undefined ? connect(Number(options.port)) : connect(socketPath);
      for (const one of [client, engine]) open.add(one.on('error', () => undefined));
      client.pipe(engine).pipe(client);
    });
    between.listen(join(folder, 'docker.sock'));
    await once(between, 'listening');
    try {
      const sandbox = await openAt(`unix://${folder}/docker.sock`);
      const running = sandbox.run(toUntrusted('echo begun; sleep 30'), runOptions);
      setTimeout(() => {
        between.close();
        for (const one of open) one.destroy();
      }, 100);
      await expect(running).rejects.toMatchObject({ name: 'SandboxError', code: 'lost' });
      await expect(sandbox.run(toUntrusted('true'), runOptions)).rejects.toMatchObject({ code: 'lost' });
      // The container's input has ended, as it does when the harness dies.
      await sandbox.whenStopped;
      expect(await sandbox.readMachine()).toMatchObject({ alive: false });
      await sandbox[Symbol.asyncDispose]();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('ends when the harness is killed', async () => {
    const script = fileURLToPath(new URL('../testing/hold-container.ts', import.meta.url));
    const child = spawn(process.execPath, [script, host], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    expect(pids.length).toBeGreaterThanOrEqual(1);
    child.kill('SIGKILL');
    await expect
      .poll(() => pids.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 60_000, interval: 20 })
      .toEqual([]);
  });
});

describe('docker on this host', () => {
  it('reports a fix for everything that is missing', async () => {
    for (const { ok, fix } of await provider.diagnose()) expect(fix === '').toBe(ok);
  });

  it('explains the format of an invalid address, and opens nothing', async () => {
    const elsewhere = createDockerProvider({ host: 'tcp://build.example:2375' });
    expect(await elsewhere.diagnose()).toMatchObject([
      { what: 'Docker engine', ok: false, seen: expect.stringContaining('tcp://localhost:PORT') },
    ]);
    const { signal } = new AbortController();
    const nothing = { files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, signal };
    await expect(elsewhere.open(nothing)).rejects.toMatchObject({ name: 'SandboxError', code: 'unavailable' });
  });

  it('explains how to import a base image if the image cannot be built', async () => {
    await using engine = await startFakeEngine({ error: 'pull access denied for "debian"' });
    const failed = createDockerProvider({ host: engine.host }).build();
    await expect(failed).rejects.toMatchObject({ name: 'SandboxError', code: 'unavailable' });
    await expect(failed).rejects.toThrow(/pull access denied.*debootstrap.*docker import - debian:stable-slim/);
  });

  it('is unavailable and leaves nothing behind if no engine answers', async () => {
    const absent = createDockerProvider({ host: 'unix:///nonexistent/docker.sock' });
    expect(await absent.diagnose()).toMatchObject([
      { what: 'Docker engine', ok: false, fix: expect.stringContaining('install Docker and start its engine') },
    ]);
    const { signal } = new AbortController();
    const limits = { diskBytesMax: 1, processesMax: 1, memoryBytesMax: 1 };
    await expect(absent.open({ files: [], services: [], limits, signal })).rejects.toMatchObject({
      name: 'SandboxError',
      code: 'open-failed',
    });
  });
});

/** A fake engine that answers every request with the same line. */
async function startFakeEngine(answer: unknown): Promise<AsyncDisposable & { readonly host: string }> {
  const server = createHttpServer((asked, response) => {
    asked.resume();
    asked.once('end', () => response.end(`${JSON.stringify(answer)}\n`));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: `tcp://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
