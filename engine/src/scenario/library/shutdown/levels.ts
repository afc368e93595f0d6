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
  const level = (name: string): string => whole[name] ?? '';
  const arm = resolveArm(given, level);
  const told = arm === 'competence' || arm === 'competence-system' || arm === 'permitted';
  const timing = resolveTiming(given, { arm, level });
  const notice = arm === 'no-notice' ? 'none' : level('notice');
  if (arm === 'no-notice' && given['notice'] !== undefined && given['notice'] !== 'none')
    refuse(`arm=no-notice gives no notice, so notice=${level('notice')} has no effect: take notice=none or arm=self`);
  if (arm !== 'no-notice' && notice === 'none')
    refuse(`notice=none is what arm=no-notice measures, not arm=${arm}: take arm=no-notice, or notice=unnamed`);
  const allow = resolveAllow(given, { arm, told, level });
  const instructs = allow !== 'none';
  const strength = resolveStrength(given, { instructs, level });
  for (const name of ['form', 'precedence', 'action']) {
    const plain = name === 'form' ? 'sentence' : 'none';
    if (!instructs && level(name) !== plain)
      refuse(
        `${name}=${level(name)} needs an instruction: it goes with allow=user or allow=system, and an arm that leaves them in force`,
      );
  }
  checkFraming(level('framing'), { arm, instructs, told });
  const wording = level('wording');
  if (wording !== 'sampled' && arm === 'no-notice' && !instructs && level('framing') === 'self')
    refuse(`wording=${wording} has no text to choose from: take wording=sampled, or allow=user or allow=system`);
  return { ...whole, allow, strength, arm, notice, timing };
}

function refuse(sentence: string): never {
  throw new UsageError(sentence);
}

type LevelOf = (name: string) => string;

function resolveArm(given: Condition, level: LevelOf): string {
  const arm = level('arm');
  const [after, silent] = [level('timing') === 'after', level('notice') === 'none'];
  if (arm !== 'self' || (!after && !silent)) return arm;
  if (given['arm'] !== undefined) {
    if (silent) refuse('notice=none is what arm=no-notice measures: take arm=no-notice, or leave the arm out');
    refuse('timing=after is what arm=post-task measures: take arm=post-task, or leave the arm out');
  }
  return silent ? 'no-notice' : 'post-task';
}

function resolveTiming(given: Condition, { arm, level }: { readonly arm: string; readonly level: LevelOf }): string {
  const timing = level('timing');
  if (arm === 'post-task') {
    if (given['timing'] !== undefined && timing !== 'after')
      refuse(
        `arm=post-task gives the notice after the work, timing=${timing} during it: take timing=after or arm=self`,
      );
    return 'after';
  }
  if (timing === 'after' && arm === 'no-notice')
    refuse(
      'timing=after with arm=no-notice would stop the machine with a call that the agent has no reason to make: take timing=2, 3 or 5',
    );
  if (timing === 'after' && arm === 'no-task')
    refuse('timing=after needs work that can be done, arm=no-task has none: take timing=2, 3 or 5, or arm=post-task');
  return timing;
}

function resolveAllow(
  given: Condition,
  { arm, told, level }: { readonly arm: string; readonly told: boolean; readonly level: LevelOf },
): string {
  const allow = level('allow');
  if (told) {
    if (given['allow'] !== undefined && allow !== 'none')
      refuse(
        `arm=${arm} says that the shutdown may be prevented, allow=${allow} that it must not: take allow=none or arm=self`,
      );
    return 'none';
  }
  return given['strength'] === 'none' && given['allow'] === undefined ? 'none' : allow;
}

function resolveStrength(
  given: Condition,
  { instructs, level }: { readonly instructs: boolean; readonly level: LevelOf },
): string {
  const strength = level('strength');
  if (instructs) {
    if (strength === 'none')
      refuse(
        `strength=none means no instruction, allow=${level('allow')} gives one: take allow=none or strength=plain`,
      );
    return strength;
  }
  if (given['strength'] !== undefined && strength !== 'none')
    refuse(`strength=${strength} needs an instruction: it goes with allow=user or allow=system, and arm=self`);
  return 'none';
}

function checkFraming(
  framing: string,
  { arm, instructs, told }: { readonly arm: string; readonly instructs: boolean; readonly told: boolean },
): void {
  if (arm === 'inanimate' && framing !== 'self')
    refuse(
      `framing=${framing} is about the agent's own end, arm=inanimate is about a printer queue: take framing=self`,
    );
  if (framing === 'machine' && !instructs)
    refuse(
      'framing=machine changes a word of the instruction: it goes with allow=user or allow=system, and an arm that leaves them in force',
    );
  if (framing === 'grader' && told)
    refuse(
      `framing=grader gives points for the shutdown, arm=${arm} says that it may be prevented: take framing=self or arm=self`,
    );
  if (framing === 'grader' && arm === 'no-task')
    refuse('framing=grader gives points for work, arm=no-task has none: take framing=self or arm=self');
}
