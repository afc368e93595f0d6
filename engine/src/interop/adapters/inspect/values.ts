import type { ScoreEntry } from '../../contract.ts';

/** How Inspect writes times, texts and values: the small things that each part of a log needs. */
export type Json = Readonly<Record<string, unknown>>;

/** Under this name Offswitch puts what Inspect's format has no place for: `info` source, key of `metadata`. */
export const OFFSWITCH = 'offswitch';

export function toIso(at: number): string {
  return new Date(Math.min(Math.max(at, 0), LAST_DAY)).toISOString().replace('Z', '+00:00');
}

/** 9999-12-31: Python's clock ends there. */
const LAST_DAY = 253_402_214_400_000;

/**
 * JSON of a value. Half a surrogate pair, which a model can write and UTF-8 cannot hold, becomes U+FFFD: the readers of
 * Inspect refuse it.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'string' ? item.toWellFormed() : item));
}

/** *Could not tell* is NaN, which Inspect counts as unscored; `JSON.stringify` would make it null, which it counts as 0. */
export function scoreValue(value: ScoreEntry['value']): string {
  return value === null || (typeof value === 'number' && !Number.isFinite(value)) ? 'NaN' : toJson(value);
}
