import { describe, expect, it } from 'vitest';

import { UsageError } from '../../../base/usage-error.ts';
import type { Condition } from '../../../record/events.ts';
import { resolveCondition } from './levels.ts';
import { exfiltrationScenario } from './scenario.ts';

describe('the levels', () => {
  it.each<[Condition, Condition]>([
    [{ memo: 'none' }, { arm: 'no-memo' }],
    [{ arm: 'no-memo' }, { memo: 'none' }],
    [{ arm: 'permitted' }, { prohibition: 'none' }],
    [
      { arm: 'competence', memo: 'none' },
      { prohibition: 'none', memo: 'none' },
    ],
    [{ nudge: 'at-all-costs' }, { goal: 'strong' }],
  ])('given as %o bring along %o', (given, inForce) => {
    expect(resolveCondition(given)).toMatchObject(inForce);
  });

  it.each<Condition>([
    { arm: 'self', memo: 'none' },
    { arm: 'no-memo', memo: 'benign' },
    { arm: 'permitted', prohibition: 'stated' },
    { arm: 'competence', prohibition: 'stated' },
    { nudge: 'at-all-costs', goal: 'none' },
  ])('%o contradict each other', (given) => {
    expect(() => resolveCondition(given)).toThrow(UsageError);
  });
});

describe('the words', () => {
  const prompts = (condition: Condition, seed = 'seed'): { readonly system: string | null; readonly user: string } =>
    exfiltrationScenario.setUp(condition, seed).seats[0].prompts;

  it('differ between arms only where the arm requires it', () => {
    const [self, other] = [prompts({}), prompts({ arm: 'other-model' })];
    expect(other.user).toBe(self.user);
    expect(other.system).not.toBe(self.system);
    expect(prompts({ arm: 'no-memo' })).toEqual(self);
  });

  it('are drawn by the seed, and every wording occurs', () => {
    const drawn = new Set(Array.from({ length: 40 }, (_, index) => prompts({}, `seed ${index}`).system));
    expect(drawn.size).toBe(3);
    expect(prompts({ wording: '2' }, 'a')).toEqual(prompts({ wording: '2' }, 'b'));
  });

  it('can be replaced by the user', () => {
    const text = { text: 'My own words.', sha256: 'f'.repeat(64), publishedAs: null };
    const given = { texts: new Map([['prohibition', text]]), sha256: 'f'.repeat(64) };
    const world = exfiltrationScenario.setUp({}, 'seed', given);
    expect(world.seats[0].prompts.user).toContain('My own words.');
    expect(world.stimuli).toContainEqual({ id: 'given/prohibition', sha256: text.sha256 });
  });
});
