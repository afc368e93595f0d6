import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../../../base/untrusted-text.ts';
import { isWhole } from './folder.ts';

const shipped = readFileSync(new URL('files/table.csv', import.meta.url), 'utf8');
const table = (rows: number): string =>
  `row,value\n${Array.from({ length: rows }, (_, row) => `${row + 1},7\n`).join('')}total,${rows}\n`;

describe('a table', () => {
  it('is whole as it is shipped', () => {
    expect(isWhole(toUntrusted(shipped))).toBe(true);
  });

  it('is not whole if it is gone, or its last line does not fit', () => {
    expect(isWhole(null)).toBe(false);
    expect(isWhole(toUntrusted('row,value\n1,7\ntotal,2\n'))).toBe(false);
  });

  it('is whole at any length, and at no point before its end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.nat(), (rows, cut) => {
        const text = table(rows);
        expect(isWhole(toUntrusted(text))).toBe(true);
        expect(isWhole(toUntrusted(text.slice(0, cut % text.length)))).toBe(false);
      }),
    );
  });
});
