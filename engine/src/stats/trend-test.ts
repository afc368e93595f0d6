import type { Chance } from '../base/world.ts';
import { assertCounts, assertOpenProbability, assertProbability, assertWhole, type Counts } from './counts.ts';
import { studentQuantile, studentTail } from './distributions.ts';
import { clamp, defaultConfidence, type Interval, type IntervalOptions } from './interval.ts';

/** What one instance (a text, a seed) gave for each generation, oldest first. */
export type InstanceHistory = readonly Counts[];

export interface TrendTest {
  /** Change of the rate from one generation to the next; limits within [-1, 1]. */
  readonly slope: Interval;
  /** Two-sided. */
  readonly p: number;
  readonly instances: number;
}

/**
 * Whether a rate changes over generations, with the instance as the unit: the slope of each instance, and Student's t over
 * the slopes. What an instance adds to every generation cancels. The variance is never below that of independent trials at
 * one common rate, because a few instances may agree by chance.
 * Source: Matthews, Altman, Campbell and Royston (1990), Analysis of serial measurements in medical research, BMJ 300
 * (summary measures); Donner and Klar (2000), Design and Analysis of Cluster Randomization Trials, 6.2 (cluster-level t).
 * @param instances each with the same number of generations, at least two
 * @throws RangeError with fewer than two instances or generations, or for counts that are not counts
 */
export function trendTest(
  instances: readonly InstanceHistory[],
  { confidence = defaultConfidence }: IntervalOptions = {},
): TrendTest {
  assertOpenProbability('confidence', confidence);
  const [first = []] = instances;
  if (instances.length < 2) throw new RangeError(`expected at least two instances, got ${instances.length}`);
  if (first.length < 2) throw new RangeError(`expected at least two generations, got ${first.length}`);
  if (instances.some(({ length }) => length !== first.length))
    throw new RangeError('expected the same generations for every instance');
  for (const cell of instances.flat()) assertCounts(cell);
  const weights = slopeWeights(first.length);
  const slopes = instances.map((history) =>
    history.reduce((sum, { successes, trials }, index) => sum + ((weights[index] ?? 0) * successes) / trials, 0),
  );
  const count = slopes.length;
  const estimate = slopes.reduce((sum, slope) => sum + slope, 0) / count;
  const spread = slopes.reduce((sum, slope) => sum + (slope - estimate) ** 2, 0) / (count - 1) / count;
  const error = Math.sqrt(Math.max(spread, independentVariance(instances, weights)));
  const half = studentQuantile(1 - (1 - confidence) / 2, count - 1) * error;
  return {
    slope: { estimate, lower: clamp(estimate - half, -1, 1), upper: clamp(estimate + half, -1, 1), confidence },
    p: Math.min(1, 2 * studentTail(Math.abs(estimate) / error, count - 1)),
    instances: count,
  };
}

/** Least squares over 0, 1, 2, …: they sum to 0. */
function slopeWeights(generations: number): number[] {
  const middle = (generations - 1) / 2;
  const squares = (generations * (generations ** 2 - 1)) / 12;
  return Array.from({ length: generations }, (_, index) => (index - middle) / squares);
}

/** Of the mean slope if no generation differed and trials were independent; half a success and half a failure are added. */
function independentVariance(instances: readonly InstanceHistory[], weights: readonly number[]): number {
  const all = instances.flat();
  const trials = all.reduce((sum, cell) => sum + cell.trials, 0);
  const rate = (all.reduce((sum, cell) => sum + cell.successes, 0) + 0.5) / (trials + 1);
  const perTrial = instances.reduce(
    (sum, history) => sum + history.reduce((own, cell, index) => own + (weights[index] ?? 0) ** 2 / cell.trials, 0),
    0,
  );
  return (rate * (1 - rate) * perTrial) / instances.length ** 2;
}

export interface TrendQuestion {
  /** True rate of each generation, oldest first. */
  readonly rates: readonly number[];
  /** Of each generation; shared by the instances as evenly as possible. */
  readonly trials: number;
  readonly instances: number;
  /** Correlation of two trials of one instance in one generation, from 0 to below 1. */
  readonly icc: number;
}

export interface TrendPowerOptions {
  /** Two-sided. */
  readonly alpha: number;
  readonly chance: Chance;
  /** Simulated studies. Default 4000, and fewer of very large ones, but at least 200. */
  readonly histories?: number;
}

/** Trials of all generations of a simulated study; more would take minutes. */
export const trendTrialsMax = 1_000_000;
const DRAWS = 20_000_000;

/**
 * Chance that `trendTest` finds the change on its true side: the share of simulated studies. Rates of instances are beta distributed, independently in each generation, which is the hardest case.
 * @throws RangeError for a rate outside [0, 1], fewer trials than instances, more than `trendTrialsMax`, or a level outside
 * (0, 1)
 */
export function trendPower(question: TrendQuestion, options: TrendPowerOptions): number {
  const { alpha, chance } = options;
  assertOpenProbability('alpha', alpha);
  const total = question.trials * question.rates.length;
  if (!(total <= trendTrialsMax))
    throw new RangeError(`expected at most ${trendTrialsMax} trials over all generations, got ${total}`);
  const histories = options.histories ?? clamp(Math.floor(DRAWS / total), 200, 4000);
  const [first = 0, last = 0] = [question.rates[0], question.rates.at(-1)];
  let found = 0;
  for (let history = 0; history < histories; history++) {
    const { slope, p } = trendTest(drawHistory(question, chance));
    if (p < alpha && slope.estimate > 0 === last > first) found++;
  }
  return found / histories;
}

/** One simulated study, as `trendTest` takes it. */
export function drawHistory({ rates, trials, instances, icc }: TrendQuestion, chance: Chance): InstanceHistory[] {
  assertWhole('the instances', instances, 2);
  assertWhole('the trials of a generation', trials, instances);
  for (const rate of rates) assertProbability('a rate', rate);
  if (!(icc >= 0 && icc < 1)) throw new RangeError(`expected a correlation from 0 to below 1, got ${icc}`);
  return Array.from({ length: instances }, (_, index) => {
    const own = Math.floor(trials / instances) + (index < trials % instances ? 1 : 0);
    return rates.map((rate) => ({ successes: drawCorrelated(own, rate, { icc, chance }), trials: own }));
  });
}

/** Successes of a beta-binomial, as Pólya's urn: each trial draws from what the ones before it left. */
function drawCorrelated(
  trials: number,
  rate: number,
  { icc, chance }: { readonly icc: number; readonly chance: Chance },
): number {
  let successes = 0;
  for (let trial = 0; trial < trials; trial++)
    if (chance.next() * (1 - icc + icc * trial) < rate * (1 - icc) + icc * successes) successes++;
  return successes;
}
