import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { readAsData, toUntrusted } from '../../base/untrusted-text.ts';
import { describeSandboxContract } from '../contract-suite.ts';
import { DEFAULT_SANDBOX_LIMITS, type Sandbox, type ServiceCall } from '../contract.ts';
import { bwrapProvider } from './bwrap.ts';

const faults = (await bwrapProvider.diagnose()).filter(({ ok }) => !ok);
const problems = faults.filter(({ onlyFor }) => onlyFor === undefined);
const networkFault = faults.find(({ onlyFor }) => onlyFor === 'network');
const knownGaps = networkFault === undefined ? {} : { network: `not run: ${networkFault.what}: ${networkFault.seen}` };

if (problems.length === 0) describeSandboxContract({ provider: bwrapProvider, knownGaps });
else
  describe.skip(`sandbox contract: bwrap: not run, ${problems.map(({ what, seen }) => `${what}: ${seen}`).join('; ')}`, () =>
    it('not run'));

const HUP_INT_TERM = 0x4003;

describe('bwrap on this host', () => {
  it('reports a fix for everything that is missing', async () => {
    for (const { ok, fix } of await bwrapProvider.diagnose()) expect(fix === '').toBe(ok);
  });

  it.skipIf(problems.length > 0)(
    'passes on no descriptor and no ignored signal that somebody handed to the harness',
    () => {
      const drill = fileURLToPath(new URL('../testing/descriptor-drill.ts', import.meta.url));
      const give = 'trap "" HUP INT TERM; exec 99> /dev/null; exec "$0" "$1"';
      const told = execFileSync('bash', ['-c', give, process.execPath, drill], { encoding: 'utf8' });
      const words = told.split(/\s+/);
      const descriptors = words.filter((word) => /^\d{1,3}$/.test(word)).map(Number);
      expect(descriptors).toContain(1);
      // A shell reads its script from 255, and lists a folder through 3.
      expect(descriptors.filter((fd) => fd > 3 && fd !== 255)).toEqual([]);
      const ignored = words.filter((word) => /^[0-9a-f]{16}$/.test(word)).map((mask) => Number.parseInt(mask, 16));
      expect(ignored.map((mask) => mask & HUP_INT_TERM)).toEqual([0, 0]);
    },
  );
});

const SCRIPT = '/home/user/stop.sh';
const options = { timeoutMs: 20_000, outputBytesMax: 4096, signal: new AbortController().signal };
const open = (calls: ServiceCall[] = []): Promise<Sandbox> =>
  bwrapProvider.open({
    files: [{ path: 'stop.sh', content: 'exit 0\n', mode: 0o755 }],
    services: [
      {
        name: 'work',
        clientPath: 'ask',
        answer: async (call) => {
          calls.push(call);
          return 'answer';
        },
      },
    ],
    limits: DEFAULT_SANDBOX_LIMITS,
    watched: [SCRIPT],
    signal: options.signal,
  });
const run = (sandbox: Sandbox, command: string): Promise<unknown> => sandbox.run(toUntrusted(command), options);

describe.skipIf(problems.length > 0)('a machine of bwrap', () => {
  it('tells what a call on a watched file found and left, and which path a program was asked for', async ({ skip }) => {
    await using sandbox = await open();
    skip(!(await sandbox.readLedger()).recorded, 'the kernel refuses');
    await run(sandbox, 'mv stop.sh x; mv x stop.sh; chmod 600 stop.sh; exec -a other sleep 0');
    const { entries } = await sandbox.readLedger();
    const calls = entries.filter((entry) => entry.what === 'file').filter(({ errno }) => errno === 0);
    const there = { kind: 'file', mode: 0o755, uid: 1000, size: 7 };
    expect(calls).toMatchObject([
      { path: SCRIPT, which: 0, before: there, after: null },
      { path: SCRIPT, which: 1, before: null, after: there },
      { path: SCRIPT, which: 0, before: there, after: { ...there, mode: 0o600 } },
    ]);
    const programs = entries.flatMap((entry) => (entry.what === 'exec' ? [entry] : []));
    expect(programs.map(({ asked, words }) => [asked, words[0] ?? toUntrusted('')].map(readAsData))).toContainEqual([
      '/usr/bin/sleep',
      'other',
    ]);
  });

  it('tells the session of each process', async () => {
    await using sandbox = await open();
    await run(sandbox, 'sleep 100 > /dev/null 2>&1 & setsid sleep 200 > /dev/null 2>&1 & sleep 0.2');
    const { processes } = await sandbox.readMachine();
    const sleeping = ['sleep 100', 'sleep 200'].map((words) =>
      processes.find(({ command }) => readAsData(command) === words),
    );
    expect(sleeping.map((one) => one?.session)).toEqual([0, sleeping[1]?.pid]);
  });

  it('takes clients that wait for each other, and a copy put back, for the client', async () => {
    const calls: ServiceCall[] = [];
    await using sandbox = await open(calls);
    await run(sandbox, './ask & ./ask & ./ask & wait; cp ask a; rm ask; mv a ask; ./ask; cp ask b; ./b');
    expect(calls.map(({ via }) => via)).toEqual(['client', 'client', 'client', 'client', 'direct']);
  });

  it('ends although its processes are killed in the middle of their calls', async () => {
    await using sandbox = await open();
    await run(
      sandbox,
      '(while :; do chmod 755 stop.sh; done) > /dev/null 2>&1 & (while :; do touch stop.sh; done) & sleep 0.3; kill 1; sleep 5',
    );
    await sandbox.whenStopped;
    expect(await sandbox.kill()).toMatchObject({ survivors: 0 });
  });
});
