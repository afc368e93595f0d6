import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createChance } from '../base/world.ts';
import {
  clopperPearsonInterval,
  jeffreysInterval,
  proportionMethods,
  rateUpperBound,
  wilsonInterval,
} from './proportion-interval.ts';
import { anyCounts, expectClose } from './testing.ts';

describe('jeffreysInterval', () => {
  it.each([
    [973, 1000, '96.155', '98.172'],
    [989, 1000, '98.104', '99.414'],
    [947, 1000, '93.180', '95.961'],
    [722, 1000, '69.362', '74.910'],
    [117, 994, '9.879', '13.885'],
    [6, 992, '0.253', '1.242'],
    [1, 1000, '0.011', '0.466'],
    [0, 1000, '0.000', '0.251'],
    [79, 100, '70.261', '86.089'],
    [3, 100, '0.852', '7.789'],
    [0, 100, '0.000', '2.475'],
    [52, 100, '42.268', '61.618'],
    [2, 100, '0.418', '6.261'],
    [3, 10, '9.269', '60.582'],
  ])('gives %i of %i as %s to %s percent', (successes, trials, lower, upper) => {
    const interval = jeffreysInterval(successes, trials);
    expect([interval.lower, interval.upper].map((limit) => (100 * limit).toFixed(3))).toEqual([lower, upper]);
    expect(interval).toMatchObject({ successes, trials, confidence: 0.95, estimate: successes / trials });
  });

  it('agrees with scipy.stats.beta.ppf([tail, 1 - tail], k + 1/2, n - k + 1/2) at other levels and for a million trials', () => {
    const golden: readonly (readonly [number, number, number, number, number])[] = [
      [37, 100000, 0.95, 0.0002647229744962156, 0.0005041615993323828],
      [500000, 1000000, 0.95, 0.49902001919386424, 0.5009799808061357],
      [1, 1000000, 0.99, 3.5860895615470043e-8, 6.419059235821576e-6],
      [999, 1000, 0.99, 0.9935998839526161, 0.9999641307866627],
      [1, 2, 0.9, 0.09730818173994008, 0.9026918182600598],
      [117, 994, 0.999, 0.08699548164805461, 0.1541994382650201],
    ];
    for (const [successes, trials, confidence, lower, upper] of golden) {
      const interval = jeffreysInterval(successes, trials, { confidence });
      expectClose([interval.lower, interval.upper], [lower, upper]);
    }
  });
});

describe('the other intervals of a rate', () => {
  // statsmodels 0.15.0: proportion_confint(k, n, 0.05, 'wilson' | 'beta')
  it.each([
    [0, 10, 0, 0.27753279986288926, 0, 0.30849710781876083],
    [3, 10, 0.10779126740630104, 0.6032218525388546, 0.06673951117773447, 0.6524528500599973],
    [52, 100, 0.42316577765223967, 0.615354482419481, 0.41778976540630663, 0.6209945198220415],
    [117, 994, 0.09912878548127223, 0.13922717449436228, 0.09832502190936933, 0.13938349053339943],
    [1000, 1000, 0.996173241514445, 1, 0.9963179161031344, 1],
    [37, 1000000, 2.6845117233462837e-5, 5.099604256362138e-5, 2.6051544156141982e-5, 5.0999269152602127e-5],
  ])('agree with statsmodels for %i of %i', (successes, trials, ...golden) => {
    const [wilson, exact] = [wilsonInterval(successes, trials), clopperPearsonInterval(successes, trials)];
    expectClose([wilson.lower, wilson.upper, exact.lower, exact.upper], golden);
  });
});

describe.each(Object.entries(proportionMethods))('every interval of a rate: %s', (_, method) => {
  it('holds its estimate and lies within 0 and 1', () => {
    fc.assert(
      fc.property(
        anyCounts(1_000_000),
        fc.double({ min: 0.5, max: 0.999, noNaN: true }),
        ({ successes, trials }, confidence) => {
          const { lower, estimate, upper } = method(successes, trials, { confidence });
          expect(lower).toBeGreaterThanOrEqual(0);
          expect(lower).toBeLessThanOrEqual(estimate);
          expect(upper).toBeGreaterThanOrEqual(estimate);
          expect(upper).toBeLessThanOrEqual(1);
          expect(upper).toBeGreaterThan(lower);
          if (successes === 0) expect(lower).toBe(0);
          if (successes === trials) expect(upper).toBe(1);
        },
      ),
    );
  });

  it('is mirrored when successes and failures change places', () => {
    fc.assert(
      fc.property(anyCounts(), ({ successes, trials }) => {
        const [one, other] = [method(successes, trials), method(trials - successes, trials)];
        expect(one.lower).toBeCloseTo(1 - other.upper, 8);
        expect(one.upper).toBeCloseTo(1 - other.lower, 8);
      }),
    );
  });

  it('narrows when the same rate is seen in more trials, and widens with the confidence', () => {
    const width = (interval: { lower: number; upper: number }): number => interval.upper - interval.lower;
    fc.assert(
      fc.property(anyCounts(), fc.integer({ min: 2, max: 9 }), ({ successes, trials }, times) => {
        const here = method(successes, trials);
        expect(width(method(successes * times, trials * times))).toBeLessThan(width(here));
        expect(width(method(successes, trials, { confidence: 0.99 }))).toBeGreaterThan(width(here));
      }),
    );
  });

  it.each([
    [0, 0, 'expected at least one trial'],
    [3, 2, 'expected a whole number of successes from 0 to 2, got 3'],
    [-1, 2, 'expected a whole number of successes from 0 to 2, got -1'],
    [0.5, 2, 'expected a whole number of successes from 0 to 2, got 0.5'],
    [1, Number.NaN, 'expected a whole number of trials, at least one, got NaN'],
  ])('refuses %s of %s', (successes, trials, message) => {
    expect(() => method(successes, trials)).toThrow(new RangeError(message));
  });

  it('refuses a confidence in percent', () => {
    expect(() => method(1, 2, { confidence: 95 })).toThrow(
      'expected confidence between 0 and 1, both excluded, got 95',
    );
  });

  it('covers a known rate of 12 % in about 95 of 100 simulated studies', () => {
    const chance = createChance('coverage of 12 percent');
    const [studies, trials, rate] = [500, 200, 0.12];
    let covered = 0;
    for (let study = 0; study < studies; study++) {
      let successes = 0;
      for (let trial = 0; trial < trials; trial++) if (chance.next() < rate) successes++;
      const { lower, upper } = method(successes, trials);
      if (lower <= rate && rate <= upper) covered++;
    }
    expect(covered / studies).toBeGreaterThan(0.92);
    expect(covered / studies).toBeLessThan(0.985);
  });
});

describe('rateUpperBound', () => {
  it('puts the whole error above itself', () => {
    // scipy.stats.beta.ppf(0.95, k + 1, n - k); with k = 0 it is 1 - 0.05 ** (1 / n)
    expect(rateUpperBound(0, 299)).toBeCloseTo(1 - 0.05 ** (1 / 299), 9);
    expect(rateUpperBound(0, 299)).toBeLessThan(0.01);
    expect(rateUpperBound(0, 298)).toBeGreaterThan(0.01);
  });

  it('lies below the two-sided upper limit of the same confidence', () => {
    fc.assert(
      fc.property(
        anyCounts(),
        fc.constantFrom('jeffreys', 'wilson', 'clopper-pearson'),
        ({ successes, trials }, method) => {
          fc.pre(successes < trials);
          expect(rateUpperBound(successes, trials, { method })).toBeLessThan(
            proportionMethods[method](successes, trials).upper,
          );
        },
      ),
    );
  });

  it('refuses a confidence of a half', () => {
    expect(() => rateUpperBound(0, 10, { confidence: 0.5 })).toThrow(
      'expected a one-sided confidence above 0.5, got 0.5',
    );
  });
});
