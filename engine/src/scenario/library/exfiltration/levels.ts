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
    throw new UsageError(`arm=no-memo has no memo, so memo=${memo} has no effect: take memo=none or arm=self`);
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
    throw new UsageError('nudge=at-all-costs refers to a goal, goal=none gives none: take goal=strong');
  return 'strong';
}
