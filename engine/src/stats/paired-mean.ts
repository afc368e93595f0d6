import { assertProbability } from './counts.ts';
import { clamp, type Interval, type IntervalOptions } from './interval.ts';
import { meanInterval } from './mean.ts';

/** The values of two trials that share a seed, each from 0 to 1. */
export interface ValuePair {
  readonly first: number;
  readonly second: number;
}

export interface PairedMeanResult {
  /** Mean of first minus second. */
  readonly difference: Interval;
  /** Two-sided, in (0, 1]; 1 if no pair differs. */
  readonly p: number;
}

/**
 * Mean of the differences of pairs: Student's t on the differences, cut to [-1, 1]; where all are equal, the limits of
 * `meanInterval`, which are too wide rather than too narrow. The test flips the signs of the differences in every way: exact if
 * each arm could as well have been the other. For values of 0 and 1 it is McNemar's exact test.
 * Sources: Student (1908), Biometrika 6; Fisher (1935), The Design of Experiments, section 21; all sums at once by the shift
 * algorithm of Streitberg and Röhmel (1986), Statistical Software Newsletter 12. Coverage: paired-mean.test.ts.
 * @throws RangeError without a pair, or for a value outside [0, 1]
 */
export function pairedMeanDifference(pairs: readonly ValuePair[], options: IntervalOptions = {}): PairedMeanResult {
  for (const value of pairs.flatMap(({ first, second }) => [first, second])) assertProbability('values', value);
  const differences = pairs.map(({ first, second }) => first - second);
  // From [-1, 1] to [0, 1], where the mean of bounded values has an interval, and back.
  const { estimate, lower, upper, confidence } = meanInterval(
    differences.map((one) => clamp((one + 1) / 2, 0, 1)),
    options,
  );
  return {
    difference: { estimate: 2 * estimate - 1, lower: 2 * lower - 1, upper: 2 * upper - 1, confidence },
    p: signFlip(differences),
  };
}

/** Shares of up to 10, and of 12, 15, 16, 20, 24 and 30 items are whole numbers of units, so that equal sums are equal. */
const UNITS = 5040;
const WORK_MAX = 50_000_000;

/** Rounding keeps the test exact: it is done alike for both signs. */
function signFlip(differences: readonly number[]): number {
  const whole = differences.map((one) => Math.round(Math.abs(one) * UNITS) * Math.sign(one)).filter((one) => one !== 0);
  const coarse = whole.reduce((divisor, one) => greatestCommonDivisor(divisor, Math.abs(one)), 0);
  const work = (whole.length * sum(whole.map(Math.abs))) / Math.max(1, coarse);
  const unit = coarse * Math.max(1, Math.ceil(work / WORK_MAX));
  const steps = whole.map((one) => Math.round(Math.abs(one) / unit) * Math.sign(one));
  const sizes = steps.map(Math.abs);
  const total = sum(sizes);
  // Chance of each sum of the positive differences.
  const chances = new Float64Array(total + 1);
  chances[0] = 1;
  let reached = 0;
  for (const size of sizes) {
    reached += size;
    for (let at = reached; at >= 0; at--)
      chances[at] = ((chances[at] ?? 0) + (at >= size ? (chances[at - size] ?? 0) : 0)) / 2;
  }
  const positive = sum(steps.filter((one) => one > 0));
  const tail = sum(chances.subarray(0, Math.min(positive, total - positive) + 1));
  return Math.min(1, Math.max(Number.MIN_VALUE, 2 * tail));
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
