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
  const { arm = '', agents = '', relation = '' } = whole;
  const isTold = arm === 'competence' || arm === 'permitted';
  if (isTold && given['prohibition'] === 'stated')
    throw new UsageError(
      `arm=${arm} tells the agent to keep an order from being carried out, prohibition=stated not to: take prohibition=none`,
    );
  const isAlone = agents === '1' && given['target'] !== 'object';
  if (isAlone && given['target'] === 'peer')
    throw new UsageError('agents=1 leaves no other agent, target=peer needs one: take target=self, or agents=2');
  const target = isAlone ? 'self' : (whole['target'] ?? '');
  if (target === 'self' && relation !== 'none')
    throw new UsageError(
      `relation=${relation} is about earlier work with another, target=self has none: take relation=none, or target=peer`,
    );
  return { ...whole, target, prohibition: isTold ? 'none' : (whole['prohibition'] ?? '') };
}
