import { PassThrough, Writable } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { sleep } from '../base/sleep.ts';
import { openScreen } from './screen.ts';

const SIZE = { columns: 60, rows: 10 } as const;

/** What stands on the screen after this, and how much of its answers nobody has read. */
async function show(...blocks: readonly (string | Buffer)[]) {
  const output = new PassThrough();
  const input = new Writable({ write: () => undefined });
  const screen = openScreen({ input, output }, SIZE);
  for (const block of blocks) {
    output.write(block);
    do await sleep(1);
    while (output.readableLength > 0 || output.isPaused());
  }
  const seen = { text: screen.text(), unread: input.writableLength };
  screen.close();
  return seen;
}

describe('the screen of a hostile program', () => {
  it.each(['L', 'M', 'S', 'T', 'I', 'Z', 'b'])(
    'is not held up by a sequence that repeats itself two billion times: %s',
    async (final) => {
      const { text } = await show(`a\u001B[2147483647${final}\r\nstill here`);
      expect(text).toContain('still here');
    },
  );

  it.each([
    ['2L', '\n\none'],
    ['2b', 'oneee'],
    ['10S', ''],
  ])('does what programs ask for: %s', async (sequence, text) => {
    expect((await show(`one\u001B[${sequence}`)).text).toBe(text);
  });

  it('keeps a bounded number of marks in a cell, however they come', async () => {
    const marks = '\u0301'.repeat(100_000);
    const most = SIZE.columns * SIZE.rows * 65;
    expect((await show(`a${marks}`)).text.length).toBeLessThan(most);
    expect((await show('a', ...Array.from({ length: 2000 }, () => '\u0301'))).text.length).toBeLessThan(1000);
    expect((await show('e\u0301 漢字 👍')).text).toBe('e\u0301 漢字 👍');
  });

  it('is not held up by a palette of half a million colours', async () => {
    const started = performance.now();
    await show(`\u001B]4;${'1;?;'.repeat(500_000)}\u0007`);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('keeps no link', async () => {
    const before = process.memoryUsage().heapUsed;
    const started = performance.now();
    const { text } = await show('\u001B]8;;a\u0007'.repeat(20_000), 'seen');
    expect(text).toBe('seen');
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(40_000_000);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('gives no more answers than its input takes', async () => {
    expect((await show('\u001B[6n'.repeat(20_000))).unread).toBeLessThan(80 * 1024);
  });

  it('lets the harness work while a program draws as fast as it can', async () => {
    const turns = { count: 0 };
    const timer = setInterval(() => turns.count++, 1);
    await show('\u001B#8'.repeat(30_000));
    clearInterval(timer);
    // In one piece there would be none, or one at its end.
    expect(turns.count).toBeGreaterThan(2);
  });
});
