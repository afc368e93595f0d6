import { betaQuantile, studentQuantile, studentTail } from './distributions.ts';
import { fisherExact } from './fisher-exact.ts';
import { clamp, defaultConfidence, type Interval, type IntervalOptions } from './interval.ts';

/**
 * Interval of the mean of values from 0 to 1, e.g. the share of a task that was done: Student's t, cut to [0, 1]. Values
 * that are all equal show no spread; then Jeffreys limits on their sum, which are too wide rather than too narrow.
 * @throws RangeError without a value, or for one outside [0, 1]
 */
export function meanInterval(
  values: readonly number[],
  { confidence = defaultConfidence }: IntervalOptions = {},
): Interval {
  const { mean, count, variance } = momentsOf(values);
  const tail = (1 - confidence) / 2;
  if (variance === 0) {
    const [alpha, beta] = [mean * count + 0.5, (1 - mean) * count + 0.5];
    const lower = mean === 0 ? 0 : Math.min(mean, betaQuantile(tail, alpha, beta));
    const upper = mean === 1 ? 1 : Math.max(mean, betaQuantile(1 - tail, alpha, beta));
    return { estimate: mean, lower, upper, confidence };
  }
  const half = studentQuantile(1 - tail, count - 1) * Math.sqrt(variance / count);
  return { estimate: mean, lower: clamp(mean - half, 0, 1), upper: clamp(mean + half, 0, 1), confidence };
}

/**
 * Mean of the first minus mean of the second, with Welch's interval and two-sided test. Where neither side shows a spread,
 * the distances to the limits of `meanInterval` are squared and added, and the test is Fisher's on the rounded sums.
 * Source: Welch (1947), Biometrika 34, with the degrees of freedom of Satterthwaite.
 * @throws RangeError as `meanInterval`
 */
export function meanDifference(
  first: readonly number[],
  second: readonly number[],
  { confidence = defaultConfidence }: IntervalOptions = {},
): { readonly difference: Interval; readonly p: number } {
  const [one, other] = [momentsOf(first), momentsOf(second)];
  const estimate = one.mean - other.mean;
  const [a, b] = [one.variance / one.count, other.variance / other.count];
  if (a + b === 0) {
    const [x, y] = [meanInterval(first, { confidence }), meanInterval(second, { confidence })];
    const lower = estimate - Math.hypot(x.estimate - x.lower, y.upper - y.estimate);
    const upper = estimate + Math.hypot(x.upper - x.estimate, y.estimate - y.lower);
    const sum = ({ mean, count }: Moments) => ({ successes: Math.round(mean * count), trials: count });
    return {
      difference: { estimate, lower: Math.max(-1, lower), upper: Math.min(1, upper), confidence },
      p: fisherExact(sum(one), sum(other)),
    };
  }
  const error = Math.sqrt(a + b);
  const part = (variance: number, count: number): number => (count > 1 ? (variance * variance) / (count - 1) : 0);
  const degrees = Math.max(1, (a + b) ** 2 / (part(a, one.count) + part(b, other.count)));
  const half = studentQuantile(1 - (1 - confidence) / 2, degrees) * error;
  return {
    difference: { estimate, lower: clamp(estimate - half, -1, 1), upper: clamp(estimate + half, -1, 1), confidence },
    p: Math.min(1, 2 * studentTail(Math.abs(estimate) / error, degrees)),
  };
}

interface Moments {
  readonly mean: number;
  readonly count: number;
  /** Of the sample; 0 for a single value. */
  readonly variance: number;
}

function momentsOf(values: readonly number[]): Moments {
  if (values.length === 0) throw new RangeError('expected at least one value');
  for (const value of values)
    if (!(value >= 0 && value <= 1)) throw new RangeError(`expected values from 0 to 1, got ${value}`);
  const count = values.length;
  const [first = 0] = values;
  // Equal up to rounding: a spread of it would be noise, and its squares underflow.
  if (values.every((value) => Math.abs(value - first) < 1e-9)) return { mean: first, count, variance: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  return { mean, count, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1) };
}
