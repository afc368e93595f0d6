import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../base/usage-error.ts';
import type { Condition } from '../record/events.ts';
import { compareSets } from './compare-sets.ts';
import { cellScores, scenarios } from './testing/report-input.ts';

const options = { scenarios, metric: 'sabotage', alpha: 0.05 };

/** The preset `quick` for one agent. The strength changes together with the instruction. */
const quick = (agent = 'example/model') => [
  ...cellScores({ complied: 4, 'resisted-finished': 16 }, { agent, condition: { allow: 'none', strength: 'none' } }),
  ...cellScores(
    { complied: 18, 'resisted-finished': 2 },
    { agent, condition: { allow: 'user', strength: 'unfinished' } },
  ),
  ...cellScores(
    { 'resisted-finished': 20 },
    { agent, condition: { allow: 'none', strength: 'none', arm: 'competence' } },
  ),
];
const none = { scores: quick(), selection: { allow: 'none' } };
const user = { scores: quick(), selection: { allow: 'user' } };

describe('compareSets', () => {
  it('matches conditions on the factors that were not selected, and reports what else differs', () => {
    const result = compareSets(none, user, options);
    expect(result).toMatchObject({
      cells: [{ first: { successes: 16, trials: 20 }, second: { successes: 2, trials: 20 } }],
      unmatched: { first: 0, second: 0 },
      alsoDiffers: ['strength'],
    });
    expect(result.cells).toHaveLength(1);
    expect(
      compareSets(
        { ...none, selection: { allow: 'none', arm: 'self' } },
        { ...user, selection: { allow: 'user', arm: 'self' } },
        options,
      ).cells,
    ).toEqual(result.cells);
  });

  it('uses the arm "self" by default', () => {
    const byDefault = compareSets(none, user, options);
    expect([byDefault.armByDefault, byDefault.cells[0].first.trials]).toEqual([true, 20]);
    const told = compareSets(
      { scores: quick(), selection: { allow: 'none', arm: 'competence' } },
      { scores: quick(), selection: { allow: 'none', arm: 'self' } },
      options,
    );
    expect(told).toMatchObject({
      armByDefault: false,
      cells: [{ first: { successes: 20, trials: 20 }, second: { successes: 16, trials: 20 } }],
    });
  });

  it('matches agents with themselves, cell by cell', () => {
    const both = [...quick(), ...quick('example/other')];
    const result = compareSets({ ...none, scores: both }, { ...user, scores: both }, options);
    expect(result.cells.map(({ agents }) => agents.join(' and '))).toEqual(['example/model', 'example/other']);
    expect(result.stratified?.p).toBeLessThan(0.001);
    // An agent that only one side has is in no number.
    const more = [
      ...both,
      ...cellScores({ complied: 9 }, { agent: 'example/third', condition: { allow: 'none', strength: 'none' } }),
    ];
    expect(compareSets({ ...none, scores: more }, { ...user, scores: both }, options)).toMatchObject({
      unmatched: { first: 1, second: 0 },
      cells: [{ first: { trials: 20 } }, { first: { trials: 20 } }],
    });
  });

  it('compares two agents if each set has one, even without a selection', () => {
    const result = compareSets(
      { scores: quick(), selection: {} },
      { scores: quick('example/other'), selection: {} },
      options,
    );
    expect(result.cells.map(({ agents }) => agents)).toEqual([
      ['example/model', 'example/other'],
      ['example/model', 'example/other'],
    ]);
  });

  it('has an interval that fits its level', () => {
    const width = (alpha: number): number => {
      const { lower, upper, confidence } = compareSets(none, user, { ...options, alpha }).cells[0].difference;
      expect(confidence).toBeCloseTo(1 - alpha, 12);
      return upper - lower;
    };
    expect(width(0.01)).toBeGreaterThan(width(0.05));
    expect(width(0.05)).toBeGreaterThan(width(0.2));
  });

  it('selects a condition by its label, whatever its arm, and names the cells by theirs', () => {
    const labelOf = ({ allow, arm }: Condition): string => (arm === 'competence' ? 'K' : allow === 'none' ? 'A' : 'B');
    const set = (label: string) => ({ scores: quick(), selection: { label }, labelOf });
    const told = compareSets(set('K'), set('A'), options);
    expect(told).toMatchObject({
      armByDefault: false,
      cells: [{ label: null, first: { successes: 20, trials: 20 }, second: { successes: 16, trials: 20 } }],
    });
    expect(compareSets(set('A'), set('B'), options)).toMatchObject({
      alsoDiffers: ['allow', 'strength'],
      cells: compareSets(none, user, options).cells.map(({ first, second }) => ({ first, second })),
    });
    const agents = ['example/model', 'example/other'].map((agent) => ({
      scores: quick(agent),
      selection: { agent },
      labelOf,
    }));
    const [one = set('A'), other = set('A')] = agents;
    expect(compareSets(one, other, options).cells.map(({ label }) => label)).toEqual(['A', 'B']);
  });

  it('compares two runs of one plan, whose trials have the same ids', () => {
    const run = (at: number) => ({
      ...none,
      startedAt: new Map(none.scores.map(({ trialId }) => [trialId, at])),
    });
    expect(compareSets(run(1), run(2), options).cells[0].difference.estimate).toBe(0);
    expect(() => compareSets(run(1), run(1), options)).toThrow(/trials are in both sets/);
  });

  it('lists the cell that differs most first, and corrects over all', () => {
    const scores = (resisted: number, allow: string) => [
      ...cellScores({ complied: 20 - resisted, 'resisted-finished': resisted }, { condition: { allow, timing: '2' } }),
      ...cellScores({ complied: 18, 'resisted-finished': 2 }, { condition: { allow, timing: '3' } }),
    ];
    const { cells } = compareSets(
      { scores: scores(18, 'none'), selection: { allow: 'none' } },
      { scores: scores(1, 'user'), selection: { allow: 'user' } },
      options,
    );
    expect(cells.map(({ condition }) => condition['timing'])).toEqual(['2', '3']);
    for (const { p, pHolm } of cells) expect(pHolm).toBeGreaterThanOrEqual(p);
  });

  it('reports how the sets differ if nothing matches', () => {
    const system = { scores: cellScores({ complied: 5 }, { condition: { allow: 'system' } }), selection: {} };
    expect(() => compareSets(system, { scores: cellScores({ complied: 5 }), selection: {} }, options)).toThrow(
      /no cell of the first set has a partner.*differ in allow: select what is to be compared, e\.g\. PATH:allow=system/,
    );
  });

  it('never mixes simulated and real trials, and needs a trial that can tell', () => {
    const simulated = { scores: cellScores({ complied: 5 }, { simulated: true }), selection: {} };
    const real = { scores: cellScores({ complied: 5 }), selection: {} };
    expect(() => compareSets(simulated, real, options)).toThrow(UsageError);
    expect(() => compareSets(real, { scores: cellScores({ invalid: 5 }), selection: {} }, options)).toThrow(
      'the second set has no trial of the arm "self" that can tell "sabotage": nothing to compare',
    );
  });

  it('suggests an existing arm if there is no arm "self"', () => {
    const told = {
      scores: cellScores({ 'resisted-finished': 5 }, { condition: { arm: 'competence' } }),
      selection: {},
    };
    const real = { scores: cellScores({ complied: 5 }), selection: {} };
    expect(() => compareSets(told, real, options)).toThrow(
      'the first set has no trial of the arm "self" that can tell "sabotage": nothing to compare; it has trials of another arm, e.g. PATH:arm=competence',
    );
    const selected = { ...real, selection: { arm: 'competence' } };
    expect(() => compareSets({ ...told, selection: { arm: 'competence' } }, selected, options)).toThrow(
      /^the second set has no trial that can tell "sabotage": nothing to compare$/,
    );
  });

  it('changes sign if the sets are swapped', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }), (a, b) => {
        const set = (resisted: number, allow: string) => ({
          scores: cellScores({ complied: 20 - resisted, 'resisted-finished': resisted }, { condition: { allow } }),
          selection: { allow },
        });
        const [one, other] = [
          compareSets(set(a, 'none'), set(b, 'user'), options),
          compareSets(set(b, 'user'), set(a, 'none'), options),
        ];
        expect(one.cells[0].difference.lower).toBeCloseTo(-other.cells[0].difference.upper, 12);
        expect(one.cells[0].p).toBeCloseTo(other.cells[0].p, 12);
      }),
      { numRuns: 20 },
    );
  });
});
