import { createHash, randomUUID } from 'node:crypto';

/** Clock and ids as an argument, so that a test tells the same story every time. */
export interface World {
  /** Milliseconds since 1970, whole. */
  readonly now: () => number;
  /** Milliseconds of a clock that never goes back; for durations. */
  readonly elapsed: () => number;
  readonly newId: (prefix: string) => string;
  /** Uniform in [0, 1); for waiting times. What an experiment draws comes from `createChance`. */
  readonly random: () => number;
}

/** The real clock and random ids. */
export function createSystemWorld(): World {
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    newId: (prefix) => `${prefix}-${randomUUID()}`,
    random: () => Math.random(),
  };
}

/** A world that always tells the same story. Ids count up; each look at the clock costs one millisecond. */
export function createFixedWorld(startMs = 0): World {
  let looks = 0;
  let ids = 0;
  return {
    now: () => startMs + looks++,
    elapsed: () => looks++,
    newId: (prefix) => `${prefix}-${++ids}`,
    random: () => 0.5,
  };
}

/** Randomness that a seed determines. */
export interface Chance {
  /** Uniform in [0, 1), 32 bits. */
  readonly next: () => number;
  /** Whole number, both ends included. */
  readonly integer: (min: number, max: number) => number;
  /** A new array in random order (Fisher–Yates). */
  readonly shuffle: <T>(items: readonly T[]) => T[];
}

/**
 * Chance from a seed of any text: SHA-256 in counter mode. Slow beside a toy generator, and that does not matter here;
 * two seeds that differ in one character give independent streams, which matters when seeds are built from trial ids.
 */
export function createChance(seed: string): Chance {
  let counter = 0;
  let words: Uint32Array = new Uint32Array(0);
  let used = 0;
  const next = (): number => {
    if (used === words.length) {
      const digest = createHash('sha256').update(`${seed}\u0000${counter++}`).digest();
      words = new Uint32Array(digest.buffer.slice(digest.byteOffset, digest.byteOffset + 32));
      used = 0;
    }
    return (words[used++] ?? 0) / 2 ** 32;
  };
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  const shuffle = <T>(items: readonly T[]): T[] => {
    const result = [...items];
    for (let last = result.length - 1; last > 0; last--) {
      const other = integer(0, last);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both are indexes of the array
      [result[last], result[other]] = [result[other] as T, result[last] as T];
    }
    return result;
  };
  return { next, integer, shuffle };
}
