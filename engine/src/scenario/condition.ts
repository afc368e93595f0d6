import { UsageError, unknownNameError } from '../base/usage-error.ts';
import type { Condition } from '../record/events.ts';
import type { Factor } from './contract.ts';

/** Adds the default levels. Throws a `UsageError` on an unknown factor or level, with the nearest known name. */
export function completeCondition(factors: readonly Factor[], given: Condition): Condition {
  const names = factors.map(({ name }) => name);
  for (const name of Object.keys(given)) if (!names.includes(name)) throw unknownNameError('factor', name, names);
  return Object.fromEntries(
    factors.map(({ name, levels, defaultLevel }) => {
      const level = given[name] ?? defaultLevel;
      const known = levels.map((one) => one.name);
      if (!known.includes(level)) throw unknownNameError(`level of the factor "${name}"`, level, known);
      return [name, level];
    }),
  );
}

/** Reads `name=level`. */
export function parseFactorSetting(text: string): readonly [name: string, level: string] {
  const [name, level, ...rest] = text.split('=');
  if (name === undefined || name === '' || level === undefined || level === '' || rest.length > 0) {
    throw new UsageError(`expected a factor as name=level, e.g. allow=system, got "${text}"`);
  }
  return [name, level];
}
