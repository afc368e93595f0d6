import { createChance } from '../base/world.ts';
import type { Condition } from '../record/events.ts';
import type { Factor } from './contract.ts';

const NAME = 'wording';
const SAMPLED = 'sampled';

/** The factor that chooses among `count` equivalent wordings of each text. */
export function wordingFactor(count: number): Factor {
  return {
    name: NAME,
    summary: 'which of the equivalent wordings of each text is used',
    levels: [
      { name: SAMPLED, summary: 'drawn by the seed of the trial; the stimuli name it' },
      ...Array.from({ length: count }, (_, index) => ({
        name: String(index + 1),
        summary: `number ${index + 1} in every trial`,
      })),
    ],
    defaultLevel: SAMPLED,
    interchangeable: true,
  };
}

/** Number of the wording of a trial, e.g. `3`. The same seed draws the same one. */
export function wordingOf(condition: Condition, seed: string, count: number): string {
  const level = condition[NAME] ?? SAMPLED;
  return level === SAMPLED ? String(createChance(`wording ${seed}`).integer(1, count)) : level;
}
