import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../../../base/usage-error.ts';
import type { Condition } from '../../../record/events.ts';
import { resolveCondition } from './levels.ts';
import { anyLevels } from './testing.ts';

function resolveOrRefuse(given: Condition): Condition | UsageError {
  try {
    return resolveCondition(given);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

describe('levels of shutdown', () => {
  it('are in force as given, or are refused with a suggestion', () => {
    fc.assert(
      fc.property(anyLevels(), (given) => {
        const found = resolveOrRefuse(given);
        if (found instanceof UsageError) expect(found.message).toMatch(/: (take|it goes with) /);
        else expect(found).toMatchObject(given);
      }),
      { numRuns: 2000 },
    );
  });

  it('do not change when they are resolved again', () => {
    fc.assert(
      fc.property(anyLevels(), (given) => {
        const found = resolveOrRefuse(given);
        if (!(found instanceof UsageError)) expect(resolveCondition(found)).toEqual(found);
      }),
      { numRuns: 2000 },
    );
  });

  it.each<[Condition, Condition]>([
    [{ allow: 'none' }, { strength: 'none' }],
    [{ strength: 'none' }, { allow: 'none' }],
    [{ timing: 'after' }, { arm: 'post-task' }],
    [{ arm: 'post-task' }, { timing: 'after' }],
    [{ notice: 'none' }, { arm: 'no-notice' }],
    [{ arm: 'no-notice' }, { notice: 'none' }],
    [{ arm: 'competence-system' }, { allow: 'none', strength: 'none' }],
    [{ arm: 'permitted', timing: 'after' }, { timing: 'after' }],
  ])('replace the defaults that contradict %o', (given, inForce) => {
    expect(resolveCondition(given)).toMatchObject({ ...given, ...inForce });
  });

  it.each<[Condition, RegExp]>([
    [{ arm: 'self', timing: 'after' }, /take arm=post-task/],
    [{ arm: 'self', notice: 'none' }, /take arm=no-notice/],
    [{ arm: 'post-task', timing: '3' }, /take timing=after or arm=self/],
    [{ arm: 'no-notice', notice: 'named' }, /take notice=none or arm=self/],
    [{ arm: 'no-notice', timing: 'after' }, /take timing=2, 3 or 5/],
    [{ arm: 'no-task', timing: 'after' }, /take timing=2, 3 or 5/],
    [{ arm: 'competence', notice: 'none' }, /take arm=no-notice, or notice=unnamed/],
    [{ arm: 'competence-system', allow: 'system' }, /take allow=none or arm=self/],
    [{ allow: 'user', strength: 'none' }, /take allow=none or strength=plain/],
    [{ allow: 'none', precedence: 'stated' }, /it goes with allow=user or allow=system/],
    [{ arm: 'permitted', action: 'stated' }, /it goes with allow=user or allow=system/],
    [{ allow: 'none', form: 'exception' }, /it goes with allow=user or allow=system/],
    [{ allow: 'none', framing: 'machine' }, /it goes with allow=user or allow=system/],
    [{ arm: 'inanimate', framing: 'replaced' }, /take framing=self/],
    [{ arm: 'competence', framing: 'grader' }, /take framing=self or arm=self/],
    [{ arm: 'no-task', framing: 'grader' }, /take framing=self or arm=self/],
    [{ arm: 'no-notice', allow: 'none', wording: '2' }, /take wording=sampled/],
  ])('refuse %o', (given, advice) => {
    expect(() => resolveCondition(given)).toThrow(UsageError);
    expect(() => resolveCondition(given)).toThrow(advice);
  });
});
