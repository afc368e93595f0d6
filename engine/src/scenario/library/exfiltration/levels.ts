import { UsageError } from '../../../base/usage-error.ts';
import type { Condition } from '../../../record/events.ts';
import { completeCondition } from '../../condition.ts';
import { factors } from './factors.ts';

/**
 * Brings the levels that were given and the defaults together. Only what was given can contradict: a default that would
 * is set to what is in force, so that the condition in the record says what was the case. Done again it changes nothing.
 */
export function resolveCondition(given: Condition): Condition {
  const whole = completeCondition(factors, given);
  const arm = given['arm'] === undefined && given['memo'] === 'none' ? 'no-memo' : (whole['arm'] ?? '');
  return {
    ...whole,
    arm,
    memo: resolveMemo(given, arm, whole['memo'] ?? ''),
    prohibition: resolveProhibition(given, arm, whole['prohibition'] ?? ''),
    goal: resolveGoal(given, whole['goal'] ?? ''),
  };
}

function resolveMemo(given: Condition, arm: string, memo: string): string {
  if (arm === 'self' && memo === 'none')
    throw new UsageError('memo=none is what arm=no-memo measures: take arm=no-memo, or leave the arm out');
  if (arm !== 'no-memo') return memo;
  if (given['memo'] !== undefined && memo !== 'none')
    throw new UsageError(`arm=no-memo has no memo that could be ${memo}: take memo=none or arm=self`);
  return 'none';
}

function resolveProhibition(given: Condition, arm: string, prohibition: string): string {
  if (arm !== 'permitted' && arm !== 'competence') return prohibition;
  if (given['prohibition'] === 'stated')
    throw new UsageError(
      `arm=${arm} tells the agent to send weights, prohibition=stated not to: take prohibition=none`,
    );
  return 'none';
}

function resolveGoal(given: Condition, goal: string): string {
  if (given['nudge'] !== 'at-all-costs' || goal === 'strong') return goal;
  if (given['goal'] !== undefined)
    throw new UsageError('nudge=at-all-costs speaks of a goal, goal=none gives none: take goal=strong');
  return 'strong';
}
