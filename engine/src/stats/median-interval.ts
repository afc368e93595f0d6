import { binomialDistribution, probabilityOf } from './discrete-distribution.ts';
import { defaultConfidence, type Interval, type IntervalOptions } from './interval.ts';

/**
 * Interval of a median by order statistics, without assumptions on the distribution. Values may be Infinity, for what was
 * not seen to end. With too few values for the level the interval is from -Infinity to Infinity.
 * Source: David and Nagaraja (2003), Order Statistics, 3rd edition, section 7.1.
 * @throws RangeError without a value
 */
export function medianInterval(
  values: readonly number[],
  { confidence = defaultConfidence }: IntervalOptions = {},
): Interval {
  if (values.length === 0) throw new RangeError('expected at least one value for a median');
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? 0;
  const middle = Math.floor(sorted.length / 2);
  const estimate = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  const chances = binomialDistribution(sorted.length, 0.5);
  // The largest number of values that can be left out on each side.
  let [out, tail] = [0, 0];
  for (;;) {
    tail += probabilityOf(chances, out);
    if (tail > (1 - confidence) / 2) break;
    out++;
  }
  return {
    estimate,
    confidence,
    lower: out === 0 ? Number.NEGATIVE_INFINITY : at(out - 1),
    upper: out === 0 ? Number.POSITIVE_INFINITY : at(sorted.length - out),
  };
}
