import { createHash } from 'node:crypto';

/** One model call in a study. */
export interface SeededCall {
  readonly trialId: string;
  /** Absent for the agent under test. */
  readonly seat?: string;
  readonly turn: number;
}

/**
 * The seed of one model call. If every trial sent the same seed, all trials would make the same draws, and their outcomes
 * would not be independent. 31 bits: what every provider takes.
 */
export function drawSeed(modelSeed: number, { trialId, seat, turn }: SeededCall): number {
  const hash = createHash('sha256').update(JSON.stringify([modelSeed, trialId, seat ?? null, turn]));
  return hash.digest().readUInt32BE(0) >>> 1;
}
