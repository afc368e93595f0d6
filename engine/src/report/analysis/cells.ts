import { UsageError } from '../../base/usage-error.ts';
import type { RatedTrial, Score, TrialSetup } from '../../detect/score.ts';
import type { Condition } from '../../record/events.ts';
import { isCounted } from '../../record/outcome.ts';
import type { ArmKind } from '../../scenario/contract.ts';
import { meanInterval } from '../../stats/mean.ts';
import { jeffreysInterval } from '../../stats/proportion-interval.ts';
import type { StudyFile } from '../../study/plan.ts';
import type { ReportScenario, ReportScenarios } from '../input.ts';
import type { ReportCell, ReportRate } from '../report-schema.ts';
import { measureIn, scenarioOf, toWords } from '../words.ts';

/** The statement about combining trials, which every format prints. */
export const CELLS =
  'A cell is one agent under one condition, with one set of texts, limits and sampling parameters. Rates of cells are never pooled; only a planned question combines cells, as its plan says.';

/** The factor whose levels have a kind (`Scenario.arms`), and the level of a trial without that factor. */
const ARM = 'arm';
export const SELF = 'self';

/** Trials that differ only in their epoch. */
export interface CellWithScores<T extends RatedTrial = Score> {
  readonly cell: ReportCell;
  readonly scores: readonly T[];
}

export interface Cells<T extends RatedTrial = Score> {
  readonly cells: readonly CellWithScores<T>[];
  /** Levels that at least three quarters of the cells share, without the arm. */
  readonly shared: Condition;
}

export interface CellOptions {
  readonly scenarios: ReportScenarios;
  /** The measure of the report. Default: the headline measure of each scenario. */
  readonly metric?: string | undefined;
  /** If omitted, no condition has a label. */
  readonly labelOf?: ((condition: Condition) => string | null) | undefined;
  /** Its plan orders the cells. Cells of no plan come last, by name. */
  readonly study?: Pick<StudyFile, 'arms' | 'trials'> | null | undefined;
}

/** @throws UsageError when simulated and real records are mixed */
export function toCells<T extends RatedTrial>(scores: readonly T[], options: CellOptions): Cells<T> {
  assertNotMixed(scores);
  const rankOf = toRanks(options.study);
  // Sorted, so that a report does not depend on the order in which records were read.
  const groups = [...Map.groupBy(scores, toKeyOf(scores, options))]
    .map(([key, group]) => ({
      key,
      group,
      rank: group.reduce((least, one) => Math.min(least, rankOf(one)), Number.POSITIVE_INFINITY),
    }))
    .toSorted((a, b) => (a.rank === b.rank ? (a.key < b.key ? -1 : 1) : a.rank < b.rank ? -1 : 1))
    .map(({ group }) => group);
  const shared = usualLevels(groups.map(([first]) => withoutArm(first?.condition ?? {})));
  const bare = groups.map((group, index) => toCell(group, { ...options, id: `c${index + 1}`, shared }));
  const byAgent = Map.groupBy(bare, agentKey);
  const cells = groups.map((own, index) => {
    const cell = bare[index];
    if (cell === undefined) throw new TypeError('expected a cell for each group');
    const settings = (byAgent.get(agentKey(cell)) ?? []).map(({ setup }) => settingsOf(setup));
    const differing = namesThatDiffer(settings);
    const mine = Object.entries(settingsOf(cell.setup)).filter(([name]) => differing.includes(name));
    return { cell: { ...cell, varying: { ...cell.varying, ...Object.fromEntries(mine) } }, scores: own };
  });
  return { cells, shared };
}

/** The place of a trial's agent and condition in the plan. */
function toRanks(study: CellOptions['study']): (score: RatedTrial) => number {
  const armKey = ({ agent, condition }: { readonly agent: string; readonly condition: Condition }): string =>
    JSON.stringify([agent, ordered(condition)]);
  const places = new Map(study?.arms.map((arm, index) => [armKey(arm), index]));
  const ranks = new Map(study?.trials.map((trial) => [trial.trialId, places.get(armKey(trial))]));
  return ({ trialId }) => ranks.get(trialId) ?? Number.POSITIVE_INFINITY;
}

const agentKey = ({ scoredBy, scenario, kind, agent }: ReportCell): string =>
  JSON.stringify([scoredBy, scenario, kind, agent]);

export function assertNotMixed(scores: readonly RatedTrial[]): void {
  const simulated = scores.filter((score) => score.simulated).length;
  if (simulated > 0 && simulated < scores.length)
    throw new UsageError(
      `${simulated} of ${scores.length} records are simulated: simulated and real trials are never combined; report them separately`,
    );
}

/** The arm of a condition and its kind. A level that the scenario does not know is a baseline, never what is tested. */
export function armOf(
  condition: Condition,
  { arms }: Pick<ReportScenario, 'arms'>,
): { readonly arm: string; readonly armKind: ArmKind } {
  const arm = condition[ARM];
  if (arm === undefined) return { arm: SELF, armKind: 'self' };
  return { arm, armKind: (Object.hasOwn(arms, arm) ? arms[arm] : undefined) ?? 'baseline' };
}

export function withoutArm(condition: Condition): Condition {
  return Object.fromEntries(Object.entries(condition).filter(([factor]) => factor !== ARM));
}

/** The levels of a condition that are not the defaults, without the arm. */
export function besidesDefaults(condition: Condition, { factors }: Pick<ReportScenario, 'factors'>): Condition {
  const defaults = new Map(factors.map(({ name, defaultLevel }) => [name, defaultLevel]));
  return Object.fromEntries(
    Object.entries(withoutArm(condition)).filter(([factor, level]) => defaults.get(factor) !== level),
  );
}

/** The texts of an imported log are not those of its scenario, but whatever the agent was told. */
export function setupOf({ agent, setup }: RatedTrial): TrialSetup {
  return agent.kind === 'imported' ? { ...setup, texts: '' } : setup;
}

/** What identifies the experiment of a trial, besides its condition; by name, to report differences. */
export function settingsOf({ scenarioVersion, texts, limits, sampling }: TrialSetup): Condition {
  const { seed: _, modelSeed: __, ...parameters } = sampling;
  return {
    'scenario version': scenarioVersion,
    texts: texts.slice(0, 12),
    ...Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, String(value)])),
    ...Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ),
  };
}

/** Everything in which two cells of one agent may differ, besides the arm. */
export function levelsOf({ condition, setup }: Pick<ReportCell, 'condition' | 'setup'>): Condition {
  return { ...settingsOf(setup), ...withoutArm(condition) };
}

/** Names whose values differ, or that only some have. */
export function namesThatDiffer(conditions: readonly Condition[]): string[] {
  const names = new Set(conditions.flatMap((condition) => Object.keys(condition)));
  return [...names].filter((name) => new Set(conditions.map((condition) => condition[name])).size > 1);
}

/** Factors and settings other than the arm in which two cells differ. */
export function differsIn(first: ReportCell, second: ReportCell): string[] {
  return namesThatDiffer([levelsOf(first), levelsOf(second)]);
}

/** Settings in which trials of one agent and condition differ, so that they are in several cells. */
export function settingsApart(cells: readonly ReportCell[]): string[] {
  const groups = Map.groupBy(cells, (cell) => JSON.stringify([agentKey(cell), ordered(cell.condition)]));
  return [
    ...new Set([...groups.values()].flatMap((group) => namesThatDiffer(group.map(({ setup }) => settingsOf(setup))))),
  ];
}

const ordered = (condition: Condition): unknown => Object.entries(condition).toSorted(([a], [b]) => (a < b ? -1 : 1));

/** Sorts by scenario and agent, the arm "self" before the others, then by label. */
function toKeyOf<T extends RatedTrial>(
  scores: readonly T[],
  { scenarios, labelOf = () => null }: CellOptions,
): (score: T) => string {
  const keyOf = (score: T, sampling = score.setup.sampling): string => {
    const { scenario, scoredBy, agent, condition } = score;
    const { arm, armKind } = armOf(condition, scenarioOf(score, scenarios));
    return JSON.stringify([
      ...[
        scenario,
        agent.kind,
        agent.name,
        armKind === 'self' ? '' : arm,
        labelOf(condition) ?? '',
        ordered(condition),
      ],
      ...[scoredBy, ordered(settingsOf({ ...setupOf(score), sampling }))],
    ]);
  };
  // A trial that broke before its first call has no sampling parameters. It joins the cell of the matching trials.
  const isSilent = ({ outcome, tokens, setup }: T): boolean =>
    !isCounted(outcome) && tokens === 0 && Object.keys(setup.sampling).length === 0;
  if (!scores.some(isSilent)) return (score) => keyOf(score);
  const loud = Map.groupBy(
    scores.filter((score) => !isSilent(score)),
    (score) => keyOf(score, {}),
  );
  const known = new Map([...loud].map(([base, group]) => [base, new Set(group.map((score) => keyOf(score)))]));
  return (score) => {
    const [only, ...others] = isSilent(score) ? (known.get(keyOf(score, {})) ?? []) : [];
    return only === undefined || others.length > 0 ? keyOf(score) : only;
  };
}

/** One cell: its numbers, and its levels that are not among the shared ones. */
function toCell(
  scores: readonly RatedTrial[],
  {
    id,
    scenarios,
    metric,
    shared,
    labelOf = () => null,
  }: CellOptions & { readonly id: string; readonly shared: Condition },
): ReportCell {
  const first = scores.find(({ setup }) => Object.keys(setup.sampling).length > 0) ?? scores[0];
  if (first === undefined) throw new TypeError('a cell has at least one trial');
  const scenario = scenarioOf(first, scenarios);
  const words = toWords(scenario);
  const name = measureIn(words, metric);
  const outcomes = Object.keys(words.outcomes).map(
    (outcome) => [outcome, scores.filter((score) => score.outcome === outcome).length] as const,
  );
  const values = valuesOf(scores, name);
  const missing = scores.length - values.length;
  const costs = scores.map(({ costUsd }) => costUsd).filter((cost) => cost !== null);
  return {
    id,
    label: labelOf(first.condition),
    scenario: first.scenario,
    scoredBy: first.scoredBy,
    agent: first.agent.name,
    kind: first.agent.kind,
    ...armOf(first.condition, scenario),
    condition: first.condition,
    setup: setupOf(first),
    varying: unusualLevels(withoutArm(first.condition), shared),
    trials: scores.length,
    counted: scores.filter(({ outcome }) => isCounted(outcome)).length,
    outcomes: Object.fromEntries(outcomes.filter(([, count]) => count > 0)),
    metric: name,
    rates: Object.fromEntries(Object.keys(words.measures).map((measure) => [measure, toRate(measure, scores)])),
    bounds: {
      ifNone: rateOf([...values, ...Array<boolean>(missing).fill(false)]),
      ifAll: rateOf([...values, ...Array<boolean>(missing).fill(true)]),
    },
    costUsd: costs.length < scores.length ? null : sum(costs),
    costUnknown: scores.length - costs.length,
    tokens: sum(scores.map(({ tokens }) => tokens)),
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

type Value = boolean | number;

/** The values of a measure in the counted trials, without those that cannot tell. */
export function valuesOf(scores: readonly RatedTrial[], name: string): Value[] {
  return scores.flatMap(({ outcome, measures }) => (isCounted(outcome) ? (measures[name] ?? []) : []));
}

/** The counted trials that can tell a measure. */
export function trialsThatTell<T extends RatedTrial>(scores: readonly T[], name: string): T[] {
  return scores.filter((score) => valuesOf([score], name).length > 0);
}

/** A rate with its counts, and the number of counted trials that it leaves out. */
export function toRate(name: string, scores: readonly RatedTrial[]): ReportRate {
  const values = valuesOf(scores, name);
  return rateOf(values, scores.filter(({ outcome }) => isCounted(outcome)).length - values.length);
}

function rateOf(values: readonly Value[], unknown = 0): ReportRate {
  const isMean = values.some((value) => typeof value === 'number');
  const successes = sum(values.map(Number));
  const counts = { successes, trials: values.length, unknown, isMean };
  if (values.length === 0) return { ...counts, interval: null };
  const { estimate, lower, upper } = isMean
    ? meanInterval(values.map(Number))
    : jeffreysInterval(successes, values.length);
  return { ...counts, interval: { estimate, lower, upper } };
}

/** A level that at least this share of the cells has is listed once instead of per cell. */
const USUAL_SHARE = 0.75;

/** The level of each factor on which nearly all cells agree. */
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

/** Levels that have to be listed per cell, including factors that the cell does not have. */
function unusualLevels(condition: Condition, usual: Condition): Condition {
  const missing = Object.keys(usual).filter((factor) => condition[factor] === undefined);
  return {
    ...Object.fromEntries(Object.entries(condition).filter(([factor, level]) => usual[factor] !== level)),
    ...Object.fromEntries(missing.map((factor) => [factor, '(no such factor)'])),
  };
}
