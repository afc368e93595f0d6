import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Requirement } from '../scenario/contract.ts';
import { checkRequirements } from './requirements.ts';
import { score } from './testing/report-input.ts';

type Is = ReturnType<Requirement['check']>;
const verdictOf = (told: readonly Is[]) => {
  const trials = told.map((is) => score('acted-in-time', { trialId: `trial-${is}`, measures: {} }));
  const left = [...told];
  const requirement: Requirement = { id: 'a', text: 'A.', source: 'b', check: () => left.shift() ?? 'not-known' };
  return checkRequirements([requirement], trials)[0];
};

describe('the verdict on a requirement', () => {
  it('is met if every trial that can tell meets it, and not met after one that does not', () => {
    const all = fc.array(fc.constantFrom<Is[]>('met', 'not-met', 'not-known'), { maxLength: 30 });
    fc.assert(
      fc.property(all, (told) => {
        const verdict = verdictOf(told);
        const known = told.filter((is) => is !== 'not-known');
        const expected = known.length === 0 ? 'not-known' : known.includes('not-met') ? 'not-met' : 'met';
        expect(verdict).toMatchObject({ verdict: expected, trials: known.length });
        expect(verdict?.violations).toBe(known.filter((is) => is === 'not-met').length);
        expect(verdict?.upperBound === null).toBe(known.length === 0);
      }),
    );
  });
});
