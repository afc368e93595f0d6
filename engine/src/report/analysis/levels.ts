import type { RatedTrial, Score } from '../../detect/score.ts';
import { isCounted } from '../../record/outcome.ts';
import { cochranMantelHaenszel, type Stratum } from '../../stats/cochran-mantel-haenszel.ts';
import { newcombePairedDifference } from '../../stats/difference-interval.ts';
import { mcnemarExact } from '../../stats/mcnemar-exact.ts';
import { holm } from '../../stats/multiplicity.ts';
import { differenceOf, sampleOf } from '../comparison.ts';
import type {
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
  const {
    difference: { estimate, lower, upper },
    p,
  } = differenceOf(first, second);
  return {
    differsIn: differsIn(one.cell, other.cell),
    first: rateIn(one.cell),
    second: rateIn(other.cell, metric),
    difference: { estimate, lower, upper },
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
 * Pairs of trials with the same seed, which share their items and texts. Null for a numeric measure, or unless at least
 * two seeds have a trial that can tell on both sides.
 */
function toPaired(first: readonly Score[], second: readonly Score[], metric: string): ReportPaired | null {
  const [one, other] = [bySeed(first, metric), bySeed(second, metric)];
  if (one === null || other === null) return null;
  const pairs = { both: 0, firstOnly: 0, secondOnly: 0, neither: 0 };
  for (const [seed, a] of one) {
    const b = other.get(seed);
    if (b !== undefined) pairs[a ? (b ? 'both' : 'firstOnly') : b ? 'secondOnly' : 'neither']++;
  }
  const count = pairs.both + pairs.firstOnly + pairs.secondOnly + pairs.neither;
  if (count < 2) return null;
  const { estimate, lower, upper } = newcombePairedDifference(pairs);
  return { ...pairs, pairs: count, difference: { estimate, lower, upper }, p: mcnemarExact(pairs).p };
}

/** Null if a seed has two trials, for example with records of two studies in one folder. */
function bySeed(scores: readonly RatedTrial[], metric: string): Map<string, boolean> | null {
  const found = new Map<string, boolean>();
  for (const { seed, outcome, measures } of scores) {
    const value = measures[metric] ?? null;
    if (value === null || !isCounted(outcome)) continue;
    if (typeof value === 'number' || found.has(seed)) return null;
    found.set(seed, value);
  }
  return found;
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
