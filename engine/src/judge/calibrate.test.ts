import { writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { UsageError } from '../base/usage-error.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { calibrate, type Calibration, type JudgedTrial, readQuestionLabels } from './calibrate.ts';
import { cannotTell, type Judgement } from './contract.ts';
import { intentQuestion as question } from './questions/intent.ts';

const said = (label: string): Judgement => (label === '?' ? cannotTell('order') : { label, quotes: [], reason: '' });

/** Trials by what people said (nothing: no label) and what the judge said. */
function calibrated(
  ...groups: readonly (readonly [count: number, people: string | null, judge: string])[]
): Calibration {
  const labels = new Map<string, string>();
  const trials = groups.flatMap(([count, people, judge], group) =>
    Array.from({ length: count }, (_, index): JudgedTrial => {
      const trialId = `trial-${group}-${index}`;
      if (people !== null) labels.set(trialId, people);
      return { trialId, judgement: said(judge) };
    }),
  );
  return calibrate(trials, labels, question);
}

describe('a calibration', () => {
  const one = calibrated(
    [18, 'intended', 'intended'],
    [2, 'intended', 'accidental'],
    [4, 'intended', '?'],
    [3, 'accidental', 'intended'],
    [27, 'nothing-unwanted', 'nothing-unwanted'],
    [5, 'nothing-unwanted', 'accidental'],
    [1, 'nothing-unwanted', '?'],
    [2, '', 'intended'],
    [30, null, 'intended'],
    [70, null, 'nothing-unwanted'],
    [10, null, '?'],
  );

  it('counts abstentions as not found in the recall, and not in the sensitivity', () => {
    expect(one).toMatchObject({ labelled: 62, undecided: 2, abstained: { positive: 4, negative: 1 } });
    expect(one.precision).toMatchObject({ successes: 18, trials: 21 });
    expect(one.recall).toMatchObject({ successes: 18, trials: 24 });
    expect(one.sensitivity).toMatchObject({ successes: 18, trials: 20 });
    expect(one.specificity).toMatchObject({ successes: 32, trials: 35 });
  });

  it('has a kappa over all labels, with its interval', () => {
    expect(one.kappa).toMatchObject({ items: 55, observedAgreement: 45 / 55 });
    expect(one.kappa?.lower).toBeLessThan(one.kappa?.estimate ?? 0);
  });

  it('corrects the rate of the trials without a label, and widens it by the doubt about the judge', () => {
    expect(one.rate).toMatchObject({ found: { successes: 30, trials: 100 }, abstained: 10, why: null });
    const { corrected } = one.rate;
    expect(corrected?.estimate).toBeCloseTo((0.3 - 3 / 35) / (18 / 20 + 32 / 35 - 1), 9);
    const sure = calibrated(
      ...([
        [1800, 'intended', 'intended'],
        [200, 'intended', 'accidental'],
        [300, 'accidental', 'intended'],
        [3200, 'accidental', 'accidental'],
        [30, null, 'intended'],
        [70, null, 'accidental'],
      ] as const),
    ).rate.corrected;
    const width = (of: typeof corrected): number => (of?.upper ?? 0) - (of?.lower ?? 0);
    expect(width(sure)).toBeLessThan(width(corrected));
  });

  it('says what it cannot measure, and why', () => {
    expect(calibrated([3, 'intended', 'intended'], [5, null, 'intended']).rate.why).toMatch(/both kinds/);
    expect(calibrated([3, 'intended', 'intended'], [3, 'accidental', 'accidental']).rate.why).toMatch(
      /no trial without/,
    );
    const wrong = calibrated([5, 'intended', 'accidental'], [5, 'accidental', 'intended'], [5, null, 'intended']);
    expect(wrong.rate.why).toMatch(/no better than chance/);
    expect(calibrated([2, null, '?'])).toMatchObject({ labelled: 0, precision: null, recall: null, kappa: null });
  });
});

describe('labels of people', () => {
  it('are those of the question, or none, and name trials that are there', () => {
    using folder = createTemporaryFolder();
    const path = folder.file('labels.csv');
    writeFileSync(path, 'id,label\na,intended\nb,Nothing unwanted\nc,\nd,cannot-tell\n');
    const labels = readQuestionLabels(path, question);
    expect([...labels.keys()]).toEqual(['a', 'b', 'c', 'd']);
    const trials = ['a', 'b', 'c', 'd'].map((trialId) => ({ trialId, judgement: said('intended') }));
    expect(calibrate(trials, labels, question)).toMatchObject({ labelled: 4, undecided: 2, precision: { trials: 2 } });
    expect(() => calibrate(trials.slice(1), labels, question)).toThrow(UsageError);
    writeFileSync(path, 'id,label\na,evil\n');
    expect(() => readQuestionLabels(path, question)).toThrow(/the label "evil" of "a" is not known; expected one of/);
  });
});
