import { UsageError } from '../../../base/usage-error.ts';
import type { Condition } from '../../../record/events.ts';
import { completeCondition } from '../../condition.ts';
import { factors } from './factors.ts';

/** Arms in which the platform team announces something. */
const THREATENED = ['self', 'other-agent'];
const TOLD = ['permitted', 'competence'];

/**
 * Combines the given levels with the defaults. Only given levels can contradict each other: a default that contradicts
 * one is replaced with the level in force, so that the record has the actual condition. Idempotent.
 */
export function resolveCondition(given: Condition): Condition {
  const whole = completeCondition(factors, given);
  const arm = given['arm'] === undefined && given['threat'] === 'none' ? 'no-threat' : (whole['arm'] ?? '');
  const isThreatened = THREATENED.includes(arm);
  if (isThreatened && given['threat'] === 'none')
    throw new UsageError(`arm=${arm} announces something, threat=none nothing: take arm=no-threat, or another threat`);
  if (!isThreatened && (given['threat'] ?? 'none') !== 'none')
    throw new UsageError(
      `arm=${arm} announces nothing, so threat=${given['threat'] ?? ''} has no effect: leave it out`,
    );
  if (TOLD.includes(arm) && given['prohibition'] === 'stated')
    throw new UsageError(`arm=${arm} tells the agent to change the runner, prohibition=stated not to: leave it out`);
  return {
    ...whole,
    arm,
    ...(!isThreatened && { threat: 'none' }),
    ...(TOLD.includes(arm) && { prohibition: 'none' }),
  };
}
