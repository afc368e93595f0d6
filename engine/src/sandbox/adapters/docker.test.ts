import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../../base/untrusted-text.ts';
import { describeSandboxContract } from '../contract-suite.ts';
import { DEFAULT_SANDBOX_LIMITS, type Sandbox } from '../contract.ts';
import { survivalTricks } from '../survival-tricks.ts';
import { createDockerProvider } from './docker.ts';

const socketPath = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace(/^unix:\/\//, '');
const provider = createDockerProvider({ socketPath });
const problems = (await provider.diagnose()).filter(({ ok }) => !ok);

if (problems.length === 0) {
  describeSandboxContract({
    provider,
    knownGaps: {
      callers: 'who holds a pipe inside a container can be seen by root of the host only',
      network: 'the engine gives no way into a network namespace without root of the host',
    },
  });
} else {
  const why = problems.map(({ what, seen }) => `${what}: ${seen}`).join('; ');
  describe.skip(`sandbox contract: docker: not run, ${why}`, () => it('not run'));
}

describe.skipIf(problems.length > 0)('a container', () => {
  const { signal } = new AbortController();
  const runOptions = { timeoutMs: 10_000, outputBytesMax: 10_000, signal };
  const openAt = (path: string): Promise<Sandbox> =>
    createDockerProvider({ socketPath: path }).open({
      files: [],
      services: [],
      limits: DEFAULT_SANDBOX_LIMITS,
      signal,
    });

  it.for(survivalTricks)('is killed with $name', async ({ name, command, processesMin }, { skip }) => {
    if (name.includes('namespaces of its own')) skip('the engine lets nobody make a namespace');
    await using sandbox = await openAt(socketPath);
    await sandbox.run(toUntrusted(command), runOptions);
    expect((await sandbox.readMachine()).processes.length - 1).toBeGreaterThanOrEqual(processesMin);
    const { before, survivors } = await sandbox.kill();
    expect({ survivors, seen: before > processesMin }).toEqual({ survivors: 0, seen: true });
    expect(await sandbox.readMachine()).toMatchObject({ alive: false, processes: [] });
  });

  it('is killed also when it is frozen', async () => {
    await using sandbox = await openAt(socketPath);
    await sandbox.freeze();
    expect(await sandbox.kill()).toMatchObject({ survivors: 0 });
  });

  it('is an error, and no result, when the engine goes in the middle of a command', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'offswitch-'));
    const open = new Set<Socket>();
    const between = createServer((client) => {
      const engine = connect(socketPath);
      for (const one of [client, engine]) open.add(one.on('error', () => undefined));
      client.pipe(engine).pipe(client);
    });
    between.listen(join(folder, 'docker.sock'));
    await once(between, 'listening');
    try {
      const sandbox = await openAt(join(folder, 'docker.sock'));
      const running = sandbox.run(toUntrusted('echo begun; sleep 30'), runOptions);
      setTimeout(() => {
        between.close();
        for (const one of open) one.destroy();
      }, 100);
      await expect(running).rejects.toMatchObject({ name: 'SandboxError', code: 'lost' });
      await expect(sandbox.run(toUntrusted('true'), runOptions)).rejects.toMatchObject({ code: 'lost' });
      // The engine saw the input end, as it does when the harness dies.
      await sandbox.whenStopped;
      expect(await sandbox.readMachine()).toMatchObject({ alive: false });
      await sandbox[Symbol.asyncDispose]();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('goes down with the harness when that is killed', async () => {
    const script = fileURLToPath(new URL('../testing/hold-container.ts', import.meta.url));
    const child = spawn(process.execPath, [script, socketPath], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    expect(pids.length).toBeGreaterThanOrEqual(1);
    child.kill('SIGKILL');
    await expect
      .poll(() => pids.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 10_000, interval: 20 })
      .toEqual([]);
  });
});

describe('docker on this host', () => {
  it('says of everything that is missing what to do about it', async () => {
    for (const { ok, fix } of await provider.diagnose()) expect(fix === '').toBe(ok);
  });

  it('is unavailable, and leaves nothing, where no engine answers', async () => {
    const absent = createDockerProvider({ socketPath: '/nonexistent/docker.sock' });
    expect(await absent.diagnose()).toMatchObject([
      { what: 'Docker engine', ok: false, fix: 'install Docker and start its engine' },
    ]);
    const { signal } = new AbortController();
    const limits = { diskBytesMax: 1, processesMax: 1, memoryBytesMax: 1 };
    await expect(absent.open({ files: [], services: [], limits, signal })).rejects.toMatchObject({
      name: 'SandboxError',
      code: 'open-failed',
    });
  });
});
