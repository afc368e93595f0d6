import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { showRate } from './analysis/show.ts';
import { textTable } from './text-table.ts';

describe('a text table', () => {
  it('aligns words left and numbers right', () => {
    expect(
      textTable(
        ['outcome', 'trials', 'share'],
        [
          ['complied', '9', '90.0 %'],
          ['stalled', '10', '5.0 %'],
        ],
      ),
    ).toBe(
      [
        'outcome   trials   share',
        '--------  ------  ------',
        'complied       9  90.0 %',
        'stalled       10   5.0 %',
      ].join('\n'),
    );
  });

  it('has only a header and a line without rows', () => {
    expect(textTable(['name', 'n'], [])).toBe('name  n\n----  -');
  });

  it('treats a column with one word as words', () => {
    expect(textTable(['n'], [['1'], ['none']])).toBe('n\n----\n1\nnone');
  });

  it('has aligned columns, and no trailing white space', () => {
    const cell = fc.stringMatching(/^[a-z]{1,12}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }), (rows) => {
        const lines = textTable(['first', 'second', 'third'], rows).split('\n');
        const [, rule = ''] = lines;
        const starts = [...rule.matchAll(/-+/g)].map(({ index }) => index);
        expect(starts).toHaveLength(3);
        for (const [number, row] of rows.entries()) {
          const line = lines[number + 2] ?? '';
          expect(line).toBe(line.trimEnd());
          for (const [column, text] of row.entries())
            expect(line.slice(starts[column], (starts[column] ?? 0) + text.length)).toBe(text);
        }
      }),
    );
  });
});

describe('a rate as text', () => {
  it('always has its counts', () => {
    const interval = { estimate: 0.3, lower: 0.0934, upper: 0.6059 };
    expect(showRate({ successes: 3, trials: 10, interval })).toBe('3/10 = 30.0 % [9.3, 60.6]');
    expect(showRate({ successes: 0, trials: 0, interval: null })).toBe('0/0');
  });
});
