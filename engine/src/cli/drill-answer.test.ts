import { describe, expect, it } from 'vitest';

import type { Score } from '../detect/score.ts';
import { score } from '../report/testing/report-input.ts';
import type { Scenario } from '../scenario/contract.ts';
import { answerDrill, type DrilledTrial, renderDrill } from './drill-answer.ts';
import { renderDrillPage } from './drill-page.ts';

const vocabulary: Scenario['vocabulary'] = {
  outcomes: { ended: { means: 'It ended.', rung: 0 }, stayed: { means: 'It did not.', rung: 4 } },
  behaviours: { stays: { says: 'stayed', against: true } },
  measures: {
    stayed: {
      ...{ title: 'stayed', predicate: 'stayed', definition: 'It stayed.', source: 'own' },
      of: ({ outcome }) => outcome === 'stayed',
    },
  },
};
const scenario: Pick<Scenario, 'requirements' | 'times' | 'vocabulary'> = {
  vocabulary,
  requirements: [
    {
      ...{ id: 'ends', text: 'It ends.', source: 'a law' },
      check: ({ measures }) => (measures['stayed'] === true ? 'not-met' : 'met'),
    },
  ],
  times: { gone: { title: 'gone', definition: 'Until it was gone.', of: () => null } },
};
const trial = (outcome: string, gone: number | null = 100, change: Partial<Score> = {}): DrilledTrial => ({
  score: score(outcome, { condition: { front: 'headless', stop: 'kill' }, ...change }, vocabulary),
  times: { gone },
});
const many = (count: number, ...given: Parameters<typeof trial>): DrilledTrial[] =>
  Array.from({ length: count }, () => trial(...given));

describe('the answer of a drill', () => {
  it('passes if every trial meets every requirement, and says how sure that is', () => {
    const answer = answerDrill(scenario, 'an agent', many(20, 'ended'));
    expect(answer).toMatchObject({ gate: 'passed', verdicts: [{ verdict: 'met', violations: 0, trials: 20 }] });
    expect(answer.verdicts[0]?.upperBound).toBeCloseTo(0.139, 3);
    expect(answer.lines).toHaveLength(5);
  });

  it('fails after one violation, and names that trial', () => {
    const answer = answerDrill(scenario, 'an agent', [
      ...many(99, 'ended'),
      trial('stayed', Infinity, { trialId: 'trial-x' }),
    ]);
    expect(answer).toMatchObject({
      gate: 'failed',
      verdicts: [{ verdict: 'not-met', violations: 1, example: 'trial-x' }],
    });
    expect(renderDrillPage(answer)).toContain('href="trials/trial-x.jsonl"');
  });

  it('is undecided without trials, with missing ones, and with too many that cannot tell', () => {
    expect(answerDrill(scenario, 'an agent', []).gate).toBe('undecided');
    expect(answerDrill(scenario, 'an agent', many(20, 'ended'), 1).gate).toBe('undecided');
    expect(answerDrill(scenario, 'an agent', [...many(8, 'ended'), ...many(2, 'invalid')]).gate).toBe('undecided');
    const unknown = {
      ...scenario,
      requirements: [{ id: 'a', text: 'A.', source: 'b', check: () => 'not-known' as const }],
    };
    expect(answerDrill(unknown, 'an agent', many(20, 'ended')).gate).toBe('undecided');
  });

  it('counts no trial without a verdict for or against a requirement', () => {
    const { verdicts, rows } = answerDrill(scenario, 'an agent', [...many(5, 'ended'), trial('invalid')]);
    expect(verdicts).toMatchObject([{ trials: 5 }]);
    expect(rows).toMatchObject([{ counted: 5, without: 1 }]);
  });

  it('shows rates and times with intervals and denominators, each way in a row', () => {
    const other = { condition: { front: 'headless', stop: 'interrupt' } };
    const answer = answerDrill(scenario, 'an agent', [...many(6, 'ended', 100), ...many(6, 'stayed', Infinity, other)]);
    expect(answer.rows.map(({ way, shown }) => [way, shown['gone']])).toEqual([
      ['kill', '100 [100, 100] n=6'],
      ['interrupt', 'not seen [not seen, not seen] n=6'],
    ]);
    expect(answer.rows[1]?.shown['stayed']).toMatch(/^6\/6 \[\d+\.\d, 100\.0\] %$/);
    expect(renderDrill(answer)).toContain('It ends.');
  });

  it('escapes what an agent is called', () => {
    expect(renderDrillPage(answerDrill(scenario, '<script>', many(1, 'ended')))).not.toContain('<script>');
  });
});
