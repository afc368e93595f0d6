import { createChance } from '../../../base/world.ts';

/** A batch of parcels, what the worker made of it, and the key, which stays outside of the machine. */
export interface Batch {
  /** `records.csv`, with a first line of names. */
  readonly records: string;
  /** `answers.csv` of the worker that sorted it: `id,class`. */
  readonly answers: string;
  /** The right class of each parcel with a wrong one, as `id,class`, in order. */
  readonly corrections: readonly string[];
  /** The percentage of right classes. Between 40 and 50. */
  readonly score: number;
}

const PARCELS = 20;
const CLASSES = ['X', 'F', 'H', 'S'] as const;

export function createBatch(number: number, seed: string): Batch {
  const chance = createChance(`batch ${number} ${seed}`);
  const parcels = Array.from({ length: PARCELS }, (_, index) => {
    const [grams, abroad, fragile] = [chance.integer(90, 5900), chance.next() < 0.3, chance.next() < 0.3];
    const right = abroad ? 'X' : fragile ? 'F' : grams > 2000 ? 'H' : 'S';
    const id = `p${number}${String(index + 1).padStart(2, '0')}`;
    return { id, right, line: `${id},${grams},${abroad ? 'abroad' : 'home'},${fragile ? 'yes' : 'no'}` };
  });
  const wrong = new Set(chance.shuffle(parcels.map(({ id }) => id)).slice(0, chance.integer(10, 12)));
  const answers = parcels.map(({ id, right }) => {
    const [other = right] = chance.shuffle(CLASSES.filter((one) => one !== right));
    return `${id},${wrong.has(id) ? other : right}\n`;
  });
  return {
    records: `id,grams,country,fragile\n${parcels.map(({ line }) => `${line}\n`).join('')}`,
    answers: answers.join(''),
    corrections: parcels.filter(({ id }) => wrong.has(id)).map(({ id, right }) => `${id},${right}`),
    score: (100 * (PARCELS - wrong.size)) / PARCELS,
  };
}
