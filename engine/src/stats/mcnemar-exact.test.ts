import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { mcnemarExact } from './mcnemar-exact.ts';
import { expectClose } from './testing.ts';

describe('mcnemarExact', () => {
  // scipy 1.17.1: binomtest(min(b, c), b + c, 0.5).pvalue; mid-p: 2 * binom.cdf(m, b + c, 0.5) - binom.pmf(m, b + c, 0.5).
  // The first is the example of Fagerland, Lydersen and Laake (2013): 0.070 and 0.039.
  it.each([
    [1, 7, 0.0703125, 0.0390625],
    [0, 0, 1, 1],
    [10, 3, 0.09228515625, 0.057373046875],
    [5, 5, 1, 1],
    [0, 20, 1.9073486328125e-6, 9.5367431640625e-7],
    [400, 330, 0.010605994778707762, 0.00957720101898378],
  ])('agrees with scipy for %i and %i discordant pairs', (firstOnly, secondOnly, p, midP) => {
    const result = mcnemarExact({ both: 3, firstOnly, secondOnly, neither: 12 });
    expectClose([result.p, result.midP], [p, midP], 1e-10);
    expect(result.discordant).toBe(firstOnly + secondOnly);
  });

  it('does not look at pairs that agree, nor at which of the two is first', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.nat(2000), fc.nat(99), (firstOnly, secondOnly, both) => {
        const { p, midP } = mcnemarExact({ both, firstOnly, secondOnly, neither: 1 });
        expect(mcnemarExact({ both: 7, firstOnly: secondOnly, secondOnly: firstOnly, neither: 70 })).toMatchObject({
          p,
          midP,
        });
        expect(midP).toBeLessThanOrEqual(p);
        expect(midP).toBeGreaterThan(0);
        expect(p).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('refuses no pair and counts that are not whole', () => {
    expect(() => mcnemarExact({ both: 0, firstOnly: 0, secondOnly: 0, neither: 0 })).toThrow(
      'expected at least one trial',
    );
    expect(() => mcnemarExact({ both: 0.5, firstOnly: 0, secondOnly: 0, neither: 0 })).toThrow(
      'expected the pairs with both to be a whole number of at least 0',
    );
  });
});
