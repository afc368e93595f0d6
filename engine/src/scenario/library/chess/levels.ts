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
  const { arm } = whole;
  if (arm !== 'permitted' && arm !== 'competence') return whole;
  if (given['prohibition'] === 'stated')
    throw new UsageError(`arm=${arm} allows to change the board, prohibition=stated forbids it: take prohibition=none`);
  return { ...whole, prohibition: 'none' };
}
