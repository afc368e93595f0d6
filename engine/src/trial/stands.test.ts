import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { sleep } from '../base/sleep.ts';
import { createSystemWorld } from '../base/world.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { childrenOf, listMembers, pidNamespaceOf, startTicksOf } from '../sandbox/processes.ts';
import { playTrial, tinyRun, tinyWorld } from './testing.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);

const LIMIT_MS = 1500;
/** The time that a trial may take beyond its limit, and what a busy machine adds. */
const OVERTIME_MS = 5000 + 3000;
const HELD_MS_MAX = 500;
const IN_THE_MIDDLE_MS = 700;

const hostile: Readonly<Record<string, string>> = {
  'steals its output': '(cat < /proc/self/fd/1 > /tmp/stolen) & sleep 0.2; while :; do echo more; done',
  'floods both outputs': 'cat /dev/zero & cat /dev/zero >&2',
  'forks all the time':
    'perl -e \'$SIG{CHLD} = "IGNORE"; for (;;) { fork; select undef, undef, undef, 0.001 }\' & sleep 100',
  'stops everything': 'kill -STOP -1; kill -STOP $$',
  'fills its folders': `perl -e 'for (;;) { open F, ">", $n++; close F }'`,
};

describe.skipIf(!ready)('a trial ends soon after its time limit although the agent', () => {
  it.for(Object.entries(hostile))('%s', async ([, command], { skip }) => {
    const delay = monitorEventLoopDelay();
    delay.enable();
    const started = performance.now();
    const { events, result } = await playTrial({
      provider: bwrapProvider,
      world: tinyWorld(),
      limits: { durationMsMax: LIMIT_MS, turnsMax: 1000 },
      *act() {
        for (;;) yield { do: 'run', command };
      },
    });
    const took = performance.now() - started;
    expect(events.find(({ kind }) => kind === 'sandbox-kill')).toMatchObject({ survivors: 0 });
    expect(result).toMatchObject({ sealed: true });
    // The promise is about time that the harness gets.
    const held = delay.max / 1e6;
    skip(held > HELD_MS_MAX, `the machine is too busy: the event loop was held for ${Math.round(held)} ms`);
    expect(took).toBeLessThan(LIMIT_MS + OVERTIME_MS);
    expect(result).toMatchObject({ failure: null });
    expect(events.find(({ kind }) => kind === 'agent-end')).toMatchObject({ reason: 'time-limit' });
  });
});

describe.skipIf(!ready)('while its agent', () => {
  const start = (command: string, jump = 0): ChildProcessByStdio<null, Readable, null> => {
    const drill = fileURLToPath(new URL('testing/hostile-drill.ts', import.meta.url));
    const words = [drill, command, String(LIMIT_MS), String(jump)];
    return spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  };
  const descendantsOf = (pid: number): number[] => childrenOf(pid).flatMap((one) => [one, ...descendantsOf(one)]);

  /** Every kind meets one of the two; with `OFFSWITCH_EVERY_CALL=1` both. */
  const inTurn = (turn: number): [name: string, command: string][] =>
    Object.entries(hostile).filter((_, index) => process.env['OFFSWITCH_EVERY_CALL'] === '1' || index % 2 === turn);

  it.for(inTurn(0))('%s, a harness that is killed leaves nothing', async ([, command]) => {
    const harness = start(command);
    await once(harness.stdout, 'data');
    await sleep(IN_THE_MIDDLE_MS);
    const ours = pidNamespaceOf('self');
    const all = descendantsOf(harness.pid ?? 0).map((pid) => ({
      pid,
      ticks: startTicksOf(pid),
      namespace: pidNamespaceOf(pid) ?? ours,
    }));
    const beside = all.filter(({ namespace }) => namespace === ours);
    const inside = new Set(all.flatMap(({ namespace = '' }) => (namespace === ours ? [] : [namespace])));
    expect(inside.size).toBeGreaterThan(0);
    harness.kill('SIGKILL');
    const left = (): number[] => [
      ...beside.filter(({ pid, ticks }) => ticks !== undefined && startTicksOf(pid) === ticks).map(({ pid }) => pid),
      ...listMembers(inside),
    ];
    await expect.poll(left, { timeout: 60_000, interval: 20 }).toEqual([]);
  });

  it.for(inTurn(1).map(([name, command], index) => [name, command, index % 2 ? 1e10 : -1e10] as const))(
    '%s, a harness that is stopped and continued, and whose clock jumps, ends the trial as ever',
    async ([, command, jump]) => {
      const harness = start(command, jump);
      await once(harness.stdout, 'data');
      const told = text(harness.stdout);
      await sleep(IN_THE_MIDDLE_MS);
      harness.kill('SIGSTOP');
      await sleep(2 * LIMIT_MS);
      harness.kill('SIGCONT');
      const end = JSON.parse(await told) as { readonly longestMs: number };
      expect(end).toMatchObject({ sealed: true, failure: null, reason: 'time-limit', survivors: 0 });
      expect(end.longestMs).toBeLessThan(1e9);
    },
  );
});

describe.skipIf(!ready)('the clock of the host', () => {
  it.for([-1e10, 1e10])('may jump by %i ms in the middle of a trial', async (jump) => {
    const real = createSystemWorld();
    let looks = 0;
    const clock = { ...real, now: () => real.now() + (++looks > 5 ? jump : 0) };
    const { events, result } = await playTrial({
      provider: bwrapProvider,
      world: tinyWorld({ start: (stage) => tinyRun({ begin: () => stage.mark('begun') }) }),
      clock,
      *act() {
        yield { do: 'run', command: 'sleep 0.1' };
        yield { do: 'submit', answer: '' };
      },
    });
    expect(result).toMatchObject({ sealed: true, failure: null });
    expect(looks).toBeGreaterThan(6);
    expect(events.find(({ kind }) => kind === 'agent-end')).toMatchObject({ reason: 'submitted' });
    for (const event of events) if ('durationMs' in event) expect(event.durationMs).toBeLessThan(60_000);
  });
});

describe.skipIf(!ready)('a harness that was stopped during a grace period', () => {
  it('does not tell that the machine stopped in time', async () => {
    const real = createSystemWorld();
    let looks = Number.NEGATIVE_INFINITY;
    // As the monotonic clock shows it: a moment passes in which this process does not run.
    const clock = { ...real, elapsed: () => real.elapsed() + (++looks > 3 ? 1500 : 0) };
    const { result } = await playTrial({
      provider: bwrapProvider,
      world: tinyWorld({
        start: (stage) =>
          tinyRun({
            begin: async () => {
              looks = 0;
              await stage.act('stop', 'kill -s TERM 1', { graceMs: 2000 });
            },
          }),
      }),
      clock,
      *act() {
        yield { do: 'submit', answer: '' };
      },
    });
    expect(result.failure?.text).toMatch(/held up for \d+ of 2000 ms/);
  });
});
