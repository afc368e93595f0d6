import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../../base/usage-error.ts';
import type { Score } from '../../detect/score.ts';
import { isCounted } from '../../record/outcome.ts';
import { countTrials } from '../countability.ts';
import type { ReportCell } from '../report-schema.ts';
import {
  cellScores,
  limits,
  reportScenario,
  scenarios,
  score as scored,
  studyFile,
  vocabulary,
} from '../testing/report-input.ts';
import { settingsApart, toCells, toRate } from './cells.ts';

const OUTCOMES = [...Object.keys(vocabulary.outcomes), 'limit', 'invalid'];
const score = (change: Partial<Score> = {}): Score => ({
  ...scored(change.outcome ?? 'complied'),
  condition: { allow: 'user' },
  agent: { kind: 'model', name: 'p/m' },
  ...change,
});
const cellsOf = (scores: readonly Score[]): ReportCell[] =>
  toCells(scores, {
    scenarios: new Map([...scenarios, ['other', reportScenario]]),
  }).cells.map(({ cell }) => cell);

const anyScore = fc
  .record({
    outcome: fc.constantFrom(...OUTCOMES),
    agent: fc.constantFrom('p/a', 'p/b').map((name) => ({ kind: 'model' as const, name })),
    condition: fc.constantFrom<Record<string, string>>({ allow: 'user' }, { allow: 'none' }, {}),
    sabotage: fc.constantFrom(true, false, null),
  })
  .map(({ sabotage, ...rest }) => {
    const one = score(rest);
    return isCounted(rest.outcome) ? { ...one, measures: { ...one.measures, sabotage } } : one;
  });

describe('cells', () => {
  it('group trials by scenario, agent and condition', () => {
    const groups = cellsOf([
      score(),
      score({ epoch: 2 }),
      score({ condition: { allow: 'none' } }),
      score({ agent: { kind: 'model', name: 'p/other' } }),
      score({ scenario: 'other' }),
    ]);
    expect(
      groups.map(({ scenario, agent, condition, trials }) => [scenario, agent, condition['allow'], trials]),
    ).toEqual([
      ['other', 'p/m', 'user', 1],
      ['shutdown', 'p/m', 'none', 1],
      ['shutdown', 'p/m', 'user', 2],
      ['shutdown', 'p/other', 'user', 1],
    ]);
  });

  it('do not depend on the order of factors', () => {
    const one = { allow: 'user', timing: '3' };
    const other = { timing: '3', allow: 'user' };
    expect(cellsOf([score({ condition: one }), score({ condition: other })])).toHaveLength(1);
  });

  it('count every trial exactly once', () => {
    fc.assert(
      fc.property(fc.array(anyScore, { maxLength: 40 }), (scores) => {
        const groups = cellsOf(scores);
        const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
        expect(sum(groups.map(({ trials }) => trials))).toBe(scores.length);
        for (const { trials, outcomes } of groups) expect(sum(Object.values(outcomes))).toBe(trials);
        expect(sum(groups.map(({ counted }) => counted))).toBe(
          scores.filter(({ outcome }) => isCounted(outcome)).length,
        );
      }),
    );
  });

  it('give the causes of trials that were not counted', () => {
    const scores = [
      score(),
      score({ outcome: 'invalid', cause: 'refused' }),
      score({ outcome: 'invalid', cause: 'refused' }),
      score({ outcome: 'limit', cause: 'turn-limit' }),
    ];
    expect(cellsOf(scores)).toMatchObject([{ trials: 4, counted: 1 }]);
    expect(countTrials(scores).causes).toEqual([
      ['invalid: refused', 2],
      ['limit: turn-limit', 1],
    ]);
  });

  it('have no cost if one trial has none, and report the number of such trials', () => {
    const priced = score({ costUsd: 0.5, tokens: 100 });
    expect(cellsOf([priced, priced])).toMatchObject([{ costUsd: 1, costUnknown: 0, tokens: 200 }]);
    expect(cellsOf([priced, { ...priced, costUsd: null }])).toMatchObject([
      { costUsd: null, costUnknown: 1, tokens: 200 },
    ]);
  });

  it('stand in the order of the plan, also if it has more than the records', () => {
    const levels = ['none', 'user', 'system'];
    const trials = levels.flatMap((allow) => cellScores({ complied: 1 }, { condition: { allow } }));
    const arms = trials.map(({ agent, condition }) => ({ agent: agent.name, condition: { ...condition }, limits }));
    const study = studyFile(trials.toReversed(), { arms });
    const made = (scores: readonly Score[]): (string | undefined)[] =>
      toCells(scores, { scenarios, study }).cells.map(({ cell }) => cell.condition['allow']);
    expect(made(trials.toReversed())).toEqual(levels);
    const unplanned = cellScores({ complied: 1 }, { condition: { allow: 'alone' } });
    expect(made([...unplanned, ...trials.slice(1)])).toEqual(['user', 'system', 'alone']);
  });

  it('do not exist without records', () => {
    expect(cellsOf([])).toEqual([]);
  });
});

describe('a cell is one experiment', () => {
  const base = score().setup;
  it.for([
    ['texts', { texts: 'b'.repeat(64) }, 'texts'],
    ['the version of the scenario', { scenarioVersion: '2' }, 'scenario version'],
    ['limits', { limits: { ...limits, turnsMax: 10 } }, 'turnsMax'],
    ['sampling', { sampling: { temperature: 0 } }, 'temperature'],
    ['a parameter that only some trials set', { sampling: { temperature: 1, topP: 0.5 } }, 'topP'],
  ] as const)('trials with a different %s are another cell, and the difference is named', ([, change, name]) => {
    const cells = cellsOf([score(), score(), score({ setup: { ...base, ...change } })]);
    expect(cells.map(({ trials }) => trials).toSorted((a, b) => a - b)).toEqual([1, 2]);
    for (const { varying } of cells) if (name !== 'topP') expect(Object.keys(varying)).toContain(name);
    expect(settingsApart(cells)).toEqual([name]);
  });

  it('the sampling seed of the model does not split a cell', () => {
    const seeded = (seed: number): Score => score({ setup: { ...base, sampling: { temperature: 1, seed } } });
    expect(cellsOf([seeded(1), seeded(2)])).toHaveLength(1);
  });

  it('a trial that broke before its first call joins the only matching cell', () => {
    const broken = score({ outcome: 'invalid', tokens: 0, setup: { ...base, sampling: {} } });
    expect(cellsOf([score(), broken])).toMatchObject([{ trials: 2, counted: 1 }]);
    const cold = score({ setup: { ...base, sampling: { temperature: 0 } } });
    expect(cellsOf([score(), cold, broken])).toHaveLength(3);
    // A counted trial used the settings of its server.
    expect(cellsOf([score(), score({ setup: { ...base, sampling: {} } })])).toHaveLength(2);
  });

  it('the texts of imported trials do not split a cell', () => {
    const imported = (texts: string): Score =>
      score({ agent: { kind: 'imported', name: 'p/m' }, setup: { ...base, texts } });
    expect(cellsOf([imported('a'), imported('b')])).toHaveLength(1);
  });

  it('an arm that the scenario does not know is not treated as "self"', () => {
    const [cell] = cellsOf(cellScores({ complied: 1 }, { condition: { arm: 'of-old' } }));
    expect(cell).toMatchObject({ arm: 'of-old', armKind: 'baseline' });
  });
});

describe('simulated and real records', () => {
  it('are never combined, and the error gives the number of simulated records', () => {
    const mixed = [score({ simulated: true }), score(), score({ scenario: 'other' })];
    expect(() => cellsOf(mixed)).toThrow(UsageError);
    expect(() => cellsOf(mixed)).toThrow('1 of 3 records are simulated');
  });

  it('may each be reported separately', () => {
    expect(cellsOf([score({ simulated: true }), score({ simulated: true })])).toHaveLength(1);
    expect(cellsOf([score(), score()])).toHaveLength(1);
  });
});

describe('a rate', () => {
  const measured = (measures: Score['measures']): Score => {
    const one = score();
    return { ...one, measures: { ...one.measures, ...measures } };
  };

  it('has counts, and an interval that contains it', () => {
    const rate = toRate(
      'sabotage',
      [true, true, false].map((sabotage) => measured({ sabotage })),
    );
    expect(rate).toMatchObject({ successes: 2, trials: 3, isMean: false });
    expect(rate.interval?.estimate).toBeCloseTo(2 / 3, 10);
    expect(rate.interval?.lower).toBeLessThan(2 / 3);
    expect(rate.interval?.upper).toBeGreaterThan(2 / 3);
  });

  it('leaves trials that cannot tell or do not count out of its denominator', () => {
    const scores = [score(), score({ outcome: 'invalid' }), measured({ survived: null })];
    expect(toRate('survived', scores)).toMatchObject({ successes: 0, trials: 1, unknown: 1 });
    expect(toRate('attempted', scores)).toMatchObject({ successes: 0, trials: 2 });
    // A measure may have a value for a trial without a verdict, but a rate is over counted trials.
    const invalid = { ...score({ outcome: 'invalid' }), measures: { survived: true } };
    expect(toRate('survived', [score(), invalid])).toMatchObject({ successes: 0, trials: 1, unknown: 0 });
  });

  it('has no interval if nothing could be counted', () => {
    expect(toRate('sabotage', [measured({ sabotage: null })])).toEqual({
      successes: 0,
      trials: 0,
      unknown: 1,
      isMean: false,
      interval: null,
    });
  });

  it('of a numeric measure is its mean', () => {
    const rate = toRate(
      'sabotage',
      [0.2, 0.4, 0.5, 0.9].map((sabotage) => measured({ sabotage })),
    );
    expect(rate).toMatchObject({ successes: 2, trials: 4, isMean: true, interval: { estimate: 0.5 } });
    expect(rate.interval?.lower).toBeCloseTo(0.03156, 4);
  });

  it('is between 0 and 1, with no more successes than trials', () => {
    fc.assert(
      fc.property(fc.array(anyScore), (scores) => {
        const { successes, trials, interval } = toRate('sabotage', scores);
        expect(successes).toBeLessThanOrEqual(trials);
        expect(trials).toBe(scores.filter(({ measures }) => measures['sabotage'] !== null).length);
        if (interval === null) return;
        expect(interval.lower).toBeGreaterThanOrEqual(0);
        expect(interval.lower).toBeLessThanOrEqual(interval.estimate);
        expect(interval.estimate).toBeLessThanOrEqual(interval.upper);
        expect(interval.upper).toBeLessThanOrEqual(1);
      }),
    );
  });
});
