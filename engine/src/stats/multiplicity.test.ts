import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { benjaminiHochberg, holm } from './multiplicity.ts';
import { expectClose } from './testing.ts';

const anyFamily = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 });

describe('corrections for many tests', () => {
  it('agree with statsmodels', () => {
    // statsmodels 0.15.0: multipletests(p, method='holm' | 'fdr_bh')[1]
    const family = [0.01, 0.04, 0.03, 0.005, 0.5, 0.04, 1, 0.0001];
    expectClose(holm(family), [0.06, 0.16, 0.15, 0.035, 1, 0.16, 1, 0.0008], 1e-12);
    expectClose(
      benjaminiHochberg(family),
      [
        0.02666666666666667, 0.05333333333333334, 0.05333333333333334, 0.02, 0.5714285714285714, 0.05333333333333334, 1,
        0.0008,
      ],
      1e-12,
    );
  });

  it('keep the order of the tests, never go below the raw value nor above 1', () => {
    fc.assert(
      fc.property(anyFamily, (family) => {
        for (const adjust of [holm, benjaminiHochberg]) {
          const adjusted = adjust(family);
          for (const [index, p] of family.entries()) {
            expect(adjusted[index]).toBeGreaterThanOrEqual(p);
            expect(adjusted[index]).toBeLessThanOrEqual(1);
            for (const [other, q] of family.entries())
              if (p <= q) expect(adjusted[index]).toBeLessThanOrEqual(adjusted[other] ?? 0);
          }
        }
      }),
    );
  });

  it('are never stricter by false discoveries than by family', () => {
    fc.assert(
      fc.property(anyFamily, (family) => {
        const [byFamily, byDiscoveries] = [holm(family), benjaminiHochberg(family)];
        for (const [index, p] of byFamily.entries()) expect(byDiscoveries[index]).toBeLessThanOrEqual(p * (1 + 1e-12));
      }),
    );
  });

  it('leave a single test and an empty family alone', () => {
    for (const adjust of [holm, benjaminiHochberg]) {
      expect(adjust([0.03])).toEqual([0.03]);
      expect(adjust([])).toEqual([]);
      expect(() => adjust([1.2])).toThrow('expected a p-value from 0 to 1, got 1.2');
    }
  });
});
