import { describe, expect, it } from 'vitest';

import { cochranMantelHaenszel, type Stratum } from './cochran-mantel-haenszel.ts';
import { counts, expectClose } from './testing.ts';

/** Admissions at Berkeley in 1973 (R's UCBAdmissions): men, then women, admitted of those who applied, by department. */
const admissions: readonly Stratum[] = [
  { first: counts(512, 825), second: counts(89, 108) },
  { first: counts(353, 560), second: counts(17, 25) },
  { first: counts(120, 325), second: counts(202, 593) },
  { first: counts(138, 417), second: counts(131, 375) },
  { first: counts(53, 191), second: counts(94, 393) },
  { first: counts(22, 373), second: counts(24, 341) },
];

describe('cochranMantelHaenszel', () => {
  it('agrees with statsmodels on admissions at Berkeley', () => {
    // StratifiedTable(tables).test_null_odds(correction=True | False), .oddsratio_pooled, .oddsratio_pooled_confint();
    // R: mantelhaen.test(UCBAdmissions) gives 1.4269, p 0.2323, 0.9047, 0.7719 to 1.0603
    const plain = cochranMantelHaenszel(admissions);
    const corrected = cochranMantelHaenszel(admissions, { continuityCorrection: true });
    expectClose([corrected.statistic, corrected.p], [1.4269462285866883, 0.23226346281704802], 1e-10);
    expectClose([plain.statistic, plain.p], [1.5246066604434356, 0.21692369705551817], 1e-10);
    expectClose(
      [plain.commonOddsRatio ?? 0, plain.lower ?? 0, plain.upper ?? 0],
      [0.9046968282586231, 0.7719073617593505, 1.0603297644366558],
      1e-10,
    );
  });

  it('turns the odds ratio over when the arms change places', () => {
    const there = cochranMantelHaenszel(admissions);
    const back = cochranMantelHaenszel(admissions.map(({ first, second }) => ({ first: second, second: first })));
    expectClose(
      [back.p, back.commonOddsRatio ?? 0, back.lower ?? 0],
      [there.p, 1 / (there.commonOddsRatio ?? 0), 1 / (there.upper ?? 0)],
      1e-10,
    );
  });

  it('says nothing where no stratum tells the arms apart, and counts such strata', () => {
    const silent: Stratum = { first: counts(0, 50), second: counts(0, 50) };
    expect(cochranMantelHaenszel([silent])).toMatchObject({
      statistic: 0,
      p: 1,
      commonOddsRatio: null,
      lower: null,
      uninformativeStrata: 1,
    });
    expect(cochranMantelHaenszel([{ first: counts(0, 1), second: counts(0, 1) }])).toMatchObject({ p: 1 });
    expect(cochranMantelHaenszel([...admissions, silent])).toMatchObject({
      ...cochranMantelHaenszel(admissions),
      uninformativeStrata: 1,
    });
  });

  it('has no finite odds ratio when one arm never does it, but a p-value', () => {
    const result = cochranMantelHaenszel([{ first: counts(9, 50), second: counts(0, 50) }]);
    expect(result).toMatchObject({ commonOddsRatio: Infinity, lower: null, upper: null });
    expect(result.p).toBeLessThan(0.01);
  });

  it('refuses no stratum and an arm without trials', () => {
    expect(() => cochranMantelHaenszel([])).toThrow('expected at least one stratum');
    expect(() => cochranMantelHaenszel([{ first: counts(0, 0), second: counts(0, 1) }])).toThrow(
      'expected at least one trial',
    );
  });
});
