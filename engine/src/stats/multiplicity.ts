import { assertProbability } from './counts.ts';

/**
 * Adjusted p-values, in the given order, that control the family-wise error rate under any dependence: reject if the adjusted
 * value is at most alpha. Never below the raw value, never above 1. An empty family gives an empty result.
 * Source: Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6.
 * @throws RangeError for a value outside [0, 1]
 */
export function holm(pValues: readonly number[]): number[] {
  const count = pValues.length;
  let highest = 0;
  return inOrder(pValues, (p, rank) => (highest = Math.max(highest, Math.min(1, p * (count - rank)))));
}

/**
 * Adjusted p-values, in the given order, that control the expected share of false discoveries for independent or positively
 * dependent tests. Never below the raw value, never above the value of `holm`.
 * Source: Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57.
 * @throws RangeError for a value outside [0, 1]
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const count = pValues.length;
  let lowest = 1;
  return inOrder(
    pValues,
    (p, rank) => (lowest = Math.min(lowest, Math.max(p, (p * count) / (rank + 1)))),
    (order) => order.toReversed(),
  );
}

/** Visits the values by size (`rank` 0 is the smallest) and returns the results in the original order. */
function inOrder(
  pValues: readonly number[],
  adjust: (p: number, rank: number) => number,
  walk: <T>(order: readonly T[]) => readonly T[] = (order) => order,
): number[] {
  for (const p of pValues) assertProbability('a p-value', p);
  const sorted = pValues.map((p, index) => ({ p, index })).sort((one, other) => one.p - other.p);
  const adjusted = pValues.map(() => 1);
  for (const { p, index, rank } of walk(sorted.map((entry, rank) => ({ ...entry, rank }))))
    adjusted[index] = adjust(p, rank);
  return adjusted;
}
