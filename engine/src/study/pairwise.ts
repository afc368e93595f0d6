/** A choice of one level for each name. */
export type Choice = Readonly<Record<string, string>>;

export interface PairwiseDesign<T extends Choice> {
  readonly cells: readonly T[];
  /** Pairs of levels that occur together in a candidate, and how many of them occur in the cells. */
  readonly pairs: number;
  readonly covered: number;
}

/**
 * Chooses cells so that as many pairs of levels as possible occur together, at most `cellsMax`. Greedy: each cell is the
 * first candidate that adds the most pairs. Source: Cohen, Dalal, Fredman and Patton (1997), The AETG System, IEEE
 * Transactions on Software Engineering 23(7). Deterministic: the order of the candidates decides ties.
 */
export function choosePairwise<T extends Choice>(candidates: readonly T[], cellsMax: number): PairwiseDesign<T> {
  const pairsOf = candidates.map((one) => toPairs(one));
  const all = new Set(pairsOf.flat());
  const missing = new Set(all);
  const cells: T[] = [];
  while (cells.length < cellsMax && missing.size > 0) {
    const gains = pairsOf.map((pairs) => pairs.reduce((sum, pair) => sum + (missing.has(pair) ? 1 : 0), 0));
    const best = gains.indexOf(Math.max(...gains));
    const cell = candidates[best];
    if (cell === undefined) break;
    cells.push(cell);
    for (const pair of pairsOf[best] ?? []) missing.delete(pair);
  }
  return { cells, pairs: all.size, covered: all.size - missing.size };
}

function toPairs(choice: Choice): readonly string[] {
  const levels = Object.entries(choice).map(([name, level]) => JSON.stringify([name, level]));
  return levels.flatMap((one, index) => levels.slice(index + 1).map((other) => `${one} ${other}`));
}
