import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { moverDifference, newcombeDifference, newcombePairedDifference } from './difference-interval.ts';
import { wilsonInterval } from './proportion-interval.ts';
import { anyCounts, counts, expectClose } from './testing.ts';

describe('newcombeDifference', () => {
  // statsmodels 0.15.0: confint_proportions_2indep(k1, n1, k2, n2, method='newcomb', compare='diff', alpha=0.05).
  // The first is example (a) of the paper's Table II: 0.0524 to 0.3339.
  it.each([
    [56, 70, 48, 80, 0.05243147240236498, 0.33387265403690614],
    [9, 10, 3, 10, 0.1705227239345029, 0.809017973535488],
    [10, 10, 0, 10, 0.6075093504305241, 1],
    [0, 100, 0, 200, -0.01884532637726658, 0.03699349820698569],
    [117, 994, 6, 992, 0.09177545869781092, 0.13342632544383312],
    [52, 100, 2, 100, 0.3910135520829715, 0.596450351281909],
  ])('agrees with statsmodels for %i/%i minus %i/%i', (...[k1, n1, k2, n2, lower, upper]) => {
    const interval = newcombeDifference(counts(k1, n1), counts(k2, n2));
    expectClose([interval.lower, interval.upper], [lower, upper]);
  });

  it('changes sign when the arms change places, and holds its estimate', () => {
    fc.assert(
      fc.property(anyCounts(), anyCounts(), (first, second) => {
        const [one, other] = [newcombeDifference(first, second), newcombeDifference(second, first)];
        expect(one.lower).toBeCloseTo(-other.upper, 12);
        expect(one.upper).toBeCloseTo(-other.lower, 12);
        expect(one.lower).toBeLessThanOrEqual(one.estimate);
        expect(one.upper).toBeGreaterThanOrEqual(one.estimate);
        expect(Math.max(Math.abs(one.lower), Math.abs(one.upper))).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('refuses an arm without trials', () => {
    expect(() => newcombeDifference(counts(1, 2), counts(0, 0))).toThrow('expected at least one trial');
  });
});

describe('moverDifference', () => {
  it("is Newcombe's interval when it is given Wilson's", () => {
    fc.assert(
      fc.property(anyCounts(), anyCounts(), (first, second) => {
        const [one, other] = [first, second].map(({ successes, trials }) => wilsonInterval(successes, trials));
        if (one === undefined || other === undefined) throw new TypeError('two');
        expect(moverDifference(one, other)).toEqual(newcombeDifference(first, second));
      }),
    );
  });

  it('follows the equations with limits that no count gave: 0.5 (0.4-0.6) minus 0.2 (0.1-0.4)', () => {
    const interval = moverDifference(
      { estimate: 0.5, lower: 0.4, upper: 0.6, confidence: 0.95 },
      { estimate: 0.2, lower: 0.1, upper: 0.4 },
    );
    // 0.3 - sqrt(0.1^2 + 0.2^2) and 0.3 + sqrt(0.1^2 + 0.1^2)
    expectClose([interval.lower, interval.upper], [0.3 - Math.sqrt(0.05), 0.3 + Math.sqrt(0.02)]);
  });

  it('refuses limits that do not hold their estimate', () => {
    const fine = { estimate: 0.5, lower: 0.4, upper: 0.6, confidence: 0.95 };
    expect(() => moverDifference(fine, { estimate: 0.5, lower: 0.6, upper: 0.7 })).toThrow('expected 0 <= lower');
    expect(() => moverDifference({ ...fine, upper: 1.2 }, fine)).toThrow('expected 0 <= lower');
  });
});

describe('newcombePairedDifference', () => {
  it('agrees with a published example', () => {
    // Fagerland, Lydersen and Laake (2014), Statistics in Medicine 33, airway hyper-responsiveness: -0.507 to -0.026
    const interval = newcombePairedDifference({ both: 1, firstOnly: 1, secondOnly: 7, neither: 12 });
    expect([interval.estimate, interval.lower, interval.upper].map((value) => value.toFixed(3))).toEqual([
      '-0.286',
      '-0.507',
      '-0.026',
    ]);
  });

  const anyPairs = fc
    .record({ both: fc.nat(300), firstOnly: fc.nat(300), secondOnly: fc.nat(300), neither: fc.nat(300) })
    .filter((pairs) => pairs.both + pairs.firstOnly + pairs.secondOnly + pairs.neither > 0);

  it('changes sign when first and second change places, and holds its estimate', () => {
    fc.assert(
      fc.property(anyPairs, (pairs) => {
        const one = newcombePairedDifference(pairs);
        const other = newcombePairedDifference({ ...pairs, firstOnly: pairs.secondOnly, secondOnly: pairs.firstOnly });
        expect(one.lower).toBeCloseTo(-other.upper, 12);
        expect(one.lower).toBeLessThanOrEqual(one.estimate);
        expect(one.upper).toBeGreaterThanOrEqual(one.estimate);
      }),
    );
  });

  it('refuses no pair', () => {
    expect(() => newcombePairedDifference({ both: 0, firstOnly: 0, secondOnly: 0, neither: 0 })).toThrow(
      'expected at least one trial',
    );
  });
});
