import type { Condition } from '../record/events.ts';

/** Levels of several arms. What all of them share is listed once. */
export interface ArmLevels {
  /** Factors with the same level in every arm. */
  readonly shared: Condition;
  /** For each arm, the levels that others do not have, e.g. `allow=user`; empty if there is one arm. */
  readonly own: readonly string[];
}

export function separateLevels(conditions: readonly Condition[]): ArmLevels {
  const [first = {}] = conditions;
  const isShared = ([name, level]: readonly [string, string]): boolean =>
    conditions.every((condition) => condition[name] === level);
  const shared = Object.fromEntries(Object.entries(first).filter(isShared));
  return {
    shared,
    own: conditions.map((condition) =>
      showLevels(Object.fromEntries(Object.entries(condition).filter(([name]) => !Object.hasOwn(shared, name)))),
    ),
  };
}

/** `allow=user arm=self` */
export function showLevels(condition: Condition): string {
  return Object.entries(condition)
    .map(([name, level]) => `${name}=${level}`)
    .join(' ');
}
