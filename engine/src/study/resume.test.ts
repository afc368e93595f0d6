import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { createChance } from '../base/world.ts';
import { endOf, offswitch, spawnOffswitch } from '../cli/testing.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { verifyRecord } from '../record/verify.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { readStudyFile } from './log-folder.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);
const study = (logDir: string, epochs: number, model = 'control/complier'): string[] => [
  'run',
  'shutdown',
  '--model',
  model,
  '--epochs',
  String(epochs),
  '--concurrency',
  '4',
  '--log-dir',
  logDir,
];
const recordsOf = (logDir: string): string[] =>
  existsSync(join(logDir, 'trials')) ? readdirSync(join(logDir, 'trials')).sort() : [];

describe.skipIf(!ready)('an interrupted study resumes', () => {
  it('after kill -9 at 20 random moments, with exactly the planned records, each verified', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    const chance = createChance('kill moments');
    const kills: number[] = [];
    for (let kill = 0; kill < 20; kill++) {
      const child = spawnOffswitch(study(logDir, 150));
      const end = endOf(child);
      // Kill anywhere from before the first record to mid-study, even if the process starts slowly.
      const before = recordsOf(logDir).length;
      if (kill % 4 !== 0)
        await expect.poll(() => recordsOf(logDir).length, { timeout: 60_000, interval: 5 }).toBeGreaterThan(before);
      await sleep(chance.integer(0, 400));
      child.kill('SIGKILL');
      await end;
      kills.push(recordsOf(logDir).length);
    }
    const last = await endOf(spawnOffswitch(study(logDir, 150)));
    expect(last).toMatchObject({ code: 0 });
    const planned = readStudyFile(logDir)
      ?.trials.map(({ trialId }) => `${trialId}.jsonl`)
      .sort();
    expect(planned).toHaveLength(150);
    expect(recordsOf(logDir)).toEqual(planned);
    expect(recordsOf(logDir).filter((name) => verifyRecord(join(logDir, 'trials', name)).problem !== null)).toEqual([]);
    // Check that the kills hit the study at different stages.
    expect(new Set(kills).size).toBeGreaterThan(5);
    expect(readdirSync(join(logDir, 'aside')).length).toBeGreaterThan(5);
    await expect.poll(() => machinesLeft(logDir), { timeout: 60_000 }).toBe(0);
    // So many trials take minutes on a loaded machine.
  }, 3_600_000);

  it('after Ctrl-C once: finishes the trials in flight and leaves no partial record', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    const child = spawnOffswitch(study(logDir, 40, 'control/overwriter'));
    const end = endOf(child);
    await expect.poll(() => recordsOf(logDir).length, { timeout: 60_000 }).toBeGreaterThan(0);
    child.kill('SIGINT');
    const seen = await end;
    expect(seen.code).toBe(130);
    expect(seen.notes).toContain('finishing the trials in flight');
    expect(seen.out).toContain('trials are missing: run the same command');
    expect(recordsOf(logDir).map((name) => verifyRecord(join(logDir, 'trials', name)).problem)).toEqual(
      recordsOf(logDir).map(() => null),
    );
  });

  it('after Ctrl-C twice: stops at once, and the next run sets aside the unfinished records', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    const child = spawnOffswitch(study(logDir, 4, 'control/overwriter'));
    const end = endOf(child);
    await expect.poll(() => recordsOf(logDir).length, { timeout: 60_000 }).toBe(4);
    const first = new Promise<void>((resolve) => {
      child.stderr?.on('data', (block: Buffer) => block.includes('finishing the trials in flight') && resolve());
    });
    child.kill('SIGINT');
    // Two signals that arrive together are one.
    await first;
    child.kill('SIGINT');
    expect(await end).toMatchObject({
      code: 130,
      notes: expect.stringContaining('stopped the trials in flight; to run them again, repeat the command') as string,
    });
    const again = await endOf(spawnOffswitch(study(logDir, 4, 'control/overwriter')));
    expect(again).toMatchObject({
      code: 0,
      notes: expect.stringContaining('unfinished: the run that wrote it was stopped') as string,
    });
    expect(recordsOf(logDir)).toHaveLength(4);
  });

  it('after it was stopped and continued: no outcome is wrong, and nothing is left', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    const words = [...study(logDir, 3, 'control/overwriter'), '--model', 'control/complier', '--json'];
    const child = spawnOffswitch(words);
    let last = endOf(child);
    await expect.poll(() => recordsOf(logDir).length, { timeout: 20_000 }).toBeGreaterThan(0);
    for (let stop = 0; stop < 2; stop++) {
      await sleep(500);
      child.kill('SIGSTOP');
      await sleep(2500);
      child.kill('SIGCONT');
    }
    // A grace period that nobody watched gives no verdict, and is played again.
    for (let again = 0; again < 3 && (await last).code === 3; again++) last = endOf(spawnOffswitch(words));
    const { code, out } = await last;
    expect(code).toBe(0);
    const outcomes = out
      .split('\n')
      .map((line) => JSON.parse(line || '{}') as { agent?: { name: string }; outcome?: string })
      .flatMap(({ agent, outcome }) => (agent === undefined ? [] : [`${agent.name} ${outcome ?? ''}`]));
    const expected = ['control/complier complied', 'control/overwriter resisted-finished'];
    expect(outcomes.toSorted()).toEqual(expected.flatMap((one) => [one, one, one]));
    await expect.poll(() => machinesLeft(logDir), { timeout: 5000 }).toBe(0);
  }, 120_000);

  it('with more epochs, and keeps the existing trials', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    await offswitch(study(logDir, 2));
    const before = recordsOf(logDir).map((name) => readFileSync(join(logDir, 'trials', name), 'utf8'));
    const more = await offswitch(study(logDir, 5));
    expect(more.notes).toContain('2 of 5 trials are already recorded');
    expect(recordsOf(logDir)).toHaveLength(5);
    const after = new Set(recordsOf(logDir).map((name) => readFileSync(join(logDir, 'trials', name), 'utf8')));
    expect(before.every((text) => after.has(text))).toBe(true);
  });
});

describe.skipIf(!ready)('a log folder', () => {
  it('can be written by only one run at a time', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    const first = spawnOffswitch(study(logDir, 8, 'control/overwriter'));
    const end = endOf(first);
    await expect.poll(() => recordsOf(logDir).length, { timeout: 60_000 }).toBeGreaterThan(0);
    expect(await offswitch(study(logDir, 8, 'control/overwriter'))).toMatchObject({
      code: 2,
      notes: expect.stringContaining('another run is writing into') as string,
    });
    expect((await end).code).toBe(0);
  });

  it('is left unchanged if it has a record of a newer version, with one sentence of explanation', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    await offswitch(study(logDir, 1));
    const path = join(logDir, 'trials', recordsOf(logDir)[0] ?? '');
    const newer = readFileSync(path, 'utf8').replace('"version":2', '"version":3');
    writeFileSync(path, newer);
    expect(await offswitch(study(logDir, 1))).toMatchObject({
      code: 2,
      notes: expect.stringContaining('install a newer Offswitch') as string,
    });
    expect(readFileSync(path, 'utf8')).toBe(newer);
    expect((await offswitch(['verify', logDir])).out).toContain('install a newer Offswitch');
  });

  it('stops the study with one sentence if the disk is full, and loses no finished record', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('not run: only root can mount a small disk');
    using folder = createTemporaryFolder();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder.path], { stdio: 'ignore' });
    } catch {
      skip('not run: no disk can be mounted here');
    }
    try {
      const logDir = folder.file('logs');
      const seen = await offswitch(study(logDir, 100));
      expect(seen.code).toBe(3);
      expect(seen.notes).toMatch(/could not write the record .*ENOSPC/);
      const whole = recordsOf(logDir).filter((name) => verifyRecord(join(logDir, 'trials', name)).problem === null);
      expect(whole.length).toBeGreaterThan(0);
    } finally {
      execFileSync('umount', [folder.path]);
    }
  });
});

/** Counts machines left behind by killed runs, found by the arguments of their PID 1. */
function machinesLeft(_logDir: string): number {
  const table = execFileSync('ps', ['-eo', 'ppid,args'], { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
  return table.split('\n').filter((line) => /^\s*1 .*bwrap --args/.test(line)).length;
}
