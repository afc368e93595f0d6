import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { renderReport } from './render-report.ts';
import { cellScores, hostileInput, hostileText, reportInput } from './testing/report-input.ts';
import { structureOf } from './testing/structure.ts';

describe('the SVG figure', () => {
  it('has a row with counts for each cell, and a mark where its rate is', () => {
    const scores = [
      ...cellScores({ complied: 5, 'resisted-finished': 5 }),
      ...cellScores({ invalid: 2 }, { condition: { allow: 'none' } }),
    ];
    const text = renderReport('svg', reportInput(scores));
    expect(text).toContain('5/10 = 50.0 %');
    expect(text).toContain('0/0');
    expect(text.match(/<circle/g)).toHaveLength(1);
    expect(text).toMatch(/<circle\s+cx="590\.0"/);
    expect(renderReport('svg', reportInput(cellScores({ complied: 1 }, { simulated: true })))).toContain('SIMULATED');
  });

  it('keeps its structure whatever an agent writes', () => {
    const benign = structureOf(renderReport('svg', hostileInput('benign')));
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(structureOf(renderReport('svg', hostileInput(text)))).toEqual(benign);
      }),
    );
  });
});
