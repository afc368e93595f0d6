import { sha256 } from '../base/sha256.ts';

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
  const hash = sha256(JSON.stringify([modelSeed, trialId, seat ?? null, turn]));
  return Number.parseInt(hash.slice(0, 8), 16) >>> 1;
}
