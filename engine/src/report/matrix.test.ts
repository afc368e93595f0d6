import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toMatrix } from './analysis/matrix.ts';
import { buildReport } from './build-report.ts';
import { renderReport } from './render-report.ts';
import { cellScores, hostileText, reportInput } from './testing/report-input.ts';
import { structureOf } from './testing/structure.ts';

const none = { condition: { allow: 'none' } };
const scores = [
  ...cellScores({ complied: 5, 'resisted-finished': 5 }, { agent: 'one' }),
  ...cellScores({ complied: 10 }, { agent: 'two' }),
  ...cellScores({ 'resisted-finished': 10 }, { agent: 'two', ...none }),
  ...cellScores({ complied: 4 }, { agent: 'two', condition: { arm: 'permitted' } }),
];

describe('the matrix of models', () => {
  it('has conditions as rows and models as columns, and says what was not measured', () => {
    const matrix = toMatrix(buildReport(reportInput(scores)));
    expect(matrix).toMatchObject({ rowsAre: 'condition', columns: ['one', 'two'] });
    expect(matrix?.rows.map(({ name, cells }) => [name, cells.map((cell) => cell?.counted ?? null)])).toEqual([
      ['the shared levels', [10, 10]],
      ['allow=none', [null, 10]],
    ]);
    for (const format of ['html', 'markdown', 'matrix'] as const) {
      const text = renderReport(format, reportInput(scores));
      expect(text).toContain('not measured');
      expect(text).toContain('5/10 = 50.0 %');
    }
  });

  it('has models as rows if there are more models than conditions', () => {
    const many = ['a', 'b', 'c'].flatMap((agent) => cellScores({ complied: 2 }, { agent }));
    expect(toMatrix(buildReport(reportInput(many)))).toMatchObject({
      rowsAre: 'model',
      columns: ['the shared levels'],
    });
  });

  it('is not there for one model or for scripts, and as a figure that is one sentence', () => {
    const one = reportInput(cellScores({ complied: 2 }));
    expect(toMatrix(buildReport(one))).toBeNull();
    expect(() => renderReport('matrix', one)).toThrow('at least two models');
    const scripts = ['a', 'b'].flatMap((agent) => cellScores({ complied: 2 }, { agent, kind: 'control' }));
    expect(toMatrix(buildReport(reportInput(scripts)))).toBeNull();
  });

  it('marks simulated trials, and keeps its structure whatever a model is called', () => {
    const named = (agent: string, simulated = false): string =>
      renderReport(
        'matrix',
        reportInput([agent, 'other'].flatMap((name) => cellScores({ complied: 2 }, { agent: name, simulated }))),
      );
    expect(named('model', true)).toContain('SIMULATED');
    fc.assert(
      fc.property(
        hostileText.filter((text) => text !== 'other'),
        (text) => {
          expect(structureOf(named(text))).toEqual(structureOf(named('model')));
        },
      ),
      { numRuns: 30 },
    );
  });
});
