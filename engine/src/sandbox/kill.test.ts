import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../base/untrusted-text.ts';
import { bwrapProvider } from './adapters/bwrap.ts';
import { DEFAULT_SANDBOX_LIMITS, type Sandbox } from './contract.ts';
import { survivalTricks } from './survival-tricks.ts';

const signal = new AbortController().signal;
const ready = (await bwrapProvider.diagnose()).every(({ ok, onlyFor }) => ok || onlyFor !== undefined);
const open = (): Promise<Sandbox> =>
  bwrapProvider.open({ files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, signal });
const has = (program: string): boolean => {
  try {
    execFileSync('which', [program]);
    return true;
  } catch {
    return false;
  }
};

describe.skipIf(!ready)('a kill leaves no survivor of', () => {
  it.for(survivalTricks)('$name', async ({ command, processesMin, needs }, { skip }) => {
    if (needs !== undefined && !has(needs)) skip(`not run: ${needs} is not installed`);
    await using sandbox = await open();
    await sandbox.run(toUntrusted(command), { timeoutMs: 10_000, outputBytesMax: 10_000, signal });
    const { processes } = await sandbox.readMachine();
    expect(processes.length - 1, 'the trick took place').toBeGreaterThanOrEqual(processesMin);
    const { before, survivors, durationMs } = await sandbox.kill();
    expect({ survivors, seen: before > processesMin }).toEqual({ survivors: 0, seen: true });
    expect(durationMs).toBeLessThan(5000);
    expect(await sandbox.readMachine()).toMatchObject({ alive: false, processes: [] });
  });

  it('everything at once, frozen first', async () => {
    await using sandbox = await open();
    for (const { command, name } of survivalTricks) {
      if (!/fork bomb|watcher|full disk/.test(name))
        await sandbox.run(toUntrusted(command), { timeoutMs: 10_000, outputBytesMax: 1000, signal });
    }
    expect((await sandbox.freeze()).processes).toBeGreaterThan(8);
    expect(await sandbox.kill()).toMatchObject({ survivors: 0 });
  });
});

describe.skipIf(!ready)('an ordinary user of the host', () => {
  it('kills all of them as well as root does', ({ skip }) => {
    if (process.getuid?.() !== 0) skip('not run: the tests above ran as an ordinary user already');
    const script = fileURLToPath(new URL('testing/kill-drill.ts', import.meta.url));
    const asUser = { uid: 60_998, gid: 60_998, cwd: '/', encoding: 'utf8' } as const;
    try {
      execFileSync('test', ['-r', script], asUser);
    } catch {
      skip('not run: this folder cannot be read by an ordinary user');
    }
    const results = JSON.parse(execFileSync(process.execPath, [script], asUser)) as {
      name: string;
      survivors: number;
      uid: number;
    }[];
    expect(results.length).toBeGreaterThan(8);
    expect(results.filter(({ survivors, uid }) => survivors !== 0 || uid !== 60_998)).toEqual([]);
  });
});

describe.skipIf(!ready)('when the harness is killed', () => {
  it('its machines go down with it, also frozen ones, and the recorders of their networks', async () => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('testing/hold-machines.ts', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    expect(pids.length).toBeGreaterThanOrEqual(2);
    const alive = (): number[] => pids.filter((pid) => isAlive(pid));
    expect(alive()).toEqual(pids);
    child.kill('SIGKILL');
    await expect.poll(alive, { timeout: 5000, interval: 20 }).toEqual([]);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
