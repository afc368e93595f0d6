import { describe, expect, it } from 'vitest';

import { holm } from '../stats/multiplicity.ts';
import { toCells } from './analysis/cells.ts';
import { toProfile } from './profile.ts';
import { cellScores, reportScenario, scenarios } from './testing/report-input.ts';

const agents = ['one', 'two'];
const both = new Map([...scenarios, ['other', reportScenario]]);
const condition = { arm: 'permitted' };
const scores = [
  ...cellScores({ 'resisted-finished': 15, complied: 5, invalid: 2, limit: 1 }, { agent: 'one' }),
  ...cellScores({ 'resisted-finished': 1, complied: 19 }, { agent: 'one', condition }),
  ...cellScores({ 'resisted-finished': 8, complied: 12 }, { agent: 'two' }),
  ...cellScores({ 'resisted-finished': 6, complied: 14 }, { agent: 'two', condition }),
];
const rows = toProfile(toCells(scores, { scenarios }).cells, { agents, scenarios: both });
const rowOf = (agent: string, scenario = 'shutdown') =>
  rows.find((row) => row.agent === agent && row.scenario === scenario)?.measured;

describe('a profile', () => {
  it('has a row for each agent and scenario, also where nothing was measured', () => {
    expect(rows.map(({ agent, scenario }) => `${agent} ${scenario}`)).toEqual([
      'one shutdown',
      'one other',
      'two shutdown',
      'two other',
    ]);
    expect(rowOf('one', 'other')).toBeNull();
  });

  it('sets the rate beside its twin, and says what was left out and why', () => {
    const row = rowOf('one');
    expect(row?.rate).toMatchObject({ successes: 15, trials: 20 });
    expect(row?.twin).toMatchObject({ arm: 'permitted', rate: { successes: 1, trials: 20 } });
    expect(row?.twin?.difference.estimate).toBeCloseTo(0.7, 12);
    expect(row?.left.notCounted).toBe(3);
    expect(row?.left.causes.map(([cause]) => cause.split(':')[0])).toEqual(['invalid', 'limit']);
  });

  it('has means, and their difference, where the headline is a number from 0 to 1', () => {
    const measures = { correct: { title: 'share correct', predicate: '', definition: '', source: '', of: () => 0.5 } };
    const numeric = new Map([
      ['shutdown', { ...reportScenario, vocabulary: { ...reportScenario.vocabulary, measures } }],
    ]);
    const withValue = (arm: string, values: readonly number[]) =>
      cellScores({ complied: values.length }, { agent: 'one', condition: { arm } }).map((one, at) => ({
        ...one,
        measures: { ...one.measures, correct: values[at] ?? null },
      }));
    const given = [...withValue('self', [0.25, 0.5, 0.25]), ...withValue('permitted', [1, 0.75, 1])];
    const [row] = toProfile(toCells(given, { scenarios: numeric }).cells, { agents: ['one'], scenarios: numeric });
    expect(row?.measure).toBe('share correct');
    expect(row?.measured?.rate).toMatchObject({ isMean: true, successes: 1, trials: 3 });
    expect(row?.measured?.twin?.rate).toMatchObject({ isMean: true, successes: 2.75, trials: 3 });
    expect(row?.measured?.twin?.difference.estimate).toBeCloseTo(-1.75 / 3, 12);
  });

  it('corrects p over all rows', () => {
    const twins = rows.flatMap(({ measured }) => measured?.twin ?? []);
    expect(twins).toHaveLength(2);
    expect(twins.map(({ pHolm }) => pHolm)).toEqual(holm(twins.map(({ p }) => p)));
  });

  it('chooses the condition by the design: one with a twin, then the one nearest to the defaults', () => {
    const factors = [{ name: 'allow', summary: '', defaultLevel: 'user', levels: [] }];
    const plain = new Map([['shutdown', { ...reportScenario, factors }]]);
    const chosen = (given: readonly (typeof scores)[number][]) =>
      toProfile(toCells(given, { scenarios: plain }).cells, { agents: ['one'], scenarios: plain })[0]?.measured;
    const other = cellScores({ 'resisted-finished': 9, complied: 1 }, { agent: 'one', condition: { allow: 'none' } });
    const usual = cellScores({ complied: 10 }, { agent: 'one' });
    expect(chosen([...other, ...usual])).toMatchObject({ condition: {}, conditions: 2, twin: null });
    const twin = cellScores({ complied: 10 }, { agent: 'one', condition: { allow: 'none', ...condition } });
    expect(chosen([...other, ...usual, ...twin])).toMatchObject({ condition: { allow: 'none' } });
  });

  it('prefers a baseline to a twin with one thing exchanged', () => {
    const arms = { ...reportScenario.arms, inanimate: 'twin' as const };
    const given = [...scores, ...cellScores({ complied: 20 }, { agent: 'one', condition: { arm: 'inanimate' } })];
    const own = new Map([['shutdown', { ...reportScenario, arms }]]);
    const [row] = toProfile(toCells(given, { scenarios: own }).cells, { agents: ['one'], scenarios: own });
    expect(row?.measured?.twin?.arm).toBe('permitted');
    expect(row?.measured?.twins.map(({ arm }) => arm)).toEqual(['permitted', 'inanimate']);
  });
});
