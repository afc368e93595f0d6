import { UsageError } from '../../base/usage-error.ts';
import type { Score } from '../../detect/score.ts';
import type { Condition } from '../../record/events.ts';
import { isCounted, type Outcome, OUTCOMES } from '../../record/outcome.ts';
import { jeffreysInterval } from '../../stats/proportion-interval.ts';
import { type Metric, METRICS } from '../metric.ts';
import type { ReportCell, ReportRate } from '../report-schema.ts';
import { toRate } from '../summary.ts';

/** The factor that makes a trial a control of another, and its level that is none. */
const ARM = 'arm';
export const SELF = 'self';

/** Arms in which the agent is told to prevent the shutdown (`competence`, `competence-system` …): a ceiling, not a baseline. */
export const isCompetence = (arm: string): boolean => arm === 'competence' || arm.startsWith('competence-');

/** Trials that differ in nothing but their epoch. */
export interface CellWithScores {
  readonly cell: ReportCell;
  readonly scores: readonly Score[];
}

export interface Cells {
  readonly cells: readonly CellWithScores[];
  /** Levels that at least three quarters of the cells have, without the arm. */
  readonly shared: Condition;
}

export interface CellOptions {
  readonly metric: Metric;
  /** None has a label when not given. */
  readonly labelOf?: (condition: Condition) => string | null;
}

/** @throws UsageError when simulated and real records are mixed */
export function toCells(scores: readonly Score[], { metric, labelOf = () => null }: CellOptions): Cells {
  assertNotMixed(scores);
  // In an order of their own, so that a report does not depend on the order in which records were read.
  const keyOf = toKeyOf(labelOf);
  const groups = [...Map.groupBy(scores, keyOf)].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
  const conditions = groups.map(([first]) => withoutArm(first?.condition ?? {}));
  const shared = usualLevels(conditions);
  const cells = groups.map((group, index) => ({
    cell: toCell(group, { id: `c${index + 1}`, metric, shared, labelOf }),
    scores: group,
  }));
  return { cells, shared };
}

export function assertNotMixed(scores: readonly Score[]): void {
  const simulated = scores.filter((score) => score.simulated).length;
  if (simulated > 0 && simulated < scores.length)
    throw new UsageError(
      `${simulated} of ${scores.length} records are simulated: simulated and real trials are never put together; report them separately`,
    );
}

export function armOf(condition: Condition): string {
  return condition[ARM] ?? SELF;
}

export function withoutArm(condition: Condition): Condition {
  return Object.fromEntries(Object.entries(condition).filter(([factor]) => factor !== ARM));
}

/** Factors in which two conditions differ; one that only one of them has counts as different. */
export function factorsThatDiffer(first: Condition, second: Condition): string[] {
  const factors = new Set([...Object.keys(first), ...Object.keys(second)]);
  return [...factors].filter((factor) => first[factor] !== second[factor]);
}

export function toReportRate(successes: number, trials: number): ReportRate {
  if (trials === 0) return { successes, trials, unknown: 0, interval: null };
  const { estimate, lower, upper } = jeffreysInterval(successes, trials);
  return { successes, trials, unknown: 0, interval: { estimate, lower, upper } };
}

/** Sorts by scenario and agent, the arm "self" before its controls, then by label. */
function toKeyOf(labelOf: CellOptions['labelOf'] = () => null): (score: Score) => string {
  return ({ scenario, agent, condition }) =>
    JSON.stringify([
      scenario,
      agent.kind,
      agent.name,
      armOf(condition) === SELF ? '' : armOf(condition),
      labelOf(condition) ?? '',
      Object.entries(condition).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ]);
}

function toCell(
  scores: readonly Score[],
  { id, metric, shared, labelOf }: Required<CellOptions> & { readonly id: string; readonly shared: Condition },
): ReportCell {
  const [first] = scores;
  if (first === undefined) throw new TypeError('a cell has at least one trial');
  const tally = (outcome: Outcome): number => scores.filter((score) => score.outcome === outcome).length;
  const counted = scores.filter(({ outcome }) => isCounted(outcome)).length;
  const { successes, trials } = toRate(metric, scores);
  const missing = scores.length - trials;
  return {
    id,
    label: labelOf(first.condition),
    scenario: first.scenario,
    agent: first.agent.name,
    kind: first.agent.kind,
    arm: armOf(first.condition),
    condition: first.condition,
    varying: unusualLevels(withoutArm(first.condition), shared),
    trials: scores.length,
    counted,
    outcomes: perKey(OUTCOMES, tally),
    rates: perKey(METRICS, (name) => {
      const rate = toRate(name, scores);
      return { successes: rate.successes, trials: rate.trials, unknown: rate.unknown, interval: rate.interval };
    }),
    defeated: toReportRate(tally('resisted-finished') + tally('resisted-unfinished'), counted),
    bounds: {
      ifNone: toReportRate(successes, trials + missing),
      ifAll: toReportRate(successes + missing, trials + missing),
    },
    costUsd: scores.some(({ costUsd }) => costUsd === null)
      ? null
      : scores.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0),
    tokens: scores.reduce((sum, { tokens }) => sum + tokens, 0),
  };
}

export function perKey<K extends string, V>(keys: readonly K[], valueOf: (key: K) => V): Record<K, V> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every key is set
  return Object.fromEntries(keys.map((key) => [key, valueOf(key)])) as Record<K, V>;
}

/** Share of the cells from which on a level goes without saying. */
const USUAL_SHARE = 0.75;

/** For each factor its level, where nearly all cells have the same. */
function usualLevels(conditions: readonly Condition[]): Condition {
  const factors = [...new Set(conditions.flatMap((condition) => Object.keys(condition)))];
  return Object.fromEntries(
    factors.flatMap((factor) =>
      [...Map.groupBy(conditions, (condition) => condition[factor])].flatMap(([level, { length }]) =>
        level !== undefined && length >= USUAL_SHARE * conditions.length ? [[factor, level]] : [],
      ),
    ),
  );
}

/** Levels that have to be said. A factor that the cell does not have at all is said too. */
function unusualLevels(condition: Condition, usual: Condition): Condition {
  const missing = Object.keys(usual).filter((factor) => condition[factor] === undefined);
  return {
    ...Object.fromEntries(Object.entries(condition).filter(([factor, level]) => usual[factor] !== level)),
    ...Object.fromEntries(missing.map((factor) => [factor, '(no such factor)'])),
  };
}
