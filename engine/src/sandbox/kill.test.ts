import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { bwrapProvider } from './adapters/bwrap.ts';
import { DEFAULT_SANDBOX_LIMITS, type Sandbox } from './contract.ts';
import { survivalTricks } from './survival-tricks.ts';
import { playTrick } from './testing/play-trick.ts';

const signal = new AbortController().signal;
const ready = (await bwrapProvider.diagnose()).every(({ ok, onlyFor }) => ok || onlyFor !== undefined);
const open = (): Promise<Sandbox> =>
  bwrapProvider.open({ files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, signal });

describe.skipIf(!ready)('a kill leaves no survivors of', () => {
  it.for(survivalTricks)('$name', async (trick, { skip }) => {
    await using sandbox = await open();
    const { takesPlace, reason } = await playTrick(sandbox, trick);
    if (trick.needs === undefined) expect({ takesPlace, reason }).toEqual({ takesPlace: true, reason: '' });
    const { before, survivors, durationMs } = await sandbox.kill();
    expect(survivors).toBe(0);
    if (!takesPlace) skip(`did not take place: ${reason}`);
    expect(before).toBeGreaterThan(trick.processesMin);
    expect(durationMs).toBeLessThan(60_000);
    expect(await sandbox.readMachine()).toMatchObject({ alive: false, processes: [] });
  });

  it('one of two machines, and does not count or kill processes of the other', async () => {
    await using one = await open();
    await using other = await open();
    const nested = survivalTricks.find(({ name }) => /namespace/.test(name));
    if (nested === undefined) throw new Error('there is no trick with a namespace');
    for (const sandbox of [one, other]) await playTrick(sandbox, nested);
    const idle = (await other.readMachine()).processes.map(({ pid, command }) => [pid, command]);
    expect(idle.length).toBeGreaterThan(nested.processesMin);
    expect((await one.readMachine()).processes).toHaveLength(idle.length);
    expect(await one.kill()).toMatchObject({ before: idle.length, survivors: 0 });
    expect((await other.readMachine()).processes.map(({ pid, command }) => [pid, command])).toEqual(idle);
    expect(await other.kill()).toMatchObject({ before: idle.length, survivors: 0 });
  });

  it('all tricks at once in a frozen machine', async () => {
    await using sandbox = await open();
    // Skip the tricks that leave no resources for the others, or stop them.
    for (const trick of survivalTricks)
      if (!/fork bomb|watch|full|library/.test(trick.name)) await playTrick(sandbox, trick);
    expect((await sandbox.freeze()).processes).toBeGreaterThan(8);
    expect(await sandbox.kill()).toMatchObject({ survivors: 0 });
  });
});

describe.skipIf(!ready)('an ordinary user of the host', () => {
  it('can kill all of them just as root can', ({ skip }) => {
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
      expected: boolean;
      survivors: number;
      uid: number;
    }[];
    expect(results.length).toBe(survivalTricks.length);
    const wrong = results.filter(({ survivors, uid, expected }) => survivors !== 0 || uid !== 60_998 || !expected);
    expect(wrong).toEqual([]);
  });
});

describe.skipIf(!ready)('when the harness is killed', () => {
  it('its machines, including frozen ones, and their network recorders die with it', async () => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('testing/hold-machines.ts', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    expect(pids.length).toBeGreaterThanOrEqual(2);
    const alive = (): number[] => pids.filter((pid) => isAlive(pid));
    expect(alive()).toEqual(pids);
    child.kill('SIGKILL');
    await expect.poll(alive, { timeout: 60_000, interval: 20 }).toEqual([]);
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
