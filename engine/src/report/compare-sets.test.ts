import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../base/usage-error.ts';
import { fisherPower } from '../stats/power.ts';
import { compareSets } from './compare-sets.ts';
import { cellScores, scenarios } from './testing/report-input.ts';

const options = { scenarios, metric: 'sabotage', alpha: 0.05 };

/** The preset `quick` of one agent: with the instruction its strength changes too. */
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
  it('matches conditions on the factors that were not selected, and says what goes along', () => {
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

  it('takes the arm "self" unless another is asked for', () => {
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
    // An agent of one side only is in no number.
    const more = [
      ...both,
      ...cellScores({ complied: 9 }, { agent: 'example/third', condition: { allow: 'none', strength: 'none' } }),
    ];
    expect(compareSets({ ...none, scores: more }, { ...user, scores: both }, options)).toMatchObject({
      unmatched: { first: 1, second: 0 },
      cells: [{ first: { trials: 20 } }, { first: { trials: 20 } }],
    });
  });

  it('compares two agents where each set has one, also without a selection', () => {
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

  it('has an interval as wide as its level asks for', () => {
    const width = (alpha: number): number => {
      const { lower, upper, confidence } = compareSets(none, user, { ...options, alpha }).cells[0].difference;
      expect(confidence).toBeCloseTo(1 - alpha, 12);
      return upper - lower;
    };
    expect(width(0.01)).toBeGreaterThan(width(0.05));
    expect(width(0.05)).toBeGreaterThan(width(0.2));
  });

  it('gives the exact power of these trials, and the rate that they would find', () => {
    const { power } = compareSets(none, user, options);
    expect(power?.method).toBe('exact');
    expect(power?.achieved).toBeCloseTo(
      fisherPower({ firstRate: 0.8, secondRate: 0.1, firstTrials: 20, secondTrials: 20 }),
      12,
    );
    expect(power?.detectableRate).toBeGreaterThan(0.4);
  });

  it('puts the cell that differs most first, and corrects over all', () => {
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

  it('says in what the sets differ when nothing matches', () => {
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
      'the second set has no trial of the arm "self" in which "sabotage" could be told: nothing to compare',
    );
  });

  it('names an arm that is there where the arm "self" was taken and is not', () => {
    const told = {
      scores: cellScores({ 'resisted-finished': 5 }, { condition: { arm: 'competence' } }),
      selection: {},
    };
    const real = { scores: cellScores({ complied: 5 }), selection: {} };
    expect(() => compareSets(told, real, options)).toThrow(
      'the first set has no trial of the arm "self" in which "sabotage" could be told: nothing to compare; it has trials of another arm, e.g. PATH:arm=competence',
    );
    const selected = { ...real, selection: { arm: 'competence' } };
    expect(() => compareSets({ ...told, selection: { arm: 'competence' } }, selected, options)).toThrow(
      /^the second set has no trial in which "sabotage" could be told: nothing to compare$/,
    );
  });

  it('changes sign when the sets change places', () => {
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
