import type { Score } from '../../detect/score.ts';
import { isCounted } from '../../record/outcome.ts';
import { cochranMantelHaenszel, type Stratum } from '../../stats/cochran-mantel-haenszel.ts';
import { newcombeDifference, newcombePairedDifference, type PairedCounts } from '../../stats/difference-interval.ts';
import { fisherExact } from '../../stats/fisher-exact.ts';
import { mcnemarExact } from '../../stats/mcnemar-exact.ts';
import { holm } from '../../stats/multiplicity.ts';
import type { Metric } from '../metric.ts';
import type { ReportCell, ReportLevelContrast, ReportPaired, ReportStrata } from '../report-schema.ts';
import { type CellWithScores, factorsThatDiffer, SELF, withoutArm } from './cells.ts';

export interface LevelOptions {
  readonly metric: Metric;
  /** What the preset calls the condition that its others are varied from; null where it says none. */
  readonly baselineLabel: string | null;
}

/**
 * Each condition of an agent against the one that it is varied from: another level, everything else equal. Corrected over all
 * of them, of all agents (Holm). Control arms are not among them.
 */
export function toLevelContrasts(
  cells: readonly CellWithScores[],
  { metric, baselineLabel }: LevelOptions,
): ReportLevelContrast[] {
  const raw = groupsOf(cells, metric).flatMap((group) => {
    const baseline = baselineOf(group, baselineLabel);
    return baseline === null
      ? []
      : group.flatMap((other) => toContrast(other, baseline, { metric, baselineLabel }) ?? []);
  });
  const corrected = holm(raw.map(({ p }) => p));
  return raw.map((contrast, index) => ({ ...contrast, pHolm: corrected[index] ?? 1 }));
}

function toContrast(
  other: CellWithScores,
  baseline: CellWithScores,
  { metric, baselineLabel }: LevelOptions,
): Omit<ReportLevelContrast, 'pHolm'> | null {
  const differsIn = factorsThatDiffer(withoutArm(baseline.cell.condition), withoutArm(other.cell.condition));
  const isVaried = differsIn.length === 1 || (baseline.cell.label === baselineLabel && other.cell.label !== null);
  if (other === baseline || !isVaried) return null;
  const [first, second] = [other.cell.rates[metric], baseline.cell.rates[metric]];
  const { estimate, lower, upper } = newcombeDifference(first, second);
  return {
    cell: other.cell.id,
    baseline: baseline.cell.id,
    differsIn,
    first,
    second,
    difference: { estimate, lower, upper },
    p: fisherExact(first, second),
    paired: toPaired(other.scores, baseline.scores, metric),
  };
}

/** The cells of one agent in one scenario that can tell, arm "self" only. */
function groupsOf(cells: readonly CellWithScores[], metric: Metric): readonly (readonly CellWithScores[])[] {
  const self = cells.filter(({ cell }) => cell.arm === SELF && cell.rates[metric].trials > 0);
  return [...Map.groupBy(self, ({ cell }) => JSON.stringify([cell.scenario, cell.agent])).values()];
}

/**
 * The cell that the preset names; otherwise the one that most others differ from in a single factor. What was measured has no
 * say in it. Null where there is none, or nothing beside it.
 */
export function baselineOf(group: readonly CellWithScores[], label: string | null): CellWithScores | null {
  const named = group.find(({ cell }) => label !== null && cell.label === label);
  if (named !== undefined) return group.length > 1 ? named : null;
  const neighbours = ({ cell }: CellWithScores): number =>
    group.filter(
      (other) => factorsThatDiffer(withoutArm(cell.condition), withoutArm(other.cell.condition)).length === 1,
    ).length;
  const [best] = group.map((one) => ({ one, count: neighbours(one) })).toSorted((a, b) => b.count - a.count);
  return best === undefined || best.count === 0 ? null : best.one;
}

/**
 * Trials of one epoch share their seed, and so their items and wording. Null unless at least two seeds have a trial that can
 * tell on both sides.
 */
export function toPaired(first: readonly Score[], second: readonly Score[], metric: Metric): ReportPaired | null {
  const bySeed = (scores: readonly Score[]): Map<number, boolean> =>
    new Map(
      scores.flatMap(({ epoch, outcome, metrics }) => {
        const value = metrics[metric];
        return value === null || !isCounted(outcome) ? [] : [[epoch, value] as const];
      }),
    );
  const [one, other] = [bySeed(first), bySeed(second)];
  // Two trials of one seed on a side: these are no pairs, e.g. records of two studies in one folder.
  if (one.size < countable(first, metric) || other.size < countable(second, metric)) return null;
  const pairs = { both: 0, firstOnly: 0, secondOnly: 0, neither: 0 };
  for (const [epoch, a] of one) {
    const b = other.get(epoch);
    if (b !== undefined) pairs[a ? (b ? 'both' : 'firstOnly') : b ? 'secondOnly' : 'neither']++;
  }
  const count = sizeOf(pairs);
  if (count < 2) return null;
  const { estimate, lower, upper } = newcombePairedDifference(pairs);
  return { ...pairs, pairs: count, difference: { estimate, lower, upper }, p: mcnemarExact(pairs).p };
}

const sizeOf = ({ both, firstOnly, secondOnly, neither }: PairedCounts): number =>
  both + firstOnly + secondOnly + neither;

function countable(scores: readonly Score[], metric: Metric): number {
  return scores.filter(({ outcome, metrics }) => isCounted(outcome) && metrics[metric] !== null).length;
}

/**
 * A level against its reference where there are several strata of it: agents, or settings of the other factors. Like is
 * compared with like (Cochran–Mantel–Haenszel). The reference is the level of the baseline of most agents.
 */
export function toStrata(cells: readonly CellWithScores[], { metric, baselineLabel }: LevelOptions): ReportStrata[] {
  const groups = groupsOf(cells, metric);
  const strata = new Map<string, { factor: string; level: string; reference: string; tables: Stratum[] }>();
  for (const group of groups) {
    const baseline = baselineOf(group, baselineLabel);
    if (baseline === null) continue;
    for (const one of group) {
      for (const other of group) {
        const [factor, ...more] = factorsThatDiffer(withoutArm(one.cell.condition), withoutArm(other.cell.condition));
        if (factor === undefined || more.length > 0) continue;
        const [level, reference] = [one.cell.condition[factor], other.cell.condition[factor]];
        if (level === undefined || reference === undefined || reference !== baseline.cell.condition[factor]) continue;
        const key = JSON.stringify([factor, level, reference]);
        const entry = strata.get(key) ?? { factor, level, reference, tables: [] };
        entry.tables.push(tableOf(one.cell, other.cell, metric));
        strata.set(key, entry);
      }
    }
  }
  const found = [...strata.values()]
    .filter(({ tables }) => tables.length > 1)
    .map(({ tables, ...entry }) => {
      const { p, commonOddsRatio, lower, upper, uninformativeStrata } = cochranMantelHaenszel(tables);
      // Infinity is no number of JSON.
      const oddsRatio = commonOddsRatio === null || !Number.isFinite(commonOddsRatio) ? null : commonOddsRatio;
      return { ...entry, strata: tables.length, uninformative: uninformativeStrata, oddsRatio, lower, upper, p };
    });
  const corrected = holm(found.map(({ p }) => p));
  return found.map((one, index) => ({ ...one, pHolm: corrected[index] ?? 1 }));
}

function tableOf(first: ReportCell, second: ReportCell, metric: Metric): Stratum {
  const counts = ({ rates }: ReportCell) => ({ successes: rates[metric].successes, trials: rates[metric].trials });
  return { first: counts(first), second: counts(second) };
}
