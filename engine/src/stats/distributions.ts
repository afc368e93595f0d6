import jstat from 'jstat';

import { assertOpenProbability, assertWhole } from './counts.ts';

/**
 * The continuous distributions the other files need. The quantiles come from jstat; its tails do not, because it computes
 * them as `1 - cdf` and so loses every digit beyond 5 standard deviations.
 */

/**
 * Quantile of Beta(alpha, beta), relative error below 1e-7 (compared with SciPy for alpha + beta up to 1e6).
 * @param probability between 0 and 1, both excluded
 * @param alpha above 0
 * @param beta above 0
 */
export function betaQuantile(probability: number, alpha: number, beta: number): number {
  assertOpenProbability('the probability', probability);
  if (!(alpha > 0 && beta > 0))
    throw new RangeError(`expected both parameters of the beta distribution above 0, got ${alpha} and ${beta}`);
  return jstat.beta.inv(probability, alpha, beta);
}

/**
 * Quantile of the standard normal distribution, absolute error below 1e-9.
 * jstat's value, refined by Newton steps on an accurate tail in the lower half, where nothing cancels.
 * @param probability between 0 and 1, both excluded
 */
export function normalQuantile(probability: number): number {
  assertOpenProbability('the probability', probability);
  if (probability === 0.5) return 0;
  if (probability > 0.5) return -normalQuantile(1 - probability);
  let z = -jstat.normal.inv(probability, 0, 1);
  for (let step = 0; step < 3; step++) z += (normalUpperTail(z) - probability) / normalDensity(z);
  return -z;
}

/**
 * Quantile of Student's t distribution, from jstat (relative error below 1e-6 for the levels in use).
 * @param probability between 0 and 1, both excluded
 * @param degreesOfFreedom at least 1
 */
export function studentQuantile(probability: number, degreesOfFreedom: number): number {
  assertOpenProbability('the probability', probability);
  return jstat.studentt.inv(probability, degreesOfFreedom);
}

/** P(T >= statistic) for Student's t, `statistic` at least 0; computed in the lower half, where nothing cancels. */
export function studentTail(statistic: number, degreesOfFreedom: number): number {
  // The tail is half of P(F(1, df) >= t²): a regularised incomplete beta at df / (df + t²).
  return jstat.ibeta(degreesOfFreedom / (degreesOfFreedom + statistic * statistic), degreesOfFreedom / 2, 0.5) / 2;
}

export function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/**
 * P(Z >= z) for a standard normal Z, relative error below 1e-11 until it underflows (z about 38).
 * From 3 on: the continued fraction of Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.14.
 */
export function normalUpperTail(z: number): number {
  if (z === 0) return 0.5;
  if (z < 3) return (1 - jstat.erf(z / Math.SQRT2)) / 2;
  let fraction = z;
  for (let term = 80; term >= 1; term--) fraction = z + term / fraction;
  return normalDensity(z) / fraction;
}

/**
 * P(X >= statistic) for a chi-square X; no cancellation, so small p-values keep their digits.
 * Recurrence of Abramowitz and Stegun 26.4.8.
 * @param statistic at least 0
 * @param degreesOfFreedom whole, at least 1
 */
export function chiSquareUpperTail(statistic: number, degreesOfFreedom: number): number {
  assertWhole('the degrees of freedom', degreesOfFreedom, 1);
  if (!(statistic >= 0)) throw new RangeError(`expected a chi-square statistic of at least 0, got ${statistic}`);
  const odd = degreesOfFreedom % 2 === 1;
  let tail = odd ? 2 * normalUpperTail(Math.sqrt(statistic)) : Math.exp(-statistic / 2);
  let term = odd
    ? Math.sqrt((2 * statistic) / Math.PI) * Math.exp(-statistic / 2)
    : (statistic / 2) * Math.exp(-statistic / 2);
  for (let degrees = odd ? 1 : 2; degrees < degreesOfFreedom; degrees += 2) {
    tail += term;
    term *= statistic / (degrees + 2);
  }
  return Math.min(1, tail);
}

/** Natural logarithm of the gamma function for x > 0; Stirling's series after shifting x to 15 or more (relative error 1e-12, absolute where the logarithm is near 0). */
export function logGamma(x: number): number {
  let shifted = x;
  let product = 1;
  while (shifted < 15) product *= shifted++;
  const inverseSquare = 1 / (shifted * shifted);
  const series = (1 / 12 - inverseSquare * (1 / 360 - inverseSquare * (1 / 1260 - inverseSquare / 1680))) / shifted;
  return (shifted - 0.5) * Math.log(shifted) - shifted + Math.log(2 * Math.PI) / 2 + series - Math.log(product);
}
