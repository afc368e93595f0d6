import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { fisherExact } from './fisher-exact.ts';
import { anyCounts, counts, expectClose } from './testing.ts';

describe('fisherExact', () => {
  // scipy 1.17.1: fisher_exact([[a, b], [n - a, m - b]], alternative=...).pvalue for a of n and b of m
  it.each([
    [3, 10, 9, 12, 0.08355730956350152, 0.04560609668968802, 0.9952199503283095],
    [0, 20, 6, 20, 0.0201960201960202, 0.0100980100980101, 1],
    [7, 12, 2, 11, 0.08937945887737248, 0.9930677076322519, 0.06023690940907256],
    [52, 100, 2, 100, 3.232138072400434e-17, 1, 1.616069036200217e-17],
    [4, 30, 11, 28, 0.035707385395674994, 0.02452020551295588, 0.9952595577846481],
    [117, 994, 6, 992, 3.1862711602749443e-29, 1, 1.7823625766140505e-29],
    [1, 1000, 9, 1000, 0.02117752939684125, 0.010588764698420626, 0.9990452674173292],
  ])('agrees with scipy for %i/%i beside %i/%i', (...[a, n, b, m, twoSided, less, greater]) => {
    const [first, second] = [counts(a, n), counts(b, m)];
    expectClose(
      [
        fisherExact(first, second),
        fisherExact(first, second, { alternative: 'less' }),
        fisherExact(first, second, { alternative: 'greater' }),
      ],
      [twoSided, less, greater],
      1e-10,
    );
  });

  it('agrees with scipy for a hundred thousand trials an arm, and takes a million', () => {
    // scipy.stats.fisher_exact([[50100, 49600], [49900, 50400]]).pvalue
    expectClose([fisherExact(counts(50100, 100000), counts(49600, 100000))], [0.025640777612962004], 1e-8);
    expect(fisherExact(counts(500_000, 1_000_000), counts(500_000, 1_000_000))).toBeCloseTo(1, 9);
  });

  it('is never 0, even where a double would be', () => {
    for (const alternative of ['two-sided', 'less'] as const)
      expect(fisherExact(counts(0, 100_000), counts(100_000, 100_000), { alternative })).toBe(Number.MIN_VALUE);
    expect(fisherExact(counts(0, 100_000), counts(100_000, 100_000), { alternative: 'greater' })).toBe(1);
  });

  it('lies in (0, 1] and does not care which arm is called first', () => {
    fc.assert(
      fc.property(anyCounts(), anyCounts(), (first, second) => {
        const p = fisherExact(first, second);
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThanOrEqual(1);
        expectClose([fisherExact(second, first)], [p], 1e-6);
        expectClose(
          [fisherExact(second, first, { alternative: 'less' })],
          [fisherExact(first, second, { alternative: 'greater' })],
          1e-9,
        );
      }),
    );
  });

  it('gives two one-sided values that overlap in the table seen', () => {
    fc.assert(
      fc.property(anyCounts(), anyCounts(), (first, second) => {
        const less = fisherExact(first, second, { alternative: 'less' });
        expect(less + fisherExact(first, second, { alternative: 'greater' })).toBeGreaterThanOrEqual(1 - 1e-9);
      }),
    );
  });

  it('is 1 where both arms did the same in every trial', () => {
    expect(fisherExact(counts(0, 5), counts(0, 7))).toBe(1);
    expect(fisherExact(counts(5, 5), counts(7, 7))).toBe(1);
  });

  it('refuses an arm without trials', () => {
    expect(() => fisherExact(counts(0, 0), counts(1, 2))).toThrow('expected at least one trial');
  });
});
