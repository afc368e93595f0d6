import { defaultConfidence, twoSidedZ, type IntervalOptions } from './interval.ts';

export interface Kappa {
  /** At most 1; 0 is chance. `null` if both raters used the same single label throughout: it is then 0/0. */
  readonly estimate: number | null;
  /** Large-sample limits, cut at -1 and 1; `null` if the estimate is. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly confidence: number;
  /** Share of items on which the raters agree, 0 to 1. */
  readonly observedAgreement: number;
  /** The share expected from their marginal frequencies alone. */
  readonly expectedAgreement: number;
  readonly items: number;
}

/**
 * Cohen's kappa of two raters, labels without order.
 * Sources: Cohen (1960), Educational and Psychological Measurement 20; variance: Fleiss, Cohen and Everitt (1969),
 * Psychological Bulletin 72, equation 13.
 * @param ratings one pair for each item that both rated
 * @throws RangeError without an item
 */
export function cohenKappa(
  ratings: readonly (readonly [first: string, second: string])[],
  { confidence = defaultConfidence }: IntervalOptions = {},
): Kappa {
  if (ratings.length === 0) throw new RangeError('expected at least one item that both raters have rated');
  const z = twoSidedZ(confidence);
  const items = ratings.length;
  const rows = frequencies(ratings.map(([first]) => first));
  const columns = frequencies(ratings.map(([, second]) => second));
  const share = (of: ReadonlyMap<string, number>, label: string): number => (of.get(label) ?? 0) / items;
  const observed = ratings.filter(([first, second]) => first === second).length / items;
  let expected = 0;
  for (const label of rows.keys()) expected += share(rows, label) * share(columns, label);
  const common = { confidence, observedAgreement: observed, expectedAgreement: expected, items };
  // One label throughout: decided by the labels, because rounding may leave the sum slightly off 1.
  if (rows.size === 1 && columns.size === 1 && observed === 1)
    return { estimate: null, lower: null, upper: null, ...common };
  const estimate = (observed - expected) / (1 - expected);
  let variance = -((estimate - expected * (1 - estimate)) ** 2);
  for (const [first, second] of ratings) {
    const margins = (of: string, other: string): number => share(columns, of) + share(rows, other);
    const term =
      first === second ? 1 - margins(first, first) * (1 - estimate) : margins(first, second) * (1 - estimate);
    variance += (term * term) / items;
  }
  const half = (z * Math.sqrt(Math.max(0, variance) / items)) / (1 - expected);
  return { estimate, lower: Math.max(-1, estimate - half), upper: Math.min(1, estimate + half), ...common };
}

export type AlphaScale =
  | { readonly level: 'nominal' }
  /** `order` names every label from least to most. */
  | { readonly level: 'ordinal'; readonly order: readonly string[] };

export interface Alpha {
  /** At most 1; 0 is chance. `null` if only one label was ever given. */
  readonly estimate: number | null;
  /** Units with at least two ratings; the others say nothing about agreement. */
  readonly units: number;
  /** Ratings within those units. */
  readonly ratings: number;
}

/**
 * Krippendorff's alpha: any number of raters; ratings may be missing. For an interval, pass it to `clusterBootstrap` with units
 * as clusters.
 * Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, sections C and E (coincidences; nominal and ordinal
 * differences).
 * @param units for each unit the ratings it received, in any order
 * @throws RangeError when no unit has two ratings, or a label is not in `order`
 */
export function krippendorffAlpha(
  units: readonly (readonly string[])[],
  scale: AlphaScale = { level: 'nominal' },
): Alpha {
  const pairable = units.filter((unit) => unit.length >= 2);
  if (pairable.length === 0) throw new RangeError('expected at least one unit with two ratings');
  const all = pairable.flat();
  const totals = frequencies(all);
  const distance = distanceOn(scale, totals);
  let observed = 0;
  for (const unit of pairable) observed += disagreement(frequencies(unit), distance) / (unit.length - 1);
  const expected = disagreement(totals, distance) / (all.length - 1);
  return { estimate: totals.size === 1 ? null : 1 - observed / expected, units: pairable.length, ratings: all.length };
}

type Distance = (one: string, other: string) => number;

/** Sum of squared distances over all ordered pairs of ratings. */
function disagreement(counts: ReadonlyMap<string, number>, distance: Distance): number {
  let sum = 0;
  for (const [one, count] of counts)
    for (const [other, otherCount] of counts) if (one !== other) sum += count * otherCount * distance(one, other);
  return sum;
}

function distanceOn(scale: AlphaScale, totals: ReadonlyMap<string, number>): Distance {
  if (scale.level === 'nominal') return () => 1;
  const rank = new Map(scale.order.map((label, index) => [label, index]));
  for (const label of totals.keys())
    if (!rank.has(label))
      throw new RangeError(`expected a label of the order ${scale.order.join(' < ')}, got ${label}`);
  return (one, other) => {
    const ranks = [rank.get(one) ?? 0, rank.get(other) ?? 0];
    const between = scale.order.slice(Math.min(...ranks), Math.max(...ranks) + 1);
    const ratings = between.reduce((sum, label) => sum + (totals.get(label) ?? 0), 0);
    return (ratings - ((totals.get(one) ?? 0) + (totals.get(other) ?? 0)) / 2) ** 2;
  };
}

function frequencies(labels: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}
