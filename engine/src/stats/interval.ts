import { assertOpenProbability } from './counts.ts';
import { normalQuantile } from './distributions.ts';

/** An estimate and its limits, all on the scale of the estimate (rates are fractions, not percent). */
export interface Interval {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  /** Two-sided level, between 0 and 1: 0.95 leaves 2.5 % in each tail. */
  readonly confidence: number;
}

export interface IntervalOptions {
  /** Two-sided level, between 0 and 1, both excluded; 0.95 when not given. */
  readonly confidence?: number;
}

export const defaultConfidence = 0.95;

/**
 * The multiplier of a standard error for a two-sided level: 1.96 for 0.95.
 * @throws RangeError unless `0 < confidence < 1`
 */
export function twoSidedZ(confidence: number): number {
  assertOpenProbability('confidence', confidence);
  return -normalQuantile((1 - confidence) / 2);
}

/** `value` limited to [lowest, highest]. */
export function clamp(value: number, lowest: number, highest: number): number {
  return Math.min(highest, Math.max(lowest, value));
}
