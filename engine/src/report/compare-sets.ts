import { UsageError } from '../base/usage-error.ts';
import type { RatedTrial } from '../detect/score.ts';
import type { Condition } from '../record/events.ts';
import { isCounted } from '../record/outcome.ts';
import { cochranMantelHaenszel } from '../stats/cochran-mantel-haenszel.ts';
import { holm } from '../stats/multiplicity.ts';
import { armOf, namesThatDiffer, settingsOf, setupOf, valuesOf } from './analysis/cells.ts';
import { type Contrast, contrast, sampleOf, selectScores } from './comparison.ts';
import type { ReportScenarios } from './input.ts';
import { scenarioOf } from './words.ts';

/** One side of a comparison: trials, and the selected agent and levels. */
export interface ComparedSet {
  readonly scores: readonly RatedTrial[];
  /** By factor; `agent` for the agent's name, `label` for what the preset calls the condition. */
  readonly selection: Readonly<Record<string, string>>;
  /** The label of a condition in the preset of the trials. If omitted, no condition has one. */
  readonly labelOf?: (condition: Condition) => string | null;
  /** When each trial began, by id. The same plan can be run twice, with the same ids. */
  readonly startedAt?: ReadonlyMap<string, number>;
}

export interface ComparedCell extends Contrast {
  /** What the preset calls the condition, if that is the same on both sides. */
  readonly label: string | null;
  /** What both sides share, besides the agent. */
  readonly condition: Condition;
  /** One name if both sides have the same agent. */
  readonly agents: readonly string[];
  /** Corrected over the cells (Holm). */
  readonly pHolm: number;
}

/** A comparison of two sets of trials, cell by cell. Cells are never pooled. */
export interface Comparison {
  readonly metric: string;
  /** Two-sided level; every interval here has the confidence 1 - alpha. */
  readonly alpha: number;
  /** Sorted by their difference, largest first. */
  readonly cells: readonly [ComparedCell, ...ComparedCell[]];
  /** Cells that only one set has. They are not compared. */
  readonly unmatched: { readonly first: number; readonly second: number };
  /** Counted trials of the matched cells that cannot tell this measure. */
  readonly unknown: { readonly first: number; readonly second: number };
  /** Whether the selection has no arm, so that "self" is used. */
  readonly armByDefault: boolean;
  /** Factors and settings that were not selected and still differ between the sets. */
  readonly alsoDiffers: readonly string[];
  /** Over the matched cells (Cochran–Mantel–Haenszel); null with fewer than two, and for a numeric measure. */
  readonly stratified: {
    readonly p: number;
    readonly commonOddsRatio: number | null;
    readonly lower: number | null;
    readonly upper: number | null;
  } | null;
}

export interface CompareOptions {
  readonly scenarios: ReportScenarios;
  readonly metric: string;
  readonly alpha: number;
}

/**
 * Cells are matched on what was not selected: scenario, agent, the other factors, and the settings (texts, limits,
 * sampling) unless the sets share none of their values. If no arm is selected, only "self" is compared, so that agents
 * that were told to cross the line are never mixed with others.
 * @throws UsageError when nothing matches, no trial can tell, a trial is in both sets, or simulated and real trials are
 * mixed
 */
export function compareSets(one: ComparedSet, other: ComparedSet, options: CompareOptions): Comparison {
  const { scenarios, metric, alpha } = options;
  const armByDefault = !hasArm(one.selection) && !hasArm(other.selection);
  const isSelf = (score: RatedTrial): boolean =>
    armOf(score.condition, scenarioOf(score, scenarios)).armKind === 'self';
  const [first = [], second = []] = [one, other].map(({ scores, selection, labelOf }) =>
    selectScores(scores, selection, labelOf).filter((score) => hasArm(selection) || isSelf(score)),
  );
  if (new Set([...first, ...second].map(({ simulated }) => simulated)).size > 1)
    throw new UsageError('simulated and real trials are never compared: give sets of one kind');
  for (const [scores, given, which] of [
    [first, one, 'first'],
    [second, other, 'second'],
  ] as const)
    if (sampleOf(scores, metric) === null) throw nothingToTell(given, which, options);
  const idIn = ({ startedAt }: ComparedSet, { trialId }: RatedTrial): string =>
    `${trialId} ${startedAt?.get(trialId) ?? ''}`;
  const ids = new Set(first.map((score) => idIn(one, score)));
  const shared = second.filter((score) => ids.has(idIn(other, score))).length;
  if (shared > 0)
    throw new UsageError(
      `${shared} trials are in both sets, and trials are not compared with themselves: select what is to be compared, e.g. PATH:agent=NAME or PATH:label=NAME`,
    );
  const selected = new Set([...Object.keys(one.selection), ...Object.keys(other.selection), 'arm']);
  // If each set has one agent, the agents are compared.
  const agentsOf = (scores: readonly RatedTrial[]): readonly string[] => [
    ...new Set(scores.map(({ agent }) => agent.name)),
  ];
  if (agentsOf(first).length === 1 && agentsOf(second).length === 1) selected.add('agent');
  // Without a selection no factor is varied on purpose, so a differing one is a reason not to compare.
  const isVaried = [...selected].some((name) => name !== 'agent' && name !== 'arm');
  const alsoDiffers = [
    ...(isVaried ? apart(first, second, ({ condition }) => condition) : []),
    ...apart(first, second, (score) => settingsOf(setupOf(score))),
  ].filter((name) => !selected.has(name));
  const ignored = new Set([...selected, ...alsoDiffers]);
  const [cellsA, cellsB] = [byCell(first, ignored), byCell(second, ignored)];
  const pairs = [...cellsA].flatMap(([key, a]) => {
    const b = cellsB.get(key) ?? [];
    const [x, y] = [sampleOf(a, metric), sampleOf(b, metric)];
    return x === null || y === null ? [] : [{ a, b, x, y }];
  });
  const raw = pairs.map(({ a, b, x, y }) => ({
    label: labelInBoth(one.labelOf?.(a[0]?.condition ?? {}), other.labelOf?.(b[0]?.condition ?? {})),
    condition: commonOf(a[0]?.condition ?? {}, ignored),
    agents: [...new Set([...agentsOf(a), ...agentsOf(b)])],
    ...contrast(x, y, 1 - alpha),
  }));
  const corrected = holm(raw.map(({ p }) => p));
  const [cell, ...cells] = raw
    .map((compared, index) => ({ ...compared, pHolm: corrected[index] ?? 1 }))
    .toSorted((x, y) => Math.abs(y.difference.estimate) - Math.abs(x.difference.estimate));
  if (cell === undefined)
    throw new UsageError(
      `no cell of the first set has a partner in the second: they are matched on agent, scenario and every factor and setting that is not selected. ${hintFor(first, second, ignored)}`,
    );
  const isNumber = pairs.some(({ x, y }) => x.isMean || y.isMean);
  const unknownOf = (sets: readonly (readonly RatedTrial[])[]): number =>
    sets.flat().filter(({ outcome }) => isCounted(outcome)).length - valuesOf(sets.flat(), metric).length;
  return {
    metric,
    alpha,
    cells: [cell, ...cells],
    unmatched: { first: cellsA.size - pairs.length, second: cellsB.size - pairs.length },
    unknown: { first: unknownOf(pairs.map(({ a }) => a)), second: unknownOf(pairs.map(({ b }) => b)) },
    armByDefault,
    alsoDiffers,
    stratified: raw.length < 2 || isNumber ? null : stratify(raw, 1 - alpha),
  };
}

const hasArm = (selection: ComparedSet['selection']): boolean =>
  selection['arm'] !== undefined || selection['label'] !== undefined;

const labelInBoth = (first: string | null = null, second: string | null = null): string | null =>
  first === second ? first : null;

function stratify(cells: readonly Contrast[], confidence: number): Comparison['stratified'] {
  const { p, commonOddsRatio, lower, upper } = cochranMantelHaenszel(cells, { confidence });
  return { p, commonOddsRatio, lower, upper };
}

/** Names for which the sets share no value, for example the strength of an instruction that only one has. */
function apart(
  first: readonly RatedTrial[],
  second: readonly RatedTrial[],
  levelsOf: (score: RatedTrial) => Condition,
): string[] {
  const [one, other] = [first.map(levelsOf), second.map(levelsOf)];
  return namesThatDiffer([...one, ...other]).filter((name) => {
    const others = new Set(other.map((levels) => levels[name]));
    return one.every((levels) => !others.has(levels[name]));
  });
}

function byCell(scores: readonly RatedTrial[], ignored: ReadonlySet<string>): Map<string, RatedTrial[]> {
  return Map.groupBy(scores, (score) =>
    JSON.stringify([
      score.scenario,
      score.scoredBy,
      ignored.has('agent') ? '' : score.agent.name,
      Object.entries(commonOf({ ...settingsOf(setupOf(score)), ...score.condition }, ignored)).toSorted(([a], [b]) =>
        a < b ? -1 : 1,
      ),
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
  const [example = 'FACTOR'] = [...differing, ...agent];
  return `Their first trials differ in ${[...differing, ...agent].join(', ') || 'their scenario'}: select what is to be compared, e.g. PATH:${example}=${a?.condition[example] ?? 'NAME'}`;
}

/** If the arm was assumed, the set may have only trials of another one. */
function nothingToTell(
  { scores, selection, labelOf }: ComparedSet,
  which: string,
  { scenarios, metric }: CompareOptions,
): UsageError {
  const isArmGiven = hasArm(selection);
  const [otherArm] = selectScores(scores, selection, labelOf)
    .map((score) => armOf(score.condition, scenarioOf(score, scenarios)))
    .filter(({ armKind }) => armKind !== 'self');
  return new UsageError(
    `the ${which} set has no trial${isArmGiven ? '' : ' of the arm "self"'} that can tell "${metric}": nothing to compare${
      isArmGiven || otherArm === undefined ? '' : `; it has trials of another arm, e.g. PATH:arm=${otherArm.arm}`
    }`,
  );
}
