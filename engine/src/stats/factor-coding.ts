import { assertCounts, type Counts } from './counts.ts';

/** One cell of a study: the level of each factor, and its counts. */
export interface Cell extends Counts {
  readonly levels: Readonly<Record<string, string>>;
}

export interface ModelTerms {
  /** Factors with a main effect. */
  readonly factors: readonly string[];
  /** Pairs of factors with an interaction; both must be in `factors`. None when not given. */
  readonly interactions?: readonly (readonly [string, string])[];
  /** The level that the others are compared with; for a factor not named here, the alphabetically first. */
  readonly reference?: Readonly<Record<string, string>>;
}

export interface DesignMatrix {
  /** `(intercept)`, `timing=late`, `timing=late × framing=replaced` */
  readonly columns: readonly string[];
  readonly rows: readonly Float64Array[];
}

/**
 * Treatment coding: an intercept, one column for each level that is not the reference, and their products for interactions.
 * @throws RangeError without a cell, or if a cell lacks a factor, a reference is not a level, a factor has one level, or an
 * interaction names a factor without a main effect
 */
export function toDesignMatrix(
  cells: readonly Cell[],
  { factors, interactions = [], reference = {} }: ModelTerms,
): DesignMatrix {
  if (cells.length === 0) throw new RangeError('expected at least one cell');
  for (const cell of cells) assertCounts(cell);
  const coded = new Map(factors.map((name) => [name, codeFactor(cells, name, reference[name])]));
  const columns: Column[] = [...coded.values()].flat();
  for (const [one, other] of interactions) {
    const [left, right] = [coded.get(one), coded.get(other)];
    if (left === undefined || right === undefined)
      throw new RangeError(`expected both factors of the interaction ${one} × ${other} among ${factors.join(', ')}`);
    columns.push(
      ...left.flatMap((a) =>
        right.map((b) => ({ name: `${a.name} × ${b.name}`, value: (cell: Cell) => a.value(cell) * b.value(cell) })),
      ),
    );
  }
  return {
    columns: ['(intercept)', ...columns.map(({ name }) => name)],
    rows: cells.map((cell) => Float64Array.from([1, ...columns.map(({ value }) => value(cell))])),
  };
}

interface Column {
  readonly name: string;
  readonly value: (cell: Cell) => number;
}

function codeFactor(cells: readonly Cell[], factor: string, named: string | undefined): Column[] {
  const levels = new Set<string>();
  for (const cell of cells) {
    const level = cell.levels[factor];
    if (level === undefined) throw new RangeError(`expected every cell to have a level of the factor ${factor}`);
    levels.add(level);
  }
  const sorted = [...levels].sort();
  const reference = named ?? sorted[0];
  if (sorted.length < 2)
    throw new RangeError(`expected at least two levels of the factor ${factor}, got ${sorted.join(', ')}`);
  if (reference === undefined || !levels.has(reference))
    throw new RangeError(`expected the reference of ${factor} among ${sorted.join(', ')}, got ${reference ?? 'none'}`);
  return sorted
    .filter((level) => level !== reference)
    .map((level) => ({ name: `${factor}=${level}`, value: (cell) => (cell.levels[factor] === level ? 1 : 0) }));
}
