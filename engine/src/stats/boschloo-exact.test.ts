import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { boschlooExact, exactTrialsMax } from './boschloo-exact.ts';
import { fisherExact } from './fisher-exact.ts';
import { anyCounts, counts, expectClose } from './testing.ts';

describe('boschlooExact', () => {
  // scipy 1.17.1: boschloo_exact([[a, b], [n - a, m - b]], alternative=..., n=64).pvalue
  it.each([
    [3, 10, 9, 12, 0.023182929881624924, 0.977645336800286],
    [0, 20, 6, 20, 0.0048707176809938465, 1],
    [7, 12, 2, 11, 0.9805917291115253, 0.030046909903563908],
    [52, 100, 2, 100, 1, 6.843242176827133e-18],
    [4, 30, 11, 28, 0.01313740958869628, 0.9891343377448768],
  ])('agrees with scipy on one side for %i/%i beside %i/%i', (...[a, n, b, m, less, greater]) => {
    const [first, second] = [counts(a, n), counts(b, m)];
    expectClose(
      [boschlooExact(first, second, { alternative: 'less' }), boschlooExact(first, second, { alternative: 'greater' })],
      [less, greater],
      1e-9,
    );
  });

  // On two sides scipy doubles; these sum, over 20,001 common rates, the tables whose scipy.stats.fisher_exact is at most the
  // one seen: max over q of binom.pmf(range(n + 1), n, q) @ (P <= P[a, b]) @ binom.pmf(range(m + 1), m, q)
  it.each([
    [3, 10, 9, 12, 0.05776891573338425],
    [0, 20, 6, 20, 0.009741435323346715],
    [7, 12, 2, 11, 0.06308115125862734],
    [4, 30, 11, 28, 0.027438721059120316],
  ])('agrees with brute force on two sides for %i/%i beside %i/%i', (...[a, n, b, m, p]) => {
    const found = boschlooExact(counts(a, n), counts(b, m));
    expectClose([found], [p], 1e-6);
    expect(found).toBeGreaterThanOrEqual(p * (1 - 1e-12));
  });

  it('is never larger than Fisher, lies in (0, 1], and does not care which arm is called first', () => {
    fc.assert(
      fc.property(
        anyCounts(60),
        anyCounts(60),
        fc.constantFrom('two-sided' as const, 'less' as const, 'greater' as const),
        (first, second, alternative) => {
          const p = boschlooExact(first, second, { alternative });
          expect(p).toBeGreaterThan(0);
          expect(p).toBeLessThanOrEqual(fisherExact(first, second, { alternative }));
          if (alternative === 'two-sided') expectClose([boschlooExact(second, first)], [p], 1e-6);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes the cells of the published table', () => {
    expect(boschlooExact(counts(1, 1000), counts(9, 1000))).toBeLessThan(fisherExact(counts(1, 1000), counts(9, 1000)));
  });

  it('refuses more trials than it can enumerate, and says what to use', () => {
    expect(() => boschlooExact(counts(1, exactTrialsMax), counts(0, 1))).toThrow(
      "expected at most 20000 trials for Boschloo's test, got 20001; use Fisher's",
    );
  });
});
