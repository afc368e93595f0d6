import { assertOpenProbability } from './counts.ts';
import { normalDensity, normalQuantile, normalUpperTail } from './distributions.ts';

export interface AlphaSpendingOptions {
  /** Two-sided level of the whole study, 0.05 when not given. */
  readonly alpha?: number;
  /** `obrien-fleming` (the default) spends almost nothing early, `pocock` about evenly. */
  readonly spending?: 'obrien-fleming' | 'pocock';
}

export interface Look {
  /** Share of the planned trials available at this look, above 0, at most 1. */
  readonly information: number;
  /** Stop and report a difference if the absolute value of z is at least this. */
  readonly boundary: number;
  /** The same as a two-sided p-value: stop if p is at most this. */
  readonly nominalAlpha: number;
  /** The part of `alpha` spent up to and including this look. */
  readonly spent: number;
}

/**
 * Levels for interim looks at two arms; a plan must state them before the first trial. Boundaries come from recursive
 * integration over the paths that have not yet crossed.
 * Sources: Lan and DeMets (1983), Biometrika 70 (spending functions); Armitage, McPherson and Rowe (1969), JRSS A 132
 * (recursion); Jennison and Turnbull (2000), Group Sequential Methods, 7.2 and 19.2.
 * @param information shares of the planned trials, rising, the last at most 1
 * @throws RangeError without a look, when the shares do not rise within (0, 1], or for a level outside (0, 1)
 */
export function alphaSpending(
  information: readonly number[],
  { alpha = 0.05, spending = 'obrien-fleming' }: AlphaSpendingOptions = {},
): Look[] {
  assertOpenProbability('alpha', alpha);
  assertRising(information);
  const looks: Look[] = [];
  let paths: Paths = { positions: Float64Array.of(0), masses: Float64Array.of(1) };
  let before = { information: 0, spent: 0 };
  for (const now of information) {
    const spent = 2 * spendings[spending](now, alpha / 2);
    const spread = Math.sqrt(now - before.information);
    const limit = findLimit(paths, spread, spent - before.spent);
    const boundary = limit / Math.sqrt(now);
    looks.push({ information: now, boundary, nominalAlpha: 2 * normalUpperTail(boundary), spent });
    paths = advance(paths, spread, limit);
    before = { information: now, spent };
  }
  return looks;
}

/** One-sided level spent when a share `information` of the trials is available. */
const spendings = {
  'obrien-fleming': (information: number, level: number): number =>
    2 * normalUpperTail(-normalQuantile(level / 2) / Math.sqrt(information)),
  pocock: (information: number, level: number): number => level * Math.log1p((Math.E - 1) * information),
} as const;

function assertRising(information: readonly number[]): void {
  if (information.length === 0) throw new RangeError('expected at least one look');
  let before = 0;
  for (const share of information) {
    if (!(share > before && share <= 1))
      throw new RangeError(
        `expected shares of the planned trials that rise from above 0 to at most 1, got ${information.join(', ')}`,
      );
    before = share;
  }
}

/** The continuing paths: points of the score, each with its probability. */
interface Paths {
  readonly positions: Float64Array;
  readonly masses: Float64Array;
}

/** Probability that a path crosses `limit` on either side in its next step. */
function crossing({ positions, masses }: Paths, spread: number, limit: number): number {
  let sum = 0;
  for (const [index, mass] of masses.entries()) {
    const position = positions[index] ?? 0;
    sum += mass * (normalUpperTail((limit - position) / spread) + normalUpperTail((limit + position) / spread));
  }
  return sum;
}

function findLimit(paths: Paths, spread: number, toSpend: number): number {
  let [low, high] = [0, 40];
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2;
    if (crossing(paths, spread, middle) > toSpend) low = middle;
    else high = middle;
  }
  return high;
}

/** The paths that stayed within the limit, on a Simpson grid that is fine compared with the spread of a step. */
function advance(paths: Paths, spread: number, limit: number): Paths {
  const reach = Math.min(limit, 9);
  const intervals = 2 * Math.min(2000, Math.max(100, Math.ceil((8 * reach) / spread)));
  const step = (2 * reach) / intervals;
  const positions = Float64Array.from({ length: intervals + 1 }, (_, index) => index * step - reach);
  const masses = positions.map((position, index) => {
    let density = 0;
    for (const [from, mass] of paths.masses.entries())
      density += (mass * normalDensity((position - (paths.positions[from] ?? 0)) / spread)) / spread;
    const weight = index === 0 || index === intervals ? 1 : index % 2 === 1 ? 4 : 2;
    return (density * weight * step) / 3;
  });
  return { positions, masses };
}
