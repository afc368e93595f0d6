import fc from 'fast-check';

import type { Condition } from '../../../record/events.ts';
import { factors } from './factors.ts';

/** Any levels of any of the factors, contradictory ones too; `without` are never among them. */
export function anyLevels(without: readonly string[] = []): fc.Arbitrary<Condition> {
  const some = factors.filter(({ name }) => !without.includes(name));
  const levels = some.map((factor) => fc.option(fc.constantFrom(...factor.levels.map(({ name }) => name))));
  return fc.tuple(...levels).map((chosen) =>
    Object.fromEntries(
      some.flatMap(({ name }, index): [string, string][] => {
        const level = chosen[index] ?? null;
        return level === null ? [] : [[name, level]];
      }),
    ),
  );
}
