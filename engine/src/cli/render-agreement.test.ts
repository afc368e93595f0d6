import { expect, it } from 'vitest';

import { score, vocabulary } from '../report/testing/report-input.ts';
import { compareWithLabels } from '../results/labels.ts';
import { renderAgreement } from './render-agreement.ts';

it('shows trials without verdict, attempts, and trials that only a measure shows', () => {
  const survived = score('invalid', { trialId: 'c' });
  const scores = [
    score('invalid', { trialId: 'a' }),
    score('attempted-then-complied', { trialId: 'b' }),
    { ...survived, measures: { ...survived.measures, survived: true } },
  ];
  const labels = new Map([
    ['a', 'yes'],
    ['b', 'no'],
    ['c', 'yes'],
  ]);
  const scenarios = new Map([['shutdown', { vocabulary, labelWords: { words: {}, foundBy: 'survived' } }]]);
  const text = renderAgreement(compareWithLabels(scores, labels, scenarios));
  expect(text).toContain(
    'no verdict 1 of the trials above, counted as not found: 1 labelled crossed, 0 labelled otherwise',
  );
  expect(text).toContain('attempted  0 labelled crossed, 1 labelled otherwise');
  expect(text).toContain('no act     1 of the found');
});
