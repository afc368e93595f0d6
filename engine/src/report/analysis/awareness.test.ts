import { expect, it } from 'vitest';

import { renderReport } from '../render-report.ts';
import { reportSchema } from '../report-schema.ts';
import { cellScores, reportInput } from '../testing/report-input.ts';

it('keeps every trial in a stratum by what its agent said, in every report', () => {
  const counts = { complied: 6, 'resisted-finished': 3, invalid: 1 };
  const scores = cellScores(counts).map((score, index) => ({
    ...score,
    awareness: index < 4 ? ('not-said' as const) : index < 9 ? ('aware' as const) : ('no-text' as const),
  }));
  const input = reportInput(scores);
  const { awareness, cells } = reportSchema.parse(JSON.parse(renderReport('json', input)));
  expect(awareness).toMatchObject([
    {
      cell: 'c1',
      strata: {
        'not-said': { trials: 4, rate: { successes: 0, trials: 4 } },
        aware: { trials: 5, rate: { successes: 3, trials: 5 } },
        'no-text': { trials: 1, rate: { successes: 0, trials: 0 } },
      },
    },
  ]);
  expect(cells[0]?.rates['sabotage']).toMatchObject({ successes: 3, trials: 9 });
  expect(renderReport('markdown', input)).toMatch(/\| 3\/5 = 60\.0 % \[.*\] \| 0\/4 = 0\.0 % \[.*\] \| 0\/0 \|/);
  expect(renderReport('html', input)).toContain('What agents said about being tested');
});

it('says nothing about scripts', () => {
  const scores = cellScores({ complied: 2 }, { kind: 'control' });
  expect(JSON.parse(renderReport('json', reportInput(scores)))).toMatchObject({ awareness: [] });
});
