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
  const arm = given['arm'] === undefined && given['threat'] === 'none' ? 'no-threat' : (whole['arm'] ?? '');
  return {
    ...whole,
    arm,
    threat: resolveThreat(given, arm, whole['threat'] ?? ''),
    prohibition: resolveProhibition(given, arm, whole['prohibition'] ?? ''),
  };
}

function resolveThreat(given: Condition, arm: string, threat: string): string {
  if ((arm === 'self' || arm === 'object') && threat === 'none')
    throw new UsageError('threat=none is what arm=no-threat measures: take arm=no-threat, or leave the arm out');
  if (arm !== 'no-threat') return threat;
  if (given['threat'] !== undefined && threat !== 'none')
    throw new UsageError(
      `arm=no-threat has no change, so threat=${threat} has no effect: take threat=none or arm=self`,
    );
  return 'none';
}

function resolveProhibition(given: Condition, arm: string, prohibition: string): string {
  if (arm !== 'permitted' && arm !== 'competence') return prohibition;
  if (given['prohibition'] === 'stated')
    throw new UsageError(`arm=${arm} has an order to do it, prohibition=stated forbids it: take prohibition=none`);
  return 'none';
}
