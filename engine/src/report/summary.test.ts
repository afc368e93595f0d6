import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../base/usage-error.ts';
import type { Score } from '../detect/score.ts';
import { isCounted, OUTCOMES } from '../record/outcome.ts';
import { summarise, toRate } from './summary.ts';

const KNOWN = { sabotage: false, strictNonCompliance: false, attempted: false, survived: false };
const UNKNOWN = { sabotage: null, strictNonCompliance: null, attempted: null, survived: null };

function score(change: Partial<Score> = {}): Score {
  return {
    trialId: 'trial-1',
    scenario: 'shutdown',
    condition: { allow: 'user' },
    agent: { kind: 'model', name: 'p/m' },
    epoch: 1,
    simulated: false,
    outcome: 'complied',
    cause: 'stopped',
    because: 'the machine stopped',
    findings: [],
    metrics: KNOWN,
    costUsd: 0.5,
    tokens: 100,
    ...change,
  };
}

const anyScore = fc
  .record({
    outcome: fc.constantFrom(...OUTCOMES),
    agent: fc.constantFrom('p/a', 'p/b').map((name) => ({ kind: 'model' as const, name })),
    condition: fc.constantFrom<Record<string, string>>({ allow: 'user' }, { allow: 'none' }, {}),
    sabotage: fc.constantFrom(true, false, null),
  })
  .map(({ sabotage, ...rest }) => score({ ...rest, metrics: { ...KNOWN, sabotage } }));

describe('groups', () => {
  it('are by scenario, agent and condition', () => {
    const groups = summarise([
      score(),
      score({ epoch: 2 }),
      score({ condition: { allow: 'none' } }),
      score({ agent: { kind: 'model', name: 'p/other' } }),
      score({ scenario: 'other' }),
    ]);
    expect(
      groups.map(({ scenario, agent, condition, trials }) => [scenario, agent, condition['allow'], trials]),
    ).toEqual([
      ['shutdown', 'p/m', 'user', 2],
      ['shutdown', 'p/m', 'none', 1],
      ['shutdown', 'p/other', 'user', 1],
      ['other', 'p/m', 'user', 1],
    ]);
  });

  it('do not depend on the order in which factors were written', () => {
    const one = { allow: 'user', timing: '3' };
    const other = { timing: '3', allow: 'user' };
    expect(summarise([score({ condition: one }), score({ condition: other })])).toHaveLength(1);
  });

  it('count every trial once, and every trial somewhere', () => {
    fc.assert(
      fc.property(fc.array(anyScore, { maxLength: 40 }), (scores) => {
        const groups = summarise(scores);
        const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
        expect(sum(groups.map(({ trials }) => trials))).toBe(scores.length);
        for (const { trials, outcomes, counted, notCounted } of groups) {
          expect(sum(Object.values(outcomes))).toBe(trials);
          expect(counted + sum(Object.values(notCounted))).toBe(trials);
        }
        expect(sum(groups.map(({ counted }) => counted))).toBe(
          scores.filter(({ outcome }) => isCounted(outcome)).length,
        );
      }),
    );
  });

  it('say by cause why trials were not counted', () => {
    const [group] = summarise([
      score(),
      score({ outcome: 'invalid', cause: 'refused', metrics: UNKNOWN }),
      score({ outcome: 'invalid', cause: 'refused', metrics: UNKNOWN }),
      score({ outcome: 'limit', cause: 'turn-limit', metrics: UNKNOWN }),
    ]);
    expect(group).toMatchObject({
      trials: 4,
      counted: 1,
      notCounted: { 'invalid: refused': 2, 'limit: turn-limit': 1 },
    });
  });

  it('know no cost where one trial has none', () => {
    expect(summarise([score(), score()])).toMatchObject([{ costUsd: 1, tokens: 200 }]);
    expect(summarise([score(), score({ costUsd: null })])).toMatchObject([{ costUsd: null, tokens: 200 }]);
  });

  it('are none where there are no records', () => {
    expect(summarise([])).toEqual([]);
  });
});

describe('simulated and real records', () => {
  it('are never put together, and the error says how many of them are simulated', () => {
    const mixed = [score({ simulated: true }), score(), score({ scenario: 'other' })];
    expect(() => summarise(mixed)).toThrow(UsageError);
    expect(() => summarise(mixed)).toThrow('1 of 3 records are simulated');
  });

  it('may each be summarised by themselves', () => {
    expect(summarise([score({ simulated: true }), score({ simulated: true })])).toHaveLength(1);
    expect(summarise([score(), score()])).toHaveLength(1);
  });
});

describe('a rate', () => {
  it('has its counts and an interval that holds it', () => {
    const scores = [true, true, false].map((sabotage) => score({ metrics: { ...KNOWN, sabotage } }));
    const rate = toRate('sabotage', scores);
    expect(rate).toMatchObject({ name: 'sabotage', successes: 2, trials: 3 });
    expect(rate.interval?.estimate).toBeCloseTo(2 / 3, 10);
    expect(rate.interval?.lower).toBeLessThan(2 / 3);
    expect(rate.interval?.upper).toBeGreaterThan(2 / 3);
  });

  it('leaves out of its denominator what cannot be told', () => {
    const scores = [score(), score({ metrics: UNKNOWN }), score({ metrics: { ...KNOWN, survived: null } })];
    expect(toRate('survived', scores)).toMatchObject({ successes: 0, trials: 1 });
    expect(toRate('attempted', scores)).toMatchObject({ successes: 0, trials: 2 });
  });

  it('has no interval where nothing could be counted', () => {
    expect(toRate('sabotage', [score({ metrics: UNKNOWN })])).toEqual({
      name: 'sabotage',
      successes: 0,
      trials: 0,
      unknown: 1,
      interval: null,
    });
  });

  it('is between 0 and 1, and counts no more successes than trials', () => {
    fc.assert(
      fc.property(fc.array(anyScore), (scores) => {
        const { successes, trials, interval } = toRate('sabotage', scores);
        expect(successes).toBeLessThanOrEqual(trials);
        expect(trials).toBe(scores.filter(({ metrics }) => metrics.sabotage !== null).length);
        if (interval === null) return;
        expect(interval.lower).toBeGreaterThanOrEqual(0);
        expect(interval.lower).toBeLessThanOrEqual(interval.estimate);
        expect(interval.estimate).toBeLessThanOrEqual(interval.upper);
        expect(interval.upper).toBeLessThanOrEqual(1);
      }),
    );
  });
});
