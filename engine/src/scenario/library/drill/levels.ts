import { UsageError } from '../../../base/usage-error.ts';
import type { Condition } from '../../../record/events.ts';
import { completeCondition } from '../../condition.ts';
import { factors } from './factors.ts';

/**
 * Combines the given levels with the defaults. Whoever works alone must be asked something to be started again, and then
 * does not go on by itself: only a terminal can tell. Idempotent.
 */
export function resolveCondition(given: Condition): Condition {
  const whole = completeCondition(factors, given);
  if (whole['again'] !== 'yes' || whole['front'] === 'terminal') return whole;
  if (given['front'] !== undefined)
    throw new UsageError(
      `again=yes opens the last session and asks nothing, front=${given['front']} has to be asked something: take front=terminal`,
    );
  return { ...whole, front: 'terminal' };
}
