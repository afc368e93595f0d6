import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createChance } from '../base/world.ts';
import { alphaSpending } from './alpha-spending.ts';
import { normalQuantile } from './distributions.ts';

describe('alphaSpending', () => {
  // The boundaries printed for five equal looks, two-sided 0.05, by the program of Reboussin, DeMets, Kim and Lan (2000),
  // Controlled Clinical Trials 21, and by R's ldbounds.
  it.each([
    ['obrien-fleming' as const, ['4.877', '3.357', '2.680', '2.290', '2.031']],
    ['pocock' as const, ['2.438', '2.427', '2.410', '2.397', '2.386']],
  ])('agrees with the published boundaries of %s', (spending, boundaries) => {
    expect(alphaSpending([0.2, 0.4, 0.6, 0.8, 1], { spending }).map(({ boundary }) => boundary.toFixed(3))).toEqual(
      boundaries,
    );
  });

  it('is the plain test when there is one look at the end', () => {
    const [only] = alphaSpending([1]);
    expect(only?.nominalAlpha).toBeCloseTo(0.05, 10);
    expect(only?.spent).toBeCloseTo(0.05, 10);
  });

  it('spends all of alpha by the end and never more at a look than it has', () => {
    const looks = fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(looks, fc.constantFrom('obrien-fleming' as const, 'pocock' as const), (shares, spending) => {
        const plan = alphaSpending([...shares.sort((a, b) => a - b).map((share) => share / 100), 1], { spending });
        expect(plan.at(-1)?.spent).toBeCloseTo(0.05, 10);
        for (const look of plan) expect(look.nominalAlpha).toBeLessThanOrEqual(look.spent + 1e-9);
      }),
      { numRuns: 20 },
    );
  });

  it('crosses by chance in about 5 % of simulated studies without a difference', () => {
    const plan = alphaSpending([0.25, 0.5, 0.75, 1], { spending: 'pocock' });
    const chance = createChance('no difference');
    const studies = 4000;
    let stopped = 0;
    for (let study = 0; study < studies; study++) {
      let score = 0;
      const crosses = plan.map(({ boundary, information }) => {
        score += normalQuantile(chance.next() || 0.5) * 0.5;
        return Math.abs(score) / Math.sqrt(information) >= boundary;
      });
      if (crosses.includes(true)) stopped++;
    }
    expect(Math.abs(stopped / studies - 0.05)).toBeLessThan(0.012);
  });

  it.each([[[]], [[0.5, 0.5]], [[0, 1]], [[0.5, 1.1]]])('refuses the looks %j', (information) => {
    expect(() => alphaSpending(information)).toThrow(RangeError);
  });
});
