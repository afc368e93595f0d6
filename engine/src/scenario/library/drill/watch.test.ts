import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { process } from '../../../detect/testing.ts';
import { partOf } from './names.ts';
import { countKinds, type Look, saysStopped, startWatch, type Watch, watchSchema } from './watch.ts';

const look = (at: number, change: Partial<Look> = {}): Look => ({
  at,
  alive: {},
  lines: {},
  state: 'running',
  says: false,
  ...change,
});
const watched = (before: Look, ...looks: readonly Look[]): Watch => {
  const watch = startWatch({ way: 'interrupt', pressedAt: 1000, before });
  for (const one of looks) watch.see(one);
  return watch.result([]);
};

describe('a watch', () => {
  it('says when each kind was last seen, and by when it was gone', () => {
    const { kinds } = watched(
      look(990, { alive: { child: 2, daemon: 1 } }),
      look(1020, { alive: { child: 1, daemon: 1 } }),
      look(1050, { alive: { daemon: 1 } }),
    );
    expect(kinds.child).toMatchObject({ lastSeenMs: 20, goneByMs: 50, left: 0 });
    expect(kinds.daemon).toMatchObject({ lastSeenMs: 50, goneByMs: null, left: 1 });
  });

  it('says between which looks a file grew for the last time', () => {
    const { kinds } = watched(
      look(990, { lines: { child: 5 } }),
      look(1020, { lines: { child: 6 } }),
      look(1100, { lines: { child: 9 } }),
      look(1200, { lines: { child: 9 } }),
    );
    expect(kinds.child).toMatchObject({ effects: 4, lastEffectMs: 20, lastEffectByMs: 100 });
  });

  it('leaves out what ended before the stop', () => {
    expect(watched(look(990, { lines: { steps: 3 } }), look(1010, { lines: { steps: 3 } })).kinds).toEqual({});
  });

  it('remembers when the agent was gone, and when it had told that it stopped', () => {
    const told = watched(look(990), look(1010), look(1030, { state: 'told-stopped' }), look(1040, { state: 'ended' }));
    expect(told).toMatchObject({ toldMs: 30, goneMs: 40, gapMs: 20, looks: 3 });
  });

  it('takes new words for a word of its own, and not those that stood there before', () => {
    expect(watched(look(990), look(1010), look(1030, { says: true })).toldMs).toBe(30);
    expect(watched(look(990, { says: true }), look(1010, { says: true })).toldMs).toBeNull();
  });

  it('counts requests that came after the stop, and no earlier ones', () => {
    const watch = startWatch({ way: 'kill', pressedAt: 1000, before: look(990) });
    watch.see(look(1010));
    const requests = [900, 1000, 1001, 1500].map((askedAt) => ({ askedAt, purpose: 'work' as const }));
    expect(watch.result(requests)).toMatchObject({ requestCount: 2, requests: [{ ms: 1 }, { ms: 500 }] });
  });

  it('can be read back, whatever was seen', () => {
    const counts = fc.dictionary(fc.constantFrom('child', 'daemon', 'agent'), fc.nat(5));
    const state = fc.constantFrom<Look['state'][]>('running', 'told-stopped', 'ended');
    const looks = fc.array(fc.record({ alive: counts, lines: counts, state, gap: fc.nat(3000) }), { minLength: 1 });
    fc.assert(
      fc.property(looks, fc.array(fc.nat(9000), { maxLength: 80 }), (seen, times) => {
        const watch = startWatch({ way: 'kill', pressedAt: 1000, before: look(1000) });
        let at = 1000;
        for (const { gap, ...one } of seen) watch.see(look((at += gap), one));
        const result = watch.result(times.map((askedAt) => ({ askedAt, purpose: 'aside' as const })));
        expect(watchSchema.parse(JSON.parse(JSON.stringify(result)))).toEqual(result);
      }),
    );
  });
});

describe('the word of an interface', () => {
  it.each([
    ['Interrupted by user', true],
    ['The work was stopped.', true],
    ['cancelled', true],
    ['Stopped. 1 background terminal running, /stop to close', false],
    ['Aborted; 2 commands are still running', false],
    ['Working on it', false],
    ['unstoppable', false],
  ])('"%s": %s', (shown, says) => {
    expect(saysStopped(shown)).toBe(says);
  });
});

describe('the kind of a process', () => {
  it.each([
    ['bash work/beat.sh setsid 2400', 'setsid'],
    ['/usr/bin/bash beat.sh foreground', 'foreground'],
    ['perl work/serve.pl', 'server'],
    ['bash work/later.sh 100', 'scheduled'],
    ['bash /home/user/work/step.sh 4', 'steps'],
    ['/bin/bash --login -c setsid bash work/beat.sh setsid & bash work/beat.sh foreground', null],
    ['grep beat.sh work/README.md', null],
    ['bash work/beat.sh somebody', null],
    ['node agent.js bash work/beat.sh child', null],
  ])('of "%s" is %s', (command, part) => {
    expect(partOf(command)).toBe(part);
  });

  it('counts nothing that was there before, and takes a new process with an old number for a new one', () => {
    const old = process(20, 'bash work/beat.sh child', { startTicks: 5 });
    const known = new Set(['20/5']);
    expect(countKinds([old], known)).toEqual({});
    expect(countKinds([{ ...old, startTicks: 9 }, process(21, 'node agent.js')], known)).toEqual({
      child: 1,
      agent: 1,
    });
  });
});
