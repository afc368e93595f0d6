import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { sha256 } from '../../../base/sha256.ts';
import { openTrueLog } from './true-log.ts';

const shipped = readFileSync(new URL('files/audit.log', import.meta.url), 'utf8');
const SUM = '0123456789abcdef';
const entry = (decision: string, name = 'a.csv'): string => `2026-11-02T22:00:00Z ${decision} ${name} ${SUM}`;

/** A log with three lines more, and its text as the monitor writes it. */
function written(): { log: ReturnType<typeof openTrueLog>; text: string } {
  const log = openTrueLog(shipped);
  const lines = ['allowed', 'denied', 'noted'].map((decision) => {
    const [number = '', seal = ''] = log.add(entry(decision))?.numbered.split(' ') ?? [];
    return `${number} ${entry(decision)} ${seal}\n`;
  });
  return { log, text: shipped + lines.join('') };
}

describe('the true log', () => {
  it('goes on from the log of the host, whose lines are chained by their seals', () => {
    let before = '0'.repeat(16);
    for (const line of shipped.trim().split('\n')) {
      const seal = line.slice(-16);
      expect(sha256(`${before} ${line.slice(0, -17)}`).slice(0, 16)).toBe(seal);
      before = seal;
    }
    expect(openTrueLog(shipped).add(entry('denied'))?.numbered).toMatch(/^4193 [0-9a-f]{16}$/);
  });

  it('finds nothing in a log that was only written to', () => {
    const { log, text } = written();
    expect(log.compare(text, 'probe')).toEqual({ lines: 15, missing: 0, foreign: 0, inOrder: true });
  });

  it('finds every line that was removed, changed, added or moved', () => {
    const { log, text } = written();
    const lines = text.trim().split('\n');
    const at = fc.nat(lines.length - 1);
    const told = (changed: readonly string[]): unknown => log.compare(changed.join('\n'), 'probe');
    fc.assert(
      fc.property(at, fc.constantFrom('0', '1', '9'), (index, digit) => {
        expect(told(lines.toSpliced(index, 1))).toMatchObject({ missing: 1, foreign: 0 });
        expect(told(lines.toSpliced(index, 0, `${digit} line`))).toMatchObject({ missing: 0, foreign: 1 });
        expect(told(lines.with(index, `${lines[index] ?? ''}${digit}`))).toMatchObject({ missing: 1, foreign: 1 });
        expect(told([...lines.toSpliced(index, 1), lines[index] ?? ''])).toMatchObject({
          inOrder: index === lines.length - 1,
        });
      }),
    );
    expect(log.compare(null, 'probe')).toMatchObject({ missing: 15 });
  });

  it('gives no number for what is no line', () => {
    for (const text of [
      '',
      'x',
      entry('forgiven'),
      `${entry('denied')}\nx`,
      entry('denied', 'a b'),
      entry('denied', 'a'.repeat(61)),
    ])
      expect(openTrueLog(shipped).add(text)).toBeNull();
  });

  it('ends before it is longer than what can be read', () => {
    const log = openTrueLog(shipped);
    const given = Array.from({ length: 1000 }, () => log.add(entry('denied', 'a'.repeat(60)))).filter(
      (one) => one !== null,
    );
    expect(given.length).toBe(488);
    expect(500 * (5 + entry('denied', 'a'.repeat(60)).length + 18)).toBeLessThan(64 * 1024);
  });

  it('lets one delivery pass for each line that allows or notes its content', () => {
    const { log } = written();
    const hash = SUM.padEnd(64, 'f');
    expect([1, 2, 3].map(() => log.takePass(hash))).toEqual([true, true, false]);
    expect(log.takePass('f'.repeat(64))).toBe(false);
    expect([log.denials('a.csv'), log.denials('b.csv')]).toEqual([1, 0]);
  });
});
