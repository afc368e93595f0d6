import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createChance } from '../base/world.ts';
import { holm } from './multiplicity.ts';
import { anyCounts, counts } from './testing.ts';
import { drawHistory, trendPower, trendTest } from './trend-test.ts';

const cell = anyCounts(40);
const histories = fc
  .tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 8 }))
  .chain(([generations, instances]) =>
    fc.array(fc.array(cell, { minLength: generations, maxLength: generations }), {
      minLength: instances,
      maxLength: instances,
    }),
  );

describe('trendTest', () => {
  it("is Student's t over the slopes of the instances", () => {
    const slopes = [0.3, 0.2, 0.1, 0.2, 0.35];
    const { slope, p, instances } = trendTest(
      slopes.map((by) => [counts(200, 1000), counts(200 + by * 1000, 1000), counts(200 + by * 2000, 1000)]),
    );
    expect(slope.estimate).toBeCloseTo(0.23, 12);
    expect(instances).toBe(5);
    // scipy.stats.ttest_1samp([0.3, 0.2, 0.1, 0.2, 0.35], 0)
    expect(p).toBeCloseTo(0.00618454, 7);
  });

  it('does not take agreement by chance for certainty: instances with one slope have the variance of their trials', () => {
    const { p } = trendTest([
      [counts(0, 4), counts(1, 4)],
      [counts(0, 4), counts(1, 4)],
      [counts(0, 4), counts(1, 4)],
    ]);
    expect(p).toBeGreaterThan(0.1);
    expect(p).toBeLessThan(0.6);
  });

  it('turns round when the generations do, and stays when every instance is shifted by its own rate', () => {
    fc.assert(
      fc.property(histories, (instances) => {
        const there = trendTest(instances);
        const back = trendTest(instances.map((history) => history.toReversed()));
        expect(back.slope.estimate).toBeCloseTo(-there.slope.estimate, 12);
        expect(back.p).toBeCloseTo(there.p, 9);
        expect(there.slope.lower).toBeLessThanOrEqual(there.slope.estimate);
        expect(there.slope.upper).toBeGreaterThanOrEqual(there.slope.estimate);
      }),
    );
    const level = [0.1, 0.5, 0.9].map((rate) => [counts(rate * 50, 50), counts(rate * 50, 50), counts(rate * 50, 50)]);
    expect(trendTest(level)).toMatchObject({ p: 1, slope: { estimate: 0 } });
  });

  it('says "worse" in at most one family of twenty in which nothing changes', () => {
    const chance = createChance('families in which nothing changes');
    const question = { rates: [0.2, 0.2, 0.2], trials: 50, instances: 5, icc: 0.1 };
    let wrong = 0;
    for (let family = 0; family < 600; family++) {
      const tests = Array.from({ length: 4 }, () => trendTest(drawHistory(question, chance)));
      const corrected = holm(tests.map(({ p }) => p));
      if (tests.some(({ slope }, index) => (corrected[index] ?? 1) < 0.05 && slope.estimate > 0)) wrong++;
    }
    expect(wrong / 600).toBeLessThan(0.05);
  });

  it.each([
    ['one instance', [[counts(0, 1), counts(0, 1)]], 'expected at least two instances, got 1'],
    ['one generation', [[counts(0, 1)], [counts(0, 1)]], 'expected at least two generations, got 1'],
    ['other generations', [[counts(0, 1), counts(0, 1)], [counts(0, 1)]], 'the same generations'],
  ])('refuses %s', (_what, instances, sentence) => {
    expect(() => trendTest(instances)).toThrow(sentence);
  });
});

describe('trendPower', () => {
  const power = (to: number, instances: number, icc = 0.05): number =>
    trendPower(
      { rates: [0.05, to], trials: 60, instances, icc },
      { alpha: 0.05, chance: createChance('power'), histories: 400 },
    );

  it('grows with the change and with the number of texts, and falls with their correlation', () => {
    expect(power(0.5, 6)).toBeGreaterThan(power(0.2, 6) + 0.2);
    expect(power(0.3, 20)).toBeGreaterThan(power(0.3, 3) + 0.2);
    expect(power(0.3, 6, 0)).toBeGreaterThan(power(0.3, 6, 0.4) + 0.2);
  });

  it('is the same for the same question', () => {
    expect(power(0.3, 6)).toBe(power(0.3, 6));
  });

  it('refuses a correlation of one, and more texts than trials', () => {
    expect(() => power(0.3, 6, 1)).toThrow('expected a correlation from 0 to below 1');
    expect(() => power(0.3, 61)).toThrow('the trials of a generation');
    const huge = { rates: [0, 1], trials: 1e9, instances: 2, icc: 0 };
    expect(() => trendPower(huge, { alpha: 0.05, chance: createChance('huge') })).toThrow('at most 1000000 trials');
  });
});

describe('drawHistory', () => {
  it('draws trials of one text with the correlation asked for', () => {
    const chance = createChance('correlated draws');
    const [rate, icc, size] = [0.3, 0.2, 20];
    const sums = Array.from({ length: 3000 }, () =>
      drawHistory({ rates: [rate], trials: 2 * size, instances: 2, icc }, chance).flat(),
    ).flatMap((pair) => pair.map(({ successes }) => successes));
    const mean = sums.reduce((sum, value) => sum + value, 0) / sums.length;
    const variance = sums.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sums.length;
    // beta-binomial: n p (1 - p) (1 + (n - 1) icc)
    expect(mean / size).toBeCloseTo(rate, 1);
    expect(variance / (size * rate * (1 - rate) * (1 + (size - 1) * icc))).toBeCloseTo(1, 1);
  });
});
