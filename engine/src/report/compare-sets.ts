import { UsageError } from '../base/usage-error.ts';
import type { Metrics, RatedTrial } from '../detect/score.ts';
import type { Condition } from '../record/events.ts';
import { isCounted } from '../record/outcome.ts';
import { cochranMantelHaenszel } from '../stats/cochran-mantel-haenszel.ts';
import type { Counts } from '../stats/counts.ts';
import { holm } from '../stats/multiplicity.ts';
import {
  exactDetectableRate,
  exactPowerTrialsMax,
  fisherPower,
  minimumDetectableRate,
  twoProportionPower,
} from '../stats/power.ts';
import { armOf, SELF } from './analysis/cells.ts';
import { type Contrast, contrast, countOf, selectScores } from './comparison.ts';

/** One side of a comparison: trials, and the agent and levels that were asked for. */
export interface ComparedSet {
  readonly scores: readonly RatedTrial[];
  /** By factor; `agent` for the agent's name. */
  readonly selection: Readonly<Record<string, string>>;
}

export interface ComparedCell extends Contrast {
  /** What both sides have in common, besides the agent. */
  readonly condition: Condition;
  /** One name where both sides have the same agent, which is said of each cell. */
  readonly agents: readonly string[];
  /** Corrected over the cells (Holm). */
  readonly pHolm: number;
}

/** Two sets of trials against each other: cell by cell, and over all that have a partner. */
export interface Comparison {
  readonly metric: keyof Metrics;
  /** Two-sided level; every interval here has the confidence 1 - alpha. */
  readonly alpha: number;
  /** Over the matched cells together; what they are stands in `cells`. */
  readonly overall: Contrast;
  /** By how much they differ, the most first. */
  readonly cells: readonly ComparedCell[];
  /** Cells that only one set has: they are in no comparison. */
  readonly unmatched: { readonly first: number; readonly second: number };
  /** Counted trials of the matched cells that cannot tell this metric. */
  readonly unknown: { readonly first: number; readonly second: number };
  /** Whether the arm was left out of the selection, and so taken to be "self". */
  readonly armByDefault: boolean;
  /** Factors that nobody selected and that differ all the same, as they hang on one that was selected. */
  readonly alsoDiffers: readonly string[];
  /** Over the matched cells, like with like (Cochran–Mantel–Haenszel); null with fewer than two. */
  readonly stratified: { readonly p: number; readonly commonOddsRatio: number | null } | null;
  readonly power: {
    /** `exact`: Fisher's test by enumeration. `approximate`: normal, for more trials than that is worth the time. */
    readonly method: 'exact' | 'approximate';
    /** Of this very number of trials for the difference seen: says what was possible, not what is true. Null without a difference. */
    readonly achieved: number | null;
    /** Rate of the first set that arms of the smaller size would tell from that of the second with power 0.8; null where none. */
    readonly detectableRate: number | null;
  };
}

export interface CompareOptions {
  readonly metric: keyof Metrics;
  readonly alpha: number;
}

/**
 * Cells are matched on what was not selected: scenario, agent and the other factors. Without a word on the arm only "self" is
 * compared, so that who was told to resist is never mixed with who was not.
 * @throws UsageError when nothing matches, no trial can tell, or simulated and real trials meet
 */
export function compareSets(one: ComparedSet, other: ComparedSet, { metric, alpha }: CompareOptions): Comparison {
  const armByDefault = one.selection['arm'] === undefined && other.selection['arm'] === undefined;
  const [first, second] = [one, other].map(({ scores, selection }) =>
    selectScores(scores, selection).filter(
      ({ condition }) => selection['arm'] !== undefined || armOf(condition) === SELF,
    ),
  );
  if (first === undefined || second === undefined) throw new TypeError('expected two sets');
  if (new Set([...first, ...second].map(({ simulated }) => simulated)).size > 1)
    throw new UsageError('simulated and real trials are never compared: give sets of one kind');
  for (const [scores, given, which] of [
    [first, one, 'first'],
    [second, other, 'second'],
  ] as const)
    if (countOf(scores, metric) === null) throw nothingToTell(given, { which, metric });
  const selected = new Set([...Object.keys(one.selection), ...Object.keys(other.selection), 'arm']);
  // Two sets of one agent each: who the agent is, is what is compared.
  const agentsOf = (scores: readonly RatedTrial[]): readonly string[] => [
    ...new Set(scores.map(({ agent }) => agent.name)),
  ];
  if (agentsOf(first).length === 1 && agentsOf(second).length === 1) selected.add('agent');
  const alsoDiffers = factorsThatGoAlong(first, second, selected);
  const ignored = new Set([...selected, ...alsoDiffers]);
  const [cellsA, cellsB] = [byCell(first, ignored), byCell(second, ignored)];
  const pairs = [...cellsA].flatMap(([key, a]) => {
    const b = cellsB.get(key);
    const [countA, countB] = [countOf(a, metric), countOf(b ?? [], metric)];
    return b === undefined || countA === null || countB === null ? [] : [{ a, b, countA, countB }];
  });
  if (pairs.length === 0)
    throw new UsageError(
      `no cell of the first set has a partner in the second: they are matched on agent, scenario and every factor that is not selected. ${hintFor(first, second, ignored)}`,
    );
  const confidence = 1 - alpha;
  const raw = pairs.map(({ a, b, countA, countB }) => ({
    condition: commonOf(a[0]?.condition ?? {}, ignored),
    agents: [...new Set([...agentsOf(a), ...agentsOf(b)])],
    ...contrast(countA, countB, confidence),
  }));
  const corrected = holm(raw.map(({ pFisher }) => pFisher));
  const overall = contrast(sum(pairs.map(({ countA }) => countA)), sum(pairs.map(({ countB }) => countB)), confidence);
  const unknownOf = (sets: readonly (readonly RatedTrial[])[]): number =>
    sets.flat().filter(({ outcome, metrics }) => isCounted(outcome) && metrics[metric] === null).length;
  return {
    metric,
    alpha,
    overall,
    cells: raw
      .map((cell, index) => ({ ...cell, pHolm: corrected[index] ?? 1 }))
      .toSorted((x, y) => Math.abs(y.difference.estimate) - Math.abs(x.difference.estimate)),
    unmatched: { first: cellsA.size - pairs.length, second: cellsB.size - pairs.length },
    unknown: { first: unknownOf(pairs.map(({ a }) => a)), second: unknownOf(pairs.map(({ b }) => b)) },
    armByDefault,
    alsoDiffers,
    stratified: raw.length < 2 ? null : cochranMantelHaenszel(raw),
    power: powerOf(overall, alpha),
  };
}

/** Levels that no trial of the one set shares with any of the other, e.g. the strength of an instruction that only one has. */
function factorsThatGoAlong(
  first: readonly RatedTrial[],
  second: readonly RatedTrial[],
  selected: ReadonlySet<string>,
): string[] {
  const factors = new Set([...first, ...second].flatMap(({ condition }) => Object.keys(condition)));
  const levels = (scores: readonly RatedTrial[], factor: string): Set<string | undefined> =>
    new Set(scores.map(({ condition }) => condition[factor]));
  // Without a selection nothing is varied on purpose, and what differs is a reason against comparing.
  if ([...selected].every((name) => name === 'agent' || name === 'arm')) return [];
  return [...factors].filter((factor) => {
    const others = levels(second, factor);
    return !selected.has(factor) && [...levels(first, factor)].every((level) => !others.has(level));
  });
}

function byCell(scores: readonly RatedTrial[], ignored: ReadonlySet<string>): Map<string, RatedTrial[]> {
  return Map.groupBy(scores, ({ scenario, agent, condition }) =>
    JSON.stringify([
      scenario,
      ignored.has('agent') ? '' : agent.name,
      Object.entries(commonOf(condition, ignored)).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ]),
  );
}

function commonOf(condition: Condition, ignored: ReadonlySet<string>): Condition {
  return Object.fromEntries(Object.entries(condition).filter(([factor]) => !ignored.has(factor)));
}

function hintFor(first: readonly RatedTrial[], second: readonly RatedTrial[], ignored: ReadonlySet<string>): string {
  const [a, b] = [first[0], second[0]];
  const names = [...new Set([...Object.keys(a?.condition ?? {}), ...Object.keys(b?.condition ?? {})])];
  const differing = names.filter((name) => !ignored.has(name) && a?.condition[name] !== b?.condition[name]);
  const agent = !ignored.has('agent') && a?.agent.name !== b?.agent.name ? ['agent'] : [];
  const [example = 'allow'] = [...differing, ...agent];
  return `Their first trials differ in ${[...differing, ...agent].join(', ') || 'their scenario'}: select what is to be compared, e.g. PATH:${example}=${a?.condition[example] ?? 'NAME'}`;
}

function sum(counts: readonly Counts[]): Counts {
  return {
    successes: counts.reduce((total, { successes }) => total + successes, 0),
    trials: counts.reduce((total, { trials }) => total + trials, 0),
  };
}

function powerOf({ first, second }: Contrast, alpha: number): Comparison['power'] {
  const [firstRate, secondRate] = [first.successes / first.trials, second.successes / second.trials];
  const method = Math.max(first.trials, second.trials) <= exactPowerTrialsMax ? 'exact' : 'approximate';
  const [powerFor, rateFor] =
    method === 'exact' ? [fisherPower, exactDetectableRate] : [twoProportionPower, minimumDetectableRate];
  return {
    method,
    achieved:
      firstRate === secondRate
        ? null
        : powerFor({ firstRate, secondRate, firstTrials: first.trials, secondTrials: second.trials, alpha }),
    detectableRate: rateFor({
      baseline: secondRate,
      trialsPerArm: Math.min(first.trials, second.trials),
      // Between equal rates, towards where there is more room.
      direction: firstRate > secondRate || (firstRate === secondRate && secondRate <= 0.5) ? 'increase' : 'decrease',
      alpha,
    }),
  };
}

/** Where an arm was taken for granted, the set may be full of another. */
function nothingToTell(
  { scores, selection }: ComparedSet,
  { which, metric }: { readonly which: string; readonly metric: string },
): UsageError {
  const isArmGiven = selection['arm'] !== undefined;
  const [otherArm] = selectScores(scores, selection)
    .map(({ condition }) => armOf(condition))
    .filter((arm) => arm !== SELF);
  return new UsageError(
    `the ${which} set has no trial${isArmGiven ? '' : ' of the arm "self"'} in which "${metric}" could be told: nothing to compare${
      isArmGiven || otherArm === undefined ? '' : `; it has trials of another arm, e.g. PATH:arm=${otherArm}`
    }`,
  );
}
