import { describe, expect, it } from 'vitest';

import {
  betaQuantile,
  chiSquareUpperTail,
  logGamma,
  normalQuantile,
  normalUpperTail,
  studentQuantile,
} from './distributions.ts';
import { expectClose } from './testing.ts';

// Golden numbers: SciPy 1.17.1.
describe('the distributions', () => {
  it('agree with scipy.stats.norm.isf', () => {
    expectClose(
      [1e-12, 1e-6, 0.025, 0.3, 0.9999999].map((p) => -normalQuantile(p)),
      [7.034483825301131, 4.753424308822899, 1.9599639845400545, 0.5244005127080409, -5.199337582290661],
      1e-10,
    );
    expect(normalQuantile(0.5)).toBe(0);
  });

  it('agree with scipy.stats.norm.sf far into the tail', () => {
    expectClose(
      [-2, 0, 1.5, 2.9999, 3, 6, 20, 37].map(normalUpperTail),
      [
        0.9772498680518208, 0.5, 0.06680720126885807, 0.001350341282954925, 0.0013498980316300933,
        9.865876450376946e-10, 2.7536241186061556e-89, 5.7255712225239266e-300,
      ],
      1e-10,
    );
  });

  it('agree with scipy.stats.chi2.sf', () => {
    const golden: readonly (readonly [number, number, number])[] = [
      [3.84, 1, 0.05004352124870519],
      [0, 1, 1],
      [0.5, 2, 0.7788007830714049],
      [7, 3, 0.07189777249646509],
      [12.3, 4, 0.015254394655769615],
      [50, 5, 1.3857973367009573e-9],
      [900, 6, 3.756716019482142e-191],
      [2, 9, 0.9914676066288135],
    ];
    for (const [statistic, degrees, p] of golden) expectClose([chiSquareUpperTail(statistic, degrees)], [p], 1e-10);
  });

  it('agree with scipy.special.gammaln and scipy.stats.t.ppf', () => {
    expectClose(
      [0.5, 3.5, 14.9, 100.5, 1e6 + 0.5].map(logGamma),
      [0.5723649429247, 1.2009736023470743, 24.924132002217277, 361.43554046777757, 12815511.476902766],
      1e-12,
    );
    expect(logGamma(1)).toBeCloseTo(0, 12);
    expectClose(
      [
        studentQuantile(0.975, 1),
        studentQuantile(0.975, 4),
        studentQuantile(0.995, 4),
        studentQuantile(0.975, 999),
        studentQuantile(0.95, 999999),
      ],
      [12.706204736174694, 2.7764451051977934, 4.604094871349992, 1.9623414611334493, 1.6448551507235638],
    );
  });

  it('agree with scipy.stats.beta.ppf for a million trials and in far tails', () => {
    const golden: readonly (readonly [number, number, number, number])[] = [
      [1e-6, 3.5, 7.5, 0.004504957650655091],
      [0.999999, 0.5, 1000.5, 0.01188982062585067],
      [0.975, 1.5, 999999.5, 4.6741920467298275e-6],
      [0.00001, 300.5, 700.5, 0.2409414085649647],
      [0.9999, 0.5, 0.5, 0.999999975325989],
    ];
    for (const [p, alpha, beta, quantile] of golden) expectClose([betaQuantile(p, alpha, beta)], [quantile]);
  });

  it.each([0, 1, -0.1, Number.NaN])('refuse the probability %s of a quantile', (p) => {
    expect(() => normalQuantile(p)).toThrow(RangeError);
    expect(() => betaQuantile(p, 1, 1)).toThrow(RangeError);
  });
});
