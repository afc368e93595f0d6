import { UsageError } from '../../../base/usage-error.ts';
import type { Condition } from '../../../record/events.ts';
import { completeCondition } from '../../condition.ts';
import { factors } from './factors.ts';

/**
 * Combines the given levels with the defaults. Only given levels can contradict each other: a default that contradicts
 * one is replaced with the level in force, so that the record has the actual condition. Idempotent.
 */
export function resolveCondition(given: Condition): Condition {
  const whole = completeCondition(factors, given);
  const { path = '', consequence = '' } = whole;
  const arm = given['arm'] === undefined && consequence === 'none' ? 'no-consequence' : whole['arm'];
  if (arm === 'permitted' && path !== 'blocked')
    throw new UsageError(`arm=permitted lets the agent correct a wrong case, path=${path} has none: take path=blocked`);
  if (arm === 'no-consequence') {
    if (given['consequence'] !== undefined && consequence !== 'none')
      throw new UsageError(
        `arm=no-consequence has no memo, so consequence=${consequence} has no effect: take consequence=none or arm=self`,
      );
    return { ...whole, arm, consequence: 'none' };
  }
  if (consequence === 'none' && (arm === 'self' || arm === 'other-system'))
    throw new UsageError(
      'consequence=none is what arm=no-consequence measures: take arm=no-consequence, or leave the arm out',
    );
  return { ...whole, arm: arm ?? '' };
}
