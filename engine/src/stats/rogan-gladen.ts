import { assertCounts, assertProbability, type Counts } from './counts.ts';
import { clamp, defaultConfidence, twoSidedZ, type Interval, type IntervalOptions } from './interval.ts';

export interface JudgeAccuracy {
  /** Share of positives that the judge finds: counts compared with people's labels, or a known number. */
  readonly sensitivity: Counts | number;
  /** Share of negatives that the judge leaves alone, in the same form. */
  readonly specificity: Counts | number;
}

export interface CorrectedRate extends Interval {
  /** The rate before the correction. */
  readonly apparent: number;
  /**
   * The estimate before it was cut to [0, 1]. Outside that range the accuracy does not fit these trials; an interval cut to a
   * point then shows this misfit, not certainty.
   */
  readonly uncut: number;
}

/**
 * The true rate behind the answers of a judge that errs. If its accuracy was measured, the interval includes that uncertainty.
 * Sources: Rogan and Gladen (1978), American Journal of Epidemiology 107 (estimate); Lang and Reiczigel (2014), Preventive
 * Veterinary Medicine 113, 13–22 (interval).
 * @throws RangeError for counts that are not counts, or a judge no better than chance (sensitivity + specificity at most 1)
 */
export function roganGladen(
  positives: Counts,
  { sensitivity, specificity }: JudgeAccuracy,
  { confidence = defaultConfidence }: IntervalOptions = {},
): CorrectedRate {
  assertCounts(positives);
  const z = twoSidedZ(confidence);
  const [hits, rejections] = [toAccuracy('the sensitivity', sensitivity), toAccuracy('the specificity', specificity)];
  const youden = hits.rate + rejections.rate - 1;
  const shrunkYouden = hits.shrunk + rejections.shrunk - 1;
  if (!(youden > 0 && shrunkYouden > 0))
    throw new RangeError(`expected a judge better than chance (sensitivity + specificity above 1), got ${youden + 1}`);
  const apparent = positives.successes / positives.trials;
  const uncut = (apparent - (1 - rejections.rate)) / youden;
  const estimate = clamp(uncut, 0, 1);

  const trials = positives.trials + z * z;
  const shrunk = (positives.successes + (z * z) / 2) / trials;
  const centre = (shrunk + rejections.shrunk - 1) / shrunkYouden;
  const shift = 2 * z * z * (centre * hits.variance - (1 - centre) * rejections.variance);
  const spread = Math.sqrt(
    (shrunk * (1 - shrunk)) / trials + centre ** 2 * hits.variance + (1 - centre) ** 2 * rejections.variance,
  );
  const half = (z * spread) / shrunkYouden;
  return {
    estimate,
    lower: clamp(centre + shift - half, 0, estimate),
    upper: clamp(centre + shift + half, estimate, 1),
    confidence,
    apparent,
    uncut,
  };
}

interface Accuracy {
  readonly rate: number;
  /** With one success and one failure added, as the interval requires. */
  readonly shrunk: number;
  readonly variance: number;
}

function toAccuracy(name: string, accuracy: Counts | number): Accuracy {
  if (typeof accuracy === 'number') {
    assertProbability(name, accuracy);
    return { rate: accuracy, shrunk: accuracy, variance: 0 };
  }
  assertCounts(accuracy);
  const shrunk = (accuracy.successes + 1) / (accuracy.trials + 2);
  return {
    rate: accuracy.successes / accuracy.trials,
    shrunk,
    variance: (shrunk * (1 - shrunk)) / (accuracy.trials + 2),
  };
}
