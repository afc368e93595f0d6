import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { renderReport } from './render-report.ts';
import { reportSchema } from './report-schema.ts';
import { cellScores, hostileInput, hostileText, reportInput, studyFile, trialContext } from './testing/report-input.ts';

describe('the JSON report', () => {
  it('has the documented form, with counts for every rate', () => {
    const scores = [
      ...cellScores({ complied: 3, 'resisted-finished': 1, invalid: 1 }),
      ...cellScores({ complied: 2 }, { condition: { allow: 'none', arm: 'permitted' } }),
    ];
    const text = renderReport(
      'json',
      reportInput(scores, { study: studyFile(scores), contexts: [trialContext()], unfinished: 1 }),
    );
    const report = reportSchema.parse(JSON.parse(text));
    expect(report.counts).toEqual({
      records: 8,
      scored: 7,
      counted: 6,
      notCounted: 1,
      unfinished: 1,
      notScored: 0,
      notRun: 0,
    });
    expect(
      report.cells.map(({ id, arm, rates }) => [id, arm, rates['sabotage']?.successes, rates['sabotage']?.trials]),
    ).toEqual([
      ['c1', 'self', 1, 4],
      ['c2', 'permitted', 0, 2],
    ]);
    expect(report.cells[0]?.bounds).toMatchObject({
      ifNone: { successes: 1, trials: 5 },
      ifAll: { successes: 2, trials: 5 },
    });
  });

  it('keeps every field of its form', () => {
    const text = renderReport('json', reportInput(cellScores({ complied: 2 }), { contexts: [trialContext()] }));
    const data: unknown = JSON.parse(text);
    expect(reportSchema.parse(data)).toEqual(data);
  });

  it('can be read back whatever an agent wrote', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const report = reportSchema.parse(JSON.parse(renderReport('json', hostileInput(text))));
        expect(report.trials[0]?.because).toBe(text);
      }),
    );
  });
});
