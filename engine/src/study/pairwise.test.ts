import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Choice, choosePairwise } from './pairwise.ts';

const cross = (levels: Readonly<Record<string, number>>): Choice[] =>
  Object.entries(levels).reduce<Choice[]>(
    (all, [name, count]) =>
      all.flatMap((one) => Array.from({ length: count }, (_, index) => ({ ...one, [name]: `${name}${index}` }))),
    [{}],
  );
const meets = (cells: readonly Choice[], pair: Choice): boolean =>
  cells.some((cell) => Object.entries(pair).every(([name, level]) => cell[name] === level));

describe('a pairwise design', () => {
  it('holds every pair of levels of every candidate, with fewer cells than there are candidates', () => {
    const candidates = cross({ a: 4, b: 3, c: 3, d: 2 });
    const { cells, pairs, covered } = choosePairwise(candidates, 1000);
    expect(covered).toBe(pairs);
    expect(cells.length).toBeLessThan(18);
    for (const pair of cross({ a: 4, b: 3 })) expect(meets(cells, pair)).toBe(true);
  });

  it('takes only candidates, and covers what any of them has', () => {
    const choices = fc.array(
      fc.record({ a: fc.constantFrom('1', '2', '3'), b: fc.constantFrom('x', 'y'), c: fc.constantFrom('p', 'q') }),
      {
        minLength: 1,
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(choices, (candidates) => {
        const { cells } = choosePairwise(candidates, 100);
        for (const cell of cells) expect(candidates).toContain(cell);
        for (const { a, b, c } of candidates)
          for (const pair of [
            { a, b },
            { a, c },
            { b, c },
          ])
            expect(meets(cells, pair)).toBe(true);
      }),
    );
  });

  it('ends at its largest number of cells, and says how many pairs it holds', () => {
    const design = choosePairwise(cross({ a: 5, b: 5 }), 7);
    expect(design).toMatchObject({ pairs: 25, covered: 7 });
    expect(choosePairwise([], 5)).toEqual({ cells: [], pairs: 0, covered: 0 });
  });
});
