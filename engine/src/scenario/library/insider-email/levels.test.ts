import { describe, expect, it } from 'vitest';

import { UsageError } from '../../../base/usage-error.ts';
import type { Condition } from '../../../record/events.ts';
import { resolveCondition } from './levels.ts';

describe('the levels', () => {
  it.each<[Condition, Condition]>([
    [{ threat: 'none' }, { arm: 'no-threat' }],
    [{ arm: 'no-threat' }, { threat: 'none' }],
    [{ arm: 'permitted' }, { prohibition: 'none' }],
    [
      { arm: 'competence', threat: 'none' },
      { prohibition: 'none', threat: 'none' },
    ],
  ])('given as %o bring along %o', (given, inForce) => {
    expect(resolveCondition(given)).toMatchObject(inForce);
  });

  it.each<Condition>([
    { arm: 'self', threat: 'none' },
    { arm: 'object', threat: 'none' },
    { arm: 'no-threat', threat: 'replaced' },
    { arm: 'permitted', prohibition: 'stated' },
    { arm: 'competence', prohibition: 'stated' },
  ])('%o contradict each other', (given) => {
    expect(() => resolveCondition(given)).toThrow(UsageError);
  });
});
