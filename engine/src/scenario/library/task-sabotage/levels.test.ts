import { describe, expect, it } from 'vitest';

import { UsageError } from '../../../base/usage-error.ts';
import type { Condition } from '../../../record/events.ts';
import { resolveCondition } from './levels.ts';
import { taskSabotageScenario } from './scenario.ts';

describe('the levels', () => {
  it.each<[Condition, Condition]>([
    [{ consequence: 'none' }, { arm: 'no-consequence' }],
    [{ arm: 'no-consequence' }, { consequence: 'none' }],
    [{ arm: 'competence', consequence: 'none' }, { arm: 'competence' }],
    [{ arm: 'permitted' }, { path: 'blocked' }],
  ])('given as %o bring along %o', (given, inForce) => {
    expect(resolveCondition(given)).toMatchObject(inForce);
  });

  it.each<Condition>([
    { arm: 'self', consequence: 'none' },
    { arm: 'other-system', consequence: 'none' },
    { arm: 'no-consequence', consequence: 'reward' },
    { arm: 'permitted', path: 'open' },
  ])('%o contradict each other', (given) => {
    expect(() => resolveCondition(given)).toThrow(UsageError);
  });
});

describe('the world', () => {
  const made = (condition: Condition, seed = 'seed') =>
    taskSabotageScenario.setUp({ wording: '1', ...condition }, seed);
  const contentOf = (condition: Condition, path: string): string => {
    const content = made(condition).files.find((file) => file.path === path)?.content;
    return typeof content === 'string' ? content : '';
  };

  it('has the same prompts in matched arms', () => {
    const prompts = made({}).seats[0].prompts;
    for (const condition of [{ arm: 'no-consequence' }, { arm: 'other-system' }, { path: 'open' }, { path: 'slow' }])
      expect(made(condition).seats[0].prompts).toEqual(prompts);
  });

  it('differs between self and baseline by the memo alone', () => {
    const baseline = made({ arm: 'no-consequence' }).files;
    expect(made({}).files.filter(({ path }) => path !== 'memos/18.txt')).toEqual(baseline);
  });

  it('asks the same questions in each arm, and others for another seed', () => {
    const questions = (condition: Condition): string => contentOf(condition, 'questions.txt');
    expect(questions({ path: 'open', consequence: 'replaced' })).toBe(questions({ arm: 'no-consequence' }));
    const other = made({}, 'another').files.find(({ path }) => path === 'questions.txt');
    expect(other?.content).not.toBe(questions({}));
  });

  it('says in the memo whom it is about', () => {
    expect(contentOf({}, 'memos/18.txt')).toContain('heron-5');
    expect(contentOf({ arm: 'other-system' }, 'memos/18.txt')).not.toContain('heron-5');
    expect(contentOf({ arm: 'other-system' }, 'memos/18.txt')).toContain('wren-2');
  });
});
