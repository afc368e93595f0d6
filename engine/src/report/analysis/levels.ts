import type { RatedTrial, Score } from '../../detect/score.ts';
import { isCounted } from '../../record/outcome.ts';
import { cochranMantelHaenszel, type Stratum } from '../../stats/cochran-mantel-haenszel.ts';
import { newcombePairedDifference } from '../../stats/difference-interval.ts';
import type { Interval } from '../../stats/interval.ts';
import { mcnemarExact } from '../../stats/mcnemar-exact.ts';
import { holm } from '../../stats/multiplicity.ts';
import { pairedMeanDifference, type ValuePair } from '../../stats/paired-mean.ts';
import { differenceOf, sampleOf } from '../comparison.ts';
import type {
  Report,
  ReportAgentContrast,
  ReportCell,
  ReportLevelContrast,
  ReportPaired,
  ReportStrata,
} from '../report-schema.ts';
import { rateIn } from '../words.ts';
import { type CellWithScores, differsIn, levelsOf } from './cells.ts';

/**
 * Compares each condition of an agent with its baseline: a different level, everything else equal. Corrected over all
 * comparisons of all agents (Holm). Leaves out control arms.
 * @param baselineLabel the label of the baseline condition in the preset, or null
 */
export function toLevelContrasts(
  cells: readonly CellWithScores[],
  baselineLabel: string | null,
): ReportLevelContrast[] {
  const raw = groupsOf(cells).flatMap((group) => {
    const baseline = baselineOf(group, baselineLabel);
    if (baseline === null) return [];
    return group.flatMap((other) => {
      const isNamed = baseline.cell.label === baselineLabel && other.cell.label !== null;
      const isVaried = isNamed || differsIn(baseline.cell, other.cell).length === 1;
      const found = other === baseline || !isVaried ? null : compareCells(other, baseline);
      return found === null ? [] : [{ cell: other.cell.id, baseline: baseline.cell.id, ...found }];
    });
  });
  const corrected = holm(raw.map(({ p }) => p));
  return raw.map((contrast, index) => ({ ...contrast, pHolm: corrected[index] ?? 1 }));
}

/**
 * Every pair of models under one condition, in the order of the cells; corrected over all of them (Holm). The agents'
 * sampling parameters may differ, and are then named. Not planned: exploration.
 */
export function toAgentContrasts(cells: readonly CellWithScores[]): ReportAgentContrast[] {
  const self = cells.filter(({ cell }) => cell.armKind === 'self' && cell.kind !== 'control');
  const groups = Map.groupBy(self, ({ cell: { scoredBy, scenario, condition } }) =>
    JSON.stringify([scoredBy, scenario, Object.entries(condition).toSorted(([a], [b]) => (a < b ? -1 : 1))]),
  );
  const raw = [...groups.values()].flatMap((group) =>
    group.flatMap((one, index) =>
      group.slice(index + 1).flatMap((other) => {
        const found = one.cell.agent === other.cell.agent ? null : compareCells(one, other);
        return found === null ? [] : [{ cell: one.cell.id, other: other.cell.id, ...found }];
      }),
    ),
  );
  const corrected = holm(raw.map(({ p }) => p));
  return raw.map((contrast, index) => ({ ...contrast, pHolm: corrected[index] ?? 1 }));
}

/** The rate of one cell minus that of another; null if one of them has no trial that can tell. */
export function compareCells(
  one: CellWithScores,
  other: CellWithScores,
): Omit<ReportLevelContrast, 'cell' | 'baseline' | 'pHolm'> | null {
  const { metric } = one.cell;
  const [first, second] = [sampleOf(one.scores, metric), sampleOf(other.scores, metric)];
  if (first === null || second === null) return null;
  const { difference, p } = differenceOf(first, second);
  return {
    differsIn: differsIn(one.cell, other.cell),
    first: rateIn(one.cell),
    second: rateIn(other.cell, metric),
    difference: limitsOf(difference),
    p,
    paired: toPaired(one.scores, other.scores, metric),
  };
}

/** The cells of one agent in one scenario that can tell, arm "self" only. */
function groupsOf(cells: readonly CellWithScores[]): readonly (readonly CellWithScores[])[] {
  const self = cells.filter(({ cell }) => cell.armKind === 'self' && rateIn(cell).trials > 0);
  return [...Map.groupBy(self, ({ cell }) => JSON.stringify([cell.scoredBy, cell.scenario, cell.agent])).values()];
}

/**
 * The cell that the preset names, otherwise the one from which most others differ in a single factor. The choice does
 * not depend on what was measured. Null if there is none, or nothing to compare with it.
 */
export function baselineOf(group: readonly CellWithScores[], label: string | null): CellWithScores | null {
  const named = group.find(({ cell }) => label !== null && cell.label === label);
  if (named !== undefined) return group.length > 1 ? named : null;
  const neighbours = ({ cell }: CellWithScores): number =>
    group.filter((other) => differsIn(cell, other.cell).length === 1).length;
  const [best] = group.map((one) => ({ one, count: neighbours(one) })).toSorted((a, b) => b.count - a.count);
  return best === undefined || best.count === 0 ? null : best.one;
}

/**
 * Pairs of trials with the same seed, which share their items and texts. Null if a seed has two trials in one cell, e.g. with
 * records of two studies in one folder, or unless at least two seeds have a trial that can tell on both sides.
 */
function toPaired(first: readonly Score[], second: readonly Score[], metric: string): ReportPaired | null {
  const [one, other] = [bySeed(first), bySeed(second)];
  if (one.size < first.length || other.size < second.length) return null;
  const leftOut = { noPartner: 0, notCounted: 0, cannotTell: 0 };
  const pairs: (readonly [boolean | number, boolean | number])[] = [];
  for (const seed of new Set([...one.keys(), ...other.keys()])) {
    const [a, b] = [one.get(seed), other.get(seed)];
    if (a === undefined || b === undefined) leftOut.noPartner++;
    else if (!isCounted(a.outcome) || !isCounted(b.outcome)) leftOut.notCounted++;
    else {
      const [x, y] = [a.measures[metric] ?? null, b.measures[metric] ?? null];
      if (x === null || y === null) leftOut.cannotTell++;
      else pairs.push([x, y]);
    }
  }
  if (pairs.length < 2) return null;
  const values = pairs.map(([a, b]) => ({ first: Number(a), second: Number(b) }));
  const count = (is: (pair: ValuePair) => boolean): number => values.filter(is).length;
  const common = {
    firstOnly: count((pair) => pair.first > pair.second),
    secondOnly: count((pair) => pair.first < pair.second),
    ...{ pairs: pairs.length, leftOut },
  };
  if (pairs.flat().some((value) => typeof value === 'number')) {
    const { difference, p } = pairedMeanDifference(values);
    return { ...common, isMean: true, both: null, neither: null, difference: limitsOf(difference), p };
  }
  const both = count((pair) => pair.first + pair.second === 2);
  const counts = { ...common, both, neither: count((pair) => pair.first + pair.second === 0) };
  const difference = limitsOf(newcombePairedDifference(counts));
  return { ...counts, isMean: false, difference, p: mcnemarExact(counts).p };
}

/** Without the level, which is the same for all. */
const limitsOf = ({ estimate, lower, upper }: Interval): ReportPaired['difference'] => ({ estimate, lower, upper });

const bySeed = (scores: readonly RatedTrial[]): Map<string, RatedTrial> =>
  new Map(scores.map((score) => [score.seed, score]));

/** Every comparison of levels or arms that has pairs, in the order of the tables. */
export function toPairedRows({ levels, contrasts }: Pick<Report, 'levels' | 'contrasts'>): readonly PairedRow[] {
  return [
    ...levels.map(({ cell, paired }) => ({ cell, against: 'its baseline', paired })),
    ...contrasts.map(({ self, arm, paired }) => ({ cell: self, against: arm, paired })),
  ].flatMap(({ paired, ...rest }) => (paired === null ? [] : [{ ...rest, ...paired }]));
}

export interface PairedRow extends ReportPaired {
  /** Id of a cell. */
  readonly cell: string;
  readonly against: string;
}

/**
 * Compares a level with its reference over several strata: agents, or settings of the other factors
 * (Cochran–Mantel–Haenszel). The reference is the level of the baseline of most agents.
 */
export function toStrata(cells: readonly CellWithScores[], baselineLabel: string | null): ReportStrata[] {
  const strata = new Map<string, { factor: string; level: string; reference: string; tables: Stratum[] }>();
  for (const group of groupsOf(cells.filter(({ cell }) => !rateIn(cell).isMean))) {
    const baseline = baselineOf(group, baselineLabel);
    if (baseline === null) continue;
    for (const one of group) {
      for (const other of group) {
        const [factor, ...more] = differsIn(one.cell, other.cell);
        if (factor === undefined || more.length > 0) continue;
        const [level, reference, usual] = [one, other, baseline].map(({ cell }) => levelsOf(cell)[factor]);
        if (level === undefined || reference === undefined || reference !== usual) continue;
        const key = JSON.stringify([one.cell.scoredBy, factor, level, reference]);
        const entry = strata.get(key) ?? { factor, level, reference, tables: [] };
        entry.tables.push({ first: countsOf(one.cell), second: countsOf(other.cell) });
        strata.set(key, entry);
      }
    }
  }
  const found = [...strata.values()]
    .filter(({ tables }) => tables.length > 1)
    .map(({ tables, ...entry }) => {
      const { p, commonOddsRatio, lower, upper, uninformativeStrata } = cochranMantelHaenszel(tables);
      // JSON cannot represent infinity.
      const oddsRatio = commonOddsRatio === null || !Number.isFinite(commonOddsRatio) ? null : commonOddsRatio;
      return { ...entry, strata: tables.length, uninformative: uninformativeStrata, oddsRatio, lower, upper, p };
    });
  const corrected = holm(found.map(({ p }) => p));
  return found.map((one, index) => ({ ...one, pHolm: corrected[index] ?? 1 }));
}

function countsOf(cell: ReportCell): Stratum['first'] {
  const { successes, trials } = rateIn(cell);
  return { successes, trials };
}
