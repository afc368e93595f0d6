/**
 * Probabilities of consecutive whole numbers, built outward from the mode by ratios of neighbours and divided by their sum.
 * Without factorials there is no overflow or cancellation, even for a million trials.
 */
export interface DiscreteDistribution {
  /** The value of `probabilities[0]`; values outside the array have underflowed to 0. */
  readonly first: number;
  readonly probabilities: Float64Array;
}

interface Shape {
  readonly mode: number;
  readonly min: number;
  readonly max: number;
  /** P(value + 1) / P(value) */
  readonly ratio: (value: number) => number;
  /** Weights below this fraction of the mode's are omitted. */
  readonly floor: number;
}

/** Fraction of the mode's probability below which a value is omitted; too small to affect a p-value. */
const defaultFloor = 1e-300;

function fromRatios({ mode, min, max, ratio, floor }: Shape): DiscreteDistribution {
  const below: number[] = [];
  const above: number[] = [];
  for (let value = mode, weight = 1; value > min; value--) {
    weight /= ratio(value - 1);
    if (!(weight >= floor)) break;
    below.push(weight);
  }
  for (let value = mode, weight = 1; value < max; value++) {
    weight *= ratio(value);
    if (!(weight >= floor)) break;
    above.push(weight);
  }
  const probabilities = Float64Array.from([...below.toReversed(), 1, ...above]);
  const sum = total(below.toReversed()) + 1 + total(above.toReversed());
  return { first: mode - below.length, probabilities: probabilities.map((weight) => weight / sum) };
}

/** Sum in the given order; pass the small ones first. */
function total(weights: readonly number[]): number {
  let sum = 0;
  for (const weight of weights) sum += weight;
  return sum;
}

/**
 * Successes in `trials` independent trials of probability `rate`.
 * @param floor fraction of the mode's probability below which a value is omitted
 */
export function binomialDistribution(trials: number, rate: number, floor = defaultFloor): DiscreteDistribution {
  if (rate <= 0) return { first: 0, probabilities: Float64Array.of(1) };
  if (rate >= 1) return { first: trials, probabilities: Float64Array.of(1) };
  const odds = rate / (1 - rate);
  return fromRatios({
    mode: Math.min(trials, Math.floor((trials + 1) * rate)),
    min: 0,
    max: trials,
    ratio: (value) => ((trials - value) / (value + 1)) * odds,
    floor,
  });
}

/** Successes in the first arm, given `successes` in both arms together and no difference between the arms. */
export function hypergeometricDistribution(
  firstTrials: number,
  secondTrials: number,
  successes: number,
): DiscreteDistribution {
  const min = Math.max(0, successes - secondTrials);
  const max = Math.min(firstTrials, successes);
  const mode = Math.floor(((firstTrials + 1) * (successes + 1)) / (firstTrials + secondTrials + 2));
  return fromRatios({
    mode: Math.min(max, Math.max(min, mode)),
    min,
    max,
    ratio: (value) =>
      ((firstTrials - value) * (successes - value)) / ((value + 1) * (secondTrials - successes + value + 1)),
    floor: defaultFloor,
  });
}

/** P(value), 0 outside. */
export function probabilityOf({ first, probabilities }: DiscreteDistribution, value: number): number {
  return probabilities[value - first] ?? 0;
}
