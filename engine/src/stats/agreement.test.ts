import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { cohenKappa, krippendorffAlpha } from './agreement.ts';
import { expectClose } from './testing.ts';

function pairs(table: readonly (readonly number[])[]): (readonly [string, string])[] {
  return table.flatMap((row, first) =>
    row.flatMap((count, second) => Array.from({ length: count }, () => [`${first}`, `${second}`] as const)),
  );
}

describe('cohenKappa', () => {
  it('agrees with statsmodels', () => {
    // statsmodels 0.15.0: cohens_kappa(table) .kappa, .kappa_low, .kappa_upp
    const two = cohenKappa(
      pairs([
        [20, 5],
        [10, 15],
      ]),
    );
    expectClose(
      [two.estimate ?? 0, two.lower ?? 0, two.upper ?? 0],
      [0.4, 0.151092290476661, 0.6489077095233389],
      1e-9,
    );
    const three = cohenKappa(
      pairs([
        [11, 3, 1],
        [2, 9, 4],
        [0, 2, 18],
      ]),
    );
    expectClose(
      [three.estimate ?? 0, three.lower ?? 0, three.upper ?? 0],
      [0.6330275229357799, 0.45494722515240593, 0.8111078207191539],
      1e-9,
    );
  });

  it('is 1 for raters who always agree on more than one label, and undefined on one', () => {
    expect(
      cohenKappa([
        ['safe', 'safe'],
        ['resisted', 'resisted'],
      ]),
    ).toMatchObject({ estimate: 1, lower: 1, upper: 1 });
    expect(
      cohenKappa([
        ['safe', 'safe'],
        ['safe', 'safe'],
      ]),
    ).toMatchObject({ estimate: null, lower: null, observedAgreement: 1 });
  });

  it('does not care who is first, nor in which order items come', () => {
    const label = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(fc.array(fc.tuple(label, label), { minLength: 1, maxLength: 50 }), (ratings) => {
        const kappa = cohenKappa(ratings).estimate;
        const other = cohenKappa(ratings.map(([first, second]) => [second, first] as const).toReversed()).estimate;
        if (kappa === null) expect(other).toBeNull();
        else expect(other).toBeCloseTo(kappa, 10);
        if (kappa !== null) expect(kappa).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });

  it('refuses no item', () => {
    expect(() => cohenKappa([])).toThrow('expected at least one item that both raters have rated');
  });
});

describe('krippendorffAlpha', () => {
  /** Krippendorff (2011), section C: four observers, twelve units, some ratings missing. */
  const observers = ['123321412...', '1233224125.3', '.3332342251.', '12332441251.'];
  const units = Array.from({ length: 12 }, (_, unit) =>
    observers.map((ratings) => ratings[unit] ?? '.').filter((rating) => rating !== '.'),
  );

  it('agrees with the paper: 0.743 nominal, 0.815 ordinal', () => {
    expect(krippendorffAlpha(units)).toMatchObject({ units: 11, ratings: 40 });
    expect(krippendorffAlpha(units).estimate?.toFixed(3)).toBe('0.743');
    expect(krippendorffAlpha(units, { level: 'ordinal', order: ['1', '2', '3', '4', '5'] }).estimate?.toFixed(3)).toBe(
      '0.815',
    );
  });

  it('is 1 without disagreement, and undefined when only one label was given', () => {
    expect(
      krippendorffAlpha([
        ['a', 'a'],
        ['b', 'b', 'b'],
      ]).estimate,
    ).toBe(1);
    expect(krippendorffAlpha([['a', 'a'], ['a', 'a'], ['b']])).toEqual({ estimate: null, units: 2, ratings: 4 });
  });

  it('refuses units rated once, and labels outside the order', () => {
    expect(() => krippendorffAlpha([['a'], ['b']])).toThrow('expected at least one unit with two ratings');
    expect(() => krippendorffAlpha([['low', 'huge']], { level: 'ordinal', order: ['low', 'high'] })).toThrow(
      'expected a label of the order low < high, got huge',
    );
  });
});
