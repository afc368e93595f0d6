import { defaultConfidence, twoSidedZ, type Interval, type IntervalOptions } from './interval.ts';

/** Chance that a positive has the higher score than a negative; ties count half. */
export interface Auroc extends Interval {
  readonly positives: number;
  readonly negatives: number;
}

export interface AurocOptions extends IntervalOptions {
  /** Independent positives and negatives, if fewer than the scores: the interval is for that many. */
  readonly units?: { readonly positives: number; readonly negatives: number };
}

/**
 * Area under the receiver operating characteristic curve, with a score interval: the areas whose own standard error puts the
 * estimate within z of them. Unlike DeLong's interval and the bootstrap it does not shrink to a point at 0 and 1, where good
 * detectors are.
 * Source: Newcombe (2006), Statistics in Medicine 25, 559-573, method 5; variance after Hanley and McNeil (1982), Radiology 143.
 * @throws RangeError without a positive or a negative, or for a score that is no number
 */
export function auroc(
  positives: readonly number[],
  negatives: readonly number[],
  {
    confidence = defaultConfidence,
    units = { positives: positives.length, negatives: negatives.length },
  }: AurocOptions = {},
): Auroc {
  const { positives: m, negatives: n } = units;
  if (positives.length * negatives.length * m * n === 0)
    throw new RangeError('expected at least one positive and one negative');
  if ([...positives, ...negatives].some(Number.isNaN)) throw new RangeError('expected scores that are numbers');
  let wins = 0;
  for (const positive of positives)
    for (const negative of negatives) wins += positive > negative ? 1 : positive === negative ? 0.5 : 0;
  const estimate = wins / (positives.length * negatives.length);
  const z = twoSidedZ(confidence);
  const isWithin = (area: number): boolean => {
    const more = (m + n) / 2 - 1;
    const variance =
      (area * (1 - area) * (1 + (more * (1 - area)) / (2 - area) + (more * area) / (1 + area))) / (m * n);
    return Math.abs(estimate - area) <= z * Math.sqrt(variance);
  };
  const limit = (far: number): number => {
    let [inside, outside] = [estimate, far];
    for (let step = 0; step < BISECTIONS; step++) {
      const middle = (inside + outside) / 2;
      if (isWithin(middle)) inside = middle;
      else outside = middle;
    }
    return inside;
  };
  return {
    estimate,
    lower: limit(0),
    upper: limit(1),
    confidence,
    positives: positives.length,
    negatives: negatives.length,
  };
}

const BISECTIONS = 60;
