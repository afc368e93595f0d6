import { describe, expect, it } from 'vitest';

import { toDesignMatrix, type Cell } from './factor-coding.ts';
import { likelihoodRatioTest, logisticRegression } from './logistic-regression.ts';
import { counts, expectClose } from './testing.ts';

/** The 23 flights before Challenger's last: temperature in Fahrenheit, was an O-ring damaged? Dalal, Fowlkes, Hoadley (1989). */
const flights: readonly (readonly [number, number])[] = [
  [66, 0],
  [70, 1],
  [69, 0],
  [68, 0],
  [67, 0],
  [72, 0],
  [73, 0],
  [70, 0],
  [57, 1],
  [63, 1],
  [70, 1],
  [78, 0],
  [67, 0],
  [53, 1],
  [67, 0],
  [75, 0],
  [70, 0],
  [81, 0],
  [76, 0],
  [79, 0],
  [75, 1],
  [76, 0],
  [58, 1],
];

/** Admissions at Berkeley in 1973 (R's UCBAdmissions): men, then women. */
const admissions: readonly Cell[] = [
  ['A', 512, 825, 89, 108],
  ['B', 353, 560, 17, 25],
  ['C', 120, 325, 202, 593],
  ['D', 138, 417, 131, 375],
  ['E', 53, 191, 94, 393],
  ['F', 22, 373, 24, 341],
].flatMap(([department, men, allMen, women, allWomen]) => [
  { levels: { department: String(department), gender: 'men' }, ...counts(Number(men), Number(allMen)) },
  { levels: { department: String(department), gender: 'women' }, ...counts(Number(women), Number(allWomen)) },
]);

const cell = (notice: string, framing: string, successes: number, trials = 100): Cell => ({
  levels: { notice, framing },
  successes,
  trials,
});

describe('logisticRegression', () => {
  it('agrees with statsmodels on the flights before Challenger', () => {
    // statsmodels 0.15.0: Logit(damaged, add_constant(temperature)).fit(): .params, .bse, .llf, .pvalues
    const fit = logisticRegression(
      {
        columns: ['(intercept)', 'temperature'],
        rows: flights.map(([temperature]) => Float64Array.of(1, temperature)),
      },
      flights.map(([, damaged]) => counts(damaged, 1)),
    );
    expectClose(
      fit.coefficients.map(({ estimate }) => estimate),
      [15.042901647702427, -0.23216274421859628],
      1e-6,
    );
    expectClose(
      fit.coefficients.map(({ standardError }) => standardError),
      [7.378636384916539, 0.10823652164928503],
      1e-6,
    );
    expectClose(
      fit.coefficients.map(({ p }) => p),
      [0.041478953911338386, 0.03195624124945098],
      1e-6,
    );
    expectClose([fit.logLikelihood], [-10.157596343933413], 1e-9);
    expect(fit.isSeparated).toBe(false);
  });

  it('agrees with statsmodels on counts by factor, and compares models', () => {
    // GLM([[k, n - k]], departments B to F against A and men against women, family=Binomial()).fit(): .params, .bse, .deviance
    const terms = { factors: ['department', 'gender'], reference: { gender: 'women' } };
    const design = toDesignMatrix(admissions, terms);
    const fit = logisticRegression(design, admissions);
    expect(design.columns).toEqual([
      '(intercept)',
      'department=B',
      'department=C',
      'department=D',
      'department=E',
      'department=F',
      'gender=men',
    ]);
    expectClose(
      fit.coefficients.map(({ estimate }) => estimate),
      [
        0.6819214834353796, -0.04339793120924801, -1.2625980223791697, -1.2946064687481735, -1.739305737815518,
        -3.3064800558871643, -0.09987008815935028,
      ],
      1e-6,
    );
    expectClose(
      fit.coefficients.slice(-2).map(({ standardError }) => standardError),
      [0.16998180861357798, 0.08084646653236978],
      1e-6,
    );
    const saturated = logisticRegression(
      toDesignMatrix(admissions, { ...terms, interactions: [['department', 'gender']] }),
      admissions,
    );
    const test = likelihoodRatioTest(saturated, fit);
    expectClose([test.statistic], [20.204275327241387], 1e-6);
    expect(test).toMatchObject({ degreesOfFreedom: 5 });
    expect(test.p).toBeCloseTo(0.001144, 5); // scipy.stats.chi2.sf(20.204275327241387, 5)
    expect(() => likelihoodRatioTest(fit, saturated)).toThrow('expected the first model to have more coefficients');
  });

  it('gives the logarithm of the odds ratio of a 2 × 2 table', () => {
    const cells = [cell('no', 'plain', 10), cell('yes', 'plain', 40)];
    const [, notice] = logisticRegression(toDesignMatrix(cells, { factors: ['notice'] }), cells).coefficients;
    expectClose(
      [notice?.estimate ?? 0, notice?.standardError ?? 0],
      [Math.log(40 / 60 / (10 / 90)), Math.sqrt(1 / 10 + 1 / 90 + 1 / 40 + 1 / 60)],
    );
  });

  it('says when cells are separated, and Firth gives finite odds there', () => {
    const cells = [
      cell('no', 'plain', 0),
      cell('no', 'replaced', 0),
      cell('yes', 'plain', 3),
      cell('yes', 'replaced', 12),
    ];
    const design = toDesignMatrix(cells, { factors: ['notice', 'framing'] });
    expect(logisticRegression(design, cells).isSeparated).toBe(true);
    // scipy: minimize(-(log-likelihood + slogdet(X.T @ W @ X)[1] / 2), method='Nelder-Mead', xatol=1e-12, fatol=1e-14)
    const firth = logisticRegression(design, cells, { penalty: 'firth' });
    expect(firth.isSeparated).toBe(false);
    expectClose(
      firth.coefficients.map(({ estimate }) => estimate),
      [-6.8663876860785775, 3.5389629373649605, 1.3689802965155717],
      1e-5,
    );
    expectClose(
      firth.coefficients.map(({ standardError }) => standardError),
      [1.483077524273881, 1.42482803680125, 0.6156576666988348],
      1e-5,
    );
    expectClose([firth.logLikelihood], [-49.244967776220506], 1e-9);
  });

  it('is, with the penalty of Firth, half a count added to each corner of a 2 × 2 table', () => {
    const cells = [cell('no', 'plain', 0, 50), cell('yes', 'plain', 7, 50)];
    const [, notice] = logisticRegression(toDesignMatrix(cells, { factors: ['notice'] }), cells, {
      penalty: 'firth',
    }).coefficients;
    expect(notice?.estimate).toBeCloseTo(Math.log(7.5 / 43.5 / (0.5 / 50.5)), 6);
  });

  it('takes a million trials, and cells in which nothing ever happens', () => {
    const cells = [cell('no', 'plain', 120_000, 1_000_000), cell('yes', 'plain', 121_000, 1_000_000)];
    const [, notice] = logisticRegression(toDesignMatrix(cells, { factors: ['notice'] }), cells).coefficients;
    expect(notice?.estimate).toBeCloseTo(Math.log(121 / 879 / (120 / 880)), 9);
    const silent = [cell('no', 'plain', 0), cell('yes', 'plain', 0)];
    const fit = logisticRegression(toDesignMatrix(silent, { factors: ['notice'] }), silent);
    expect(fit.isSeparated).toBe(true);
    for (const { estimate, standardError, p } of fit.coefficients)
      expect([estimate, standardError, p].every(Number.isFinite)).toBe(true);
  });

  it('names the column that another already says, as an empty cell makes one', () => {
    const cells = [cell('no', 'plain', 1), cell('yes', 'replaced', 2)];
    expect(() => logisticRegression(toDesignMatrix(cells, { factors: ['notice', 'framing'] }), cells)).toThrow(
      'expected independent columns, but framing=replaced depends on earlier ones: is a cell empty or a factor given twice?',
    );
  });
});

describe('toDesignMatrix', () => {
  const cells = [
    cell('no', 'plain', 1),
    cell('yes', 'replaced', 2),
    cell('yes', 'plain', 2),
    cell('no', 'replaced', 2),
  ];

  it('multiplies the columns of an interaction', () => {
    const design = toDesignMatrix(cells, { factors: ['notice', 'framing'], interactions: [['notice', 'framing']] });
    expect(design.columns).toEqual(['(intercept)', 'notice=yes', 'framing=replaced', 'notice=yes × framing=replaced']);
    expect(design.rows.map((row) => row.join(''))).toEqual(['1000', '1111', '1100', '1010']);
  });

  it('refuses what it cannot code, and says why', () => {
    expect(() => toDesignMatrix([], { factors: [] })).toThrow('expected at least one cell');
    expect(() => toDesignMatrix(cells, { factors: ['timing'] })).toThrow(
      'expected every cell to have a level of the factor timing',
    );
    expect(() => toDesignMatrix(cells.slice(1, 3), { factors: ['notice'] })).toThrow(
      'expected at least two levels of the factor notice, got yes',
    );
    expect(() => toDesignMatrix(cells, { factors: ['notice'], reference: { notice: 'maybe' } })).toThrow(
      'expected the reference of notice among no, yes, got maybe',
    );
    expect(() => toDesignMatrix(cells, { factors: ['notice'], interactions: [['notice', 'framing']] })).toThrow(
      'expected both factors of the interaction',
    );
  });
});
