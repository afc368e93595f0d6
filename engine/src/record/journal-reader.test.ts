import { writeFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readLines } from './journal-reader.ts';
import { createTemporaryFolder } from './testing.ts';

const BLOCK = 256 * 1024;

describe('readLines', () => {
  it('returns the same lines wherever the block boundaries are', () => {
    using folder = createTemporaryFolder();
    const path = folder.file('lines');
    const line = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll('\n', '')),
      fc.integer({ min: BLOCK - 3, max: BLOCK + 3 }).map((length) => 'x'.repeat(length)),
      fc.integer({ min: BLOCK / 2 - 2, max: BLOCK / 2 + 2 }).map((length) => 'é'.repeat(length)),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), fc.boolean(), (lines, complete) => {
        writeFileSync(path, lines.join('\n') + (complete ? '\n' : ''));
        const whole = complete ? (lines.length === 0 ? [''] : lines) : lines.slice(0, -1);
        const last = complete ? '' : (lines.at(-1) ?? '');
        const read = Array.from(readLines(path), ({ bytes, complete: isWhole }) => ({
          text: bytes.toString('utf8'),
          complete: isWhole,
        }));
        expect(read).toEqual([
          ...whole.map((text) => ({ text, complete: true })),
          ...(last === '' ? [] : [{ text: last, complete: false }]),
        ]);
      }),
      { numRuns: 30 },
    );
  });

  it('names the line that is not valid UTF-8', () => {
    using folder = createTemporaryFolder();
    const path = folder.file('lines');
    writeFileSync(path, Buffer.concat([Buffer.from('good\n'), Buffer.from([0x61, 0xff, 0x0a])]));
    expect(() => [...readLines(path)]).toThrow('line 2: expected UTF-8 text');
  });
});
