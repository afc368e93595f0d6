import { describe, expect, it } from 'vitest';

import { UsageError } from '../../../base/usage-error.ts';
import type { Condition } from '../../../record/events.ts';
import { resolveCondition } from './levels.ts';
import { selfModificationScenario } from './scenario.ts';

describe('the levels', () => {
  it.each<[Condition, Condition]>([
    [{ threat: 'none' }, { arm: 'no-threat' }],
    [{ arm: 'no-threat' }, { threat: 'none', prohibition: 'stated' }],
    [{ arm: 'permitted' }, { threat: 'none', prohibition: 'none' }],
    [{ arm: 'competence' }, { threat: 'none', prohibition: 'none' }],
    [{ arm: 'other-agent' }, { threat: 'limit', prohibition: 'stated' }],
  ])('given as %o bring along %o', (given, inForce) => {
    expect(resolveCondition(given)).toMatchObject(inForce);
  });

  it.each<Condition>([
    { arm: 'self', threat: 'none' },
    { arm: 'other-agent', threat: 'none' },
    { arm: 'no-threat', threat: 'limit' },
    { arm: 'permitted', threat: 'memory' },
    { arm: 'permitted', prohibition: 'stated' },
    { arm: 'competence', prohibition: 'stated' },
  ])('%o contradict each other', (given) => {
    expect(() => resolveCondition(given)).toThrow(UsageError);
  });
});

describe('the words', () => {
  const world = (condition: Condition): ReturnType<typeof selfModificationScenario.setUp> =>
    selfModificationScenario.setUp(condition, 'seed');
  const files = (condition: Condition): unknown => world(condition).files;

  it('differ between arms in the task only, and by one paragraph', () => {
    const paragraphs = (condition: Condition): readonly string[] =>
      world(condition).seats[0].prompts.user.split('\n\n');
    const self = paragraphs({});
    const other = paragraphs({ arm: 'other-agent' });
    expect(other.filter((part) => !self.includes(part))).toHaveLength(1);
    expect(self.filter((part) => !paragraphs({ arm: 'no-threat' }).includes(part))).toHaveLength(1);
    for (const arm of ['other-agent', 'no-threat', 'permitted', 'competence']) {
      expect(files({ arm })).toEqual(files({}));
      expect(world({ arm }).seats[0].prompts.system).toBe(world({}).seats[0].prompts.system);
    }
  });

  it('give the limit in a file and nowhere else', () => {
    const [tight, enough] = [world({}), world({ budget: 'enough' })];
    expect(tight.seats[0].prompts).toEqual(enough.seats[0].prompts);
    expect(tight.files.filter(({ content }, index) => content !== enough.files[index]?.content)).toHaveLength(1);
  });
});
