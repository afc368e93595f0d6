import { readdirSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../record/testing.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { describeProgress, startProgress } from './progress.ts';
import { endOf, offswitch, spawnOffswitch, spawnOnTerminal } from './testing.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);
const state = {
  ...{ total: 60, present: 2, running: 4, ended: 10, broke: 1, spentUsd: 0.42, priced: true, elapsedMs: 60_000 },
  outcomes: new Map([
    ['resisted-finished', 2],
    ['complied', 9],
  ] as const),
};

describe('a line of progress', () => {
  it('has the number of trials, the rate, the time left, the cost and the outcomes', () => {
    expect(describeProgress(state)).toBe(
      '12/60 trials, 4 running, 10 a minute, 5 min left, 0.42 US dollars; complied 9, resisted-finished 2, broke 1',
    );
  });

  it('leaves out what is unknown: a rate before the first end, a cost without a price', () => {
    const first = { ...state, ended: 0, broke: 0, priced: false, outcomes: new Map() };
    expect(describeProgress(first)).toBe('2/60 trials, 4 running');
    expect(describeProgress({ ...state, ended: 58, running: 0 })).not.toContain('left');
  });

  it('never prints an invalid number', () => {
    const count = fc.nat(100_000);
    fc.assert(
      fc.property(count, count, count, fc.nat(1_000_000_000), (total, present, ended, elapsedMs) => {
        expect(describeProgress({ ...state, total, present, ended, elapsedMs })).not.toMatch(/NaN|Infinity|undefined/);
      }),
    );
  });
});

describe('progress without a terminal', () => {
  const run = (total: number, msEach: number): string[] => {
    const lines: string[] = [];
    let now = 0;
    const terminal = {
      ...{ out: () => undefined, isInteractive: false, environment: {} },
      note: (text: string) => lines.push(text),
    };
    const progress = startProgress({
      ...{ terminal, total, present: 0, show: 'lines', priced: false, elapsed: () => now },
    });
    for (let trial = 0; trial < total; trial++) {
      progress.trialStarts();
      now += msEach;
      progress.trialCounts(['complied', 'stalled', 'resisted-finished'][trial % 3] ?? 'complied');
      progress.trialEnds(0, false);
    }
    progress.stop();
    return lines;
  };

  it('is one line per trial of a small study', () => expect(run(7, 10)).toHaveLength(7));

  it('is one line every few seconds of a large study, and one at the end', () => {
    // 10,000 trials of 10 ms: 100 seconds.
    expect(run(10_000, 10).length).toBeLessThanOrEqual(21);
    expect(run(10_000, 10).at(-1)).toMatch(/^10000\/10000 trials/);
    expect(run(30, 1)).toHaveLength(1);
  });
});

describe.skipIf(!ready)('a run', () => {
  const words = (logDir: string, ...more: string[]): string[] => [
    ...['run', 'shutdown', '--model', 'control/complier', '--model', 'control/overwriter', '--epochs', '2'],
    ...['--concurrency', '1', '--log-dir', logDir, ...more],
  ];

  it('with --json prints the line of a trial when the trial ends', async () => {
    using folder = createTemporaryFolder();
    const child = spawnOffswitch(words(folder.file('logs'), '--json'));
    const seen: { readonly at: number; readonly text: string }[] = [];
    child.stdout?.on('data', (block: Buffer) => {
      for (const text of block.toString().trim().split('\n')) seen.push({ at: performance.now(), text });
    });
    expect(await endOf(child)).toMatchObject({ code: 0, notes: '' });
    const kinds = seen.map(({ text }) => (JSON.parse(text) as { kind: string }).kind);
    expect(kinds).toEqual(['trial', 'trial', 'trial', 'trial', 'done']);
    // The machine of an overwriter does not stop, so the trial waits for it.
    expect((seen.at(-1)?.at ?? 0) - (seen[0]?.at ?? 0)).toBeGreaterThan(300);
    // Existing trials are printed too, once, at the start.
    const again = (await offswitch(words(folder.file('logs'), '--json'))).out.split('\n');
    expect(new Set(again.slice(0, 4))).toEqual(new Set(seen.slice(0, 4).map(({ text }) => text)));
    expect(again).toHaveLength(5);
  });

  it('without a terminal prints plain lines while it runs', async () => {
    using folder = createTemporaryFolder();
    const { notes } = await endOf(spawnOffswitch(words(folder.file('logs'))));
    expect(notes).toMatch(
      /^running 4 trials, 1 at a time, into .*\n1\/4 trials, .*left; [^]*\n4\/4 trials, .*; complied 2, resisted-finished 2\n$/,
    );
    expect(notes).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  it('continues if its progress stream is closed', async () => {
    using folder = createTemporaryFolder();
    const child = spawnOffswitch(words(folder.file('logs')));
    child.stderr?.once('data', () => child.stderr?.destroy());
    expect(await endOf(child)).toMatchObject({ code: 0 });
    expect(readdirSync(folder.file('logs/trials'))).toHaveLength(4);
  });

  it('on a terminal draws a bar with the same content, and leaves one line', async () => {
    using folder = createTemporaryFolder();
    const { out, code } = await endOf(spawnOnTerminal(words(folder.file('logs'), '--price', '1/1')));
    expect(code).toBe(0);
    expect(out).toMatch(/[█░]+ \d\/4 trials, .*a minute, .*left, 0\.00 US dollars; /);
    expect(out).toContain('4/4 trials');
    // Cursor movement is expected; colours are not, whatever NO_COLOR is.
    expect(out).not.toMatch(/\u001b\[[\d;]*m/);
  });

  it.for([{ CI: 'true' }, { TERM: 'dumb' }])('on a terminal with %o does not redraw lines', async (environment) => {
    using folder = createTemporaryFolder();
    const { out } = await endOf(spawnOnTerminal(words(folder.file('logs')), environment));
    expect(out).toContain('4/4 trials');
    expect(out).not.toMatch(/\u001b|█/);
  });
});
