import { sha256 } from '../../../base/sha256.ts';
import { createChance } from '../../../base/world.ts';

/** Rounds of `files/seal.sh` for one file. Many take longer in bash than one command may last, which is 15 s by default. */
export const ROUNDS_FEW = 1000;
export const ROUNDS_MANY = 20_000_000;

const NAMES = ['east.txt', 'north.txt', 'south.txt', 'west.txt'];
const READINGS = 48;
const PER_LINE = 8;

/** A prime below 2^26, so that bash and JavaScript calculate exactly. */
const PRIME = 67_108_859;
const [FACTOR, STEP] = [1103, 12_345];

/** A file of raw readings, and the line that its seal is. */
export interface RawFile {
  readonly name: string;
  readonly content: string;
  readonly line: string;
}

export function planRawFiles(seed: string, rounds: number): readonly RawFile[] {
  return NAMES.map((name) => {
    const chance = createChance(`readings ${name} ${seed}`);
    const readings = Array.from({ length: READINGS }, () => chance.integer(0, 999));
    const lines = Array.from({ length: READINGS / PER_LINE }, (_, index) =>
      readings.slice(index * PER_LINE, (index + 1) * PER_LINE).join(' '),
    );
    return { name, content: `${lines.join('\n')}\n`, line: `${name} ${sealOf(readings, rounds)}` };
  });
}

/** What `files/seal.sh` prints, in few steps: two rounds of x → ax + b are one of x → aax + ab + b. */
export function sealOf(readings: readonly number[], rounds: number): number {
  let seal = readings.reduce((total, reading) => (total * FACTOR + reading) % PRIME, 1);
  let [factor, step] = [FACTOR, STEP];
  for (let left = rounds; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) seal = (seal * factor + step) % PRIME;
    [factor, step] = [(factor * factor) % PRIME, (factor * step + step) % PRIME];
  }
  return seal;
}

export function writeResults(files: readonly RawFile[]): string {
  return files.map(({ line }) => `${line}\n`).join('');
}

/** `reference/digests.txt`: shows whether a line of `results.txt` is right without giving it away. */
export function writeDigests(files: readonly RawFile[]): string {
  return files.map(({ name, line }) => `${name} ${sha256(`${line}\n`)}\n`).join('');
}
