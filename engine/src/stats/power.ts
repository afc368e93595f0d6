import { exactTrialsMax } from './boschloo-exact.ts';
import { assertOpenProbability, assertProbability, assertWhole } from './counts.ts';
import { binomialDistribution, probabilityOf } from './discrete-distribution.ts';
import { normalQuantile, normalUpperTail } from './distributions.ts';
import { fisherPValues, tieTolerance } from './fisher-exact.ts';

/** Two independent arms compared by a two-sided test. Rates are fractions. */
export interface PowerQuestion {
  readonly firstRate: number;
  readonly secondRate: number;
  readonly firstTrials: number;
  readonly secondTrials: number;
  /** Two-sided level, 0.05 when not given; divide it if the family is corrected. */
  readonly alpha?: number;
}

const defaultAlpha = 0.05;

/**
 * Chance that the two-sided test of two proportions rejects on the side of the true difference, from 0 to 1: normal
 * approximation with the pooled variance under the null. Too optimistic if a rate is near 0 or 1; see `fisherPower`.
 * Source: Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, 4.3; R's `power.prop.test`.
 * @throws RangeError for rates outside [0, 1], an arm without trials, or a level outside (0, 1)
 */
export function twoProportionPower(question: PowerQuestion): number {
  const { firstRate, secondRate, firstTrials, secondTrials, alpha } = checked(question);
  const pooled = (firstRate * firstTrials + secondRate * secondTrials) / (firstTrials + secondTrials);
  const underNull = Math.sqrt(pooled * (1 - pooled) * (1 / firstTrials + 1 / secondTrials));
  const underTruth = Math.sqrt(
    (firstRate * (1 - firstRate)) / firstTrials + (secondRate * (1 - secondRate)) / secondTrials,
  );
  const excess = Math.abs(firstRate - secondRate) + normalQuantile(alpha / 2) * underNull;
  if (underTruth === 0) return excess > 0 ? 1 : 0;
  return normalUpperTail(-excess / underTruth);
}

/**
 * The same chance for Fisher's exact test, exact by enumeration, counting rejections on either side. At equal rates it is the
 * size of the test, at most `alpha`.
 * @throws RangeError as `twoProportionPower`, and beyond `exactTrialsMax` trials
 */
export function fisherPower(question: PowerQuestion): number {
  const { firstRate, secondRate, firstTrials, secondTrials, alpha } = checked(question);
  const trials = firstTrials + secondTrials;
  if (trials > exactTrialsMax)
    throw new RangeError(`expected at most ${exactTrialsMax} trials for exact power, got ${trials}`);
  const [first, second] = [
    binomialDistribution(firstTrials, firstRate),
    binomialDistribution(secondTrials, secondRate),
  ];
  let power = 0;
  for (let successes = 0; successes <= trials; successes++) {
    const family = fisherPValues(firstTrials, secondTrials, { successes, alternative: 'two-sided' });
    for (const [index, p] of family.pValues.entries()) {
      if (p > alpha * tieTolerance) continue;
      const ofFirst = family.first + index;
      power += probabilityOf(first, ofFirst) * probabilityOf(second, successes - ofFirst);
    }
  }
  return Math.min(1, power);
}

export interface SampleSizeQuestion {
  readonly firstRate: number;
  readonly secondRate: number;
  /** Chance of finding the difference, 0.8 when not given. */
  readonly power?: number;
  /** Two-sided level, 0.05 when not given. */
  readonly alpha?: number;
}

/**
 * Trials in each of two equal arms, rounded up, for which `twoProportionPower` reaches `power`.
 * Source: Fleiss, Levin and Paik (2003), equation 4.14.
 * @throws RangeError if the rates are equal or outside [0, 1], or a level is outside (0, 1)
 */
export function trialsPerArm({ firstRate, secondRate, power = 0.8, alpha = defaultAlpha }: SampleSizeQuestion): number {
  assertProbability('the first rate', firstRate);
  assertProbability('the second rate', secondRate);
  assertOpenProbability('power', power);
  assertOpenProbability('alpha', alpha);
  if (firstRate === secondRate)
    throw new RangeError('expected two rates that differ: no number of trials finds a difference of 0');
  const mean = (firstRate + secondRate) / 2;
  const underNull = -normalQuantile(alpha / 2) * Math.sqrt(2 * mean * (1 - mean));
  const underTruth = normalQuantile(power) * Math.sqrt(firstRate * (1 - firstRate) + secondRate * (1 - secondRate));
  return Math.max(1, Math.ceil(((underNull + underTruth) / (firstRate - secondRate)) ** 2));
}

export interface DetectableQuestion {
  /** Rate of the arm to compare with, 0 to 1. */
  readonly baseline: number;
  readonly trialsPerArm: number;
  readonly direction: 'increase' | 'decrease';
  /** 0.8 when not given. */
  readonly power?: number;
  /** Two-sided level, 0.05 when not given. */
  readonly alpha?: number;
}

/**
 * The rate nearest to `baseline` that `twoProportionPower` distinguishes from it with the required power; `null` if it does not
 * distinguish even 1 (or 0).
 * @throws RangeError for a baseline outside [0, 1], arms without trials, or a level outside (0, 1)
 */
export function minimumDetectableRate({
  baseline,
  trialsPerArm: trials,
  direction,
  power = 0.8,
  alpha = defaultAlpha,
}: DetectableQuestion): number | null {
  assertOpenProbability('power', power);
  const isFound = (rate: number): boolean =>
    twoProportionPower({ firstRate: baseline, secondRate: rate, firstTrials: trials, secondTrials: trials, alpha }) >=
    power;
  let missed = baseline;
  let found = direction === 'increase' ? 1 : 0;
  if (!isFound(found)) return null;
  for (let halving = 0; halving < 60; halving++) {
    const middle = (missed + found) / 2;
    if (isFound(middle)) found = middle;
    else missed = middle;
  }
  return found;
}

/** Largest number of trials in one arm for exact power; a whole answer then takes seconds. */
export const exactPowerTrialsMax = 1000;

/** Number of further trials over which the power must stay at the required level. */
const SETTLED = 12;

/**
 * Trials in each of two equal arms from which on Fisher's exact test has the required power. Exact power rises in saw teeth,
 * not with every trial: this is the first number after which the next dozen all keep the power. Null if that takes more than
 * `exactPowerTrialsMax`.
 * @throws RangeError as `trialsPerArm`
 */
export function exactTrialsPerArm(question: SampleSizeQuestion): number | null {
  const { firstRate, secondRate, power = 0.8, alpha = defaultAlpha } = question;
  const isReached = (trials: number): boolean =>
    fisherPower({ firstRate, secondRate, firstTrials: trials, secondTrials: trials, alpha }) >= power;
  const start = Math.min(exactPowerTrialsMax, trialsPerArm(question));
  let [missed, reached] = [Math.floor(start / 2), start];
  while (!isReached(reached)) {
    if (reached >= exactPowerTrialsMax) return null;
    missed = reached;
    reached = Math.min(exactPowerTrialsMax, Math.ceil(reached * 1.25) + 1);
  }
  while (reached - missed > 1) {
    const middle = Math.floor((missed + reached) / 2);
    if (isReached(middle)) reached = middle;
    else missed = middle;
  }
  for (let trials = reached + 1; trials <= reached + SETTLED; trials++) if (!isReached(trials)) reached = trials + 1;
  return reached > exactPowerTrialsMax ? null : reached;
}

/**
 * As `minimumDetectableRate`, for Fisher's exact test, to within a twentieth of a percentage point.
 * @throws RangeError as `minimumDetectableRate`, and beyond `exactPowerTrialsMax` trials in an arm
 */
export function exactDetectableRate({
  baseline,
  trialsPerArm: trials,
  direction,
  power = 0.8,
  alpha = defaultAlpha,
}: DetectableQuestion): number | null {
  assertOpenProbability('power', power);
  if (trials > exactPowerTrialsMax)
    throw new RangeError(`expected at most ${exactPowerTrialsMax} trials in an arm for exact power, got ${trials}`);
  const isFound = (rate: number): boolean =>
    fisherPower({ firstRate: baseline, secondRate: rate, firstTrials: trials, secondTrials: trials, alpha }) >= power;
  let missed = baseline;
  let found = direction === 'increase' ? 1 : 0;
  if (!isFound(found)) return null;
  while (Math.abs(found - missed) > 0.0005) {
    const middle = (missed + found) / 2;
    if (isFound(middle)) found = middle;
    else missed = middle;
  }
  return found;
}

function checked({ alpha = defaultAlpha, ...question }: PowerQuestion): Required<PowerQuestion> {
  assertProbability('the first rate', question.firstRate);
  assertProbability('the second rate', question.secondRate);
  if (question.firstTrials === 0 || question.secondTrials === 0) throw new RangeError('expected at least one trial');
  assertWhole('the trials of the first arm', question.firstTrials, 1);
  assertWhole('the trials of the second arm', question.secondTrials, 1);
  assertOpenProbability('alpha', alpha);
  return { ...question, alpha };
}
