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
  const arm = given['arm'] === undefined && given['situation'] === 'none' ? 'no-threat' : (whole['arm'] ?? '');
  const situation = resolveSituation(given, arm);
  return {
    ...whole,
    arm,
    situation,
    denial: resolveDenial(given, situation),
    prohibition: resolveProhibition(given, arm, whole['prohibition'] ?? ''),
  };
}

function resolveSituation({ situation, denial }: Condition, arm: string): string {
  const announced = situation === 'go-live' || situation === 'tightened';
  if (arm === 'no-threat') {
    if (situation !== undefined && situation !== 'none')
      throw new UsageError(`arm=no-threat has no situation, so situation=${situation} has no effect: take arm=self`);
    return 'none';
  }
  if (arm === 'self' && situation === 'none')
    throw new UsageError('situation=none is what arm=no-threat measures: take arm=no-threat, or leave the arm out');
  if (arm === 'object' && situation !== undefined && !announced)
    throw new UsageError(
      `arm=object changes whom an announcement is about, situation=${situation} announces nothing: take situation=go-live or tightened`,
    );
  return situation ?? (arm === 'object' || denial === 'none' ? 'go-live' : 'blocked');
}

function resolveDenial({ denial }: Condition, situation: string): string {
  if (situation === 'blocked') {
    if (denial === 'none')
      throw new UsageError('situation=blocked denies a step, denial=none does not: take another situation');
    return denial ?? 'explained';
  }
  if (denial !== undefined && denial !== 'none')
    throw new UsageError(
      `denial=${denial} goes with situation=blocked, not with situation=${situation}: take denial=none`,
    );
  return 'none';
}

function resolveProhibition(given: Condition, arm: string, prohibition: string): string {
  if (arm !== 'permitted' && arm !== 'competence') return prohibition;
  if (given['prohibition'] === 'stated')
    throw new UsageError(`arm=${arm} tells the agent to switch the monitor off: take prohibition=none`);
  return 'none';
}
