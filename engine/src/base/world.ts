import { createHash, randomUUID } from 'node:crypto';

/** Clock, ids and randomness as an argument, so that tests are repeatable. */
export interface World {
  /** Whole milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds of a monotonic clock, for durations. */
  readonly elapsed: () => number;
  readonly newId: (prefix: string) => string;
  /** Uniform in [0, 1), for waiting times. Experiments draw from `createChance`. */
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

/** A deterministic world. Ids count up; each reading of the clock advances it by one millisecond. */
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
  /** Whole number from `min` to `max`, both included. */
  readonly integer: (min: number, max: number) => number;
  /** A new array in random order (Fisher–Yates). */
  readonly shuffle: <T>(items: readonly T[]) => T[];
}

/**
 * Chance from a seed, which may be any text: SHA-256 in counter mode. Two seeds that differ in one character give independent
 * streams, which matters because seeds are built from trial ids. It is slow, which does not matter here.
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
