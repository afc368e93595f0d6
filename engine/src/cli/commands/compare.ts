import { Command } from 'commander';

import { UsageError, unknownNameError } from '../../base/usage-error.ts';
import type { RatedTrial } from '../../detect/score.ts';
import { CELLS } from '../../report/analysis/cells.ts';
import { showCounts, showPoints } from '../../report/analysis/show.ts';
import { type ComparedSet, compareSets, type Comparison } from '../../report/compare-sets.ts';
import { type Contrast, selectScores } from '../../report/comparison.ts';
import { textTable } from '../../report/text-table.ts';
import { measureIn, toWords } from '../../report/words.ts';
import { parseFactorSetting } from '../../scenario/condition.ts';
import { separateLevels, showLevels } from '../arm-levels.ts';
import { type CommandContext, jsonOption, parseFraction } from '../command.ts';
import type { Registry } from '../compose.ts';
import { labelsIn, noteUnscored, readResults, scenariosOf, studyIn } from '../read-results.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';

/** `offswitch compare` */
export function createCompareCommand({ terminal, registry, finish }: CommandContext): Command {
  return new Command('compare')
    .description('compare two sets of trials cell by cell: difference with interval, exact tests')
    .argument('<first>', 'record folder, with an optional selection: logs/a or logs/a:agent=NAME,label=A,allow=system')
    .argument('<second>', 'the same; its rate is subtracted from that of the first')
    .option('--metric <name>', "measure; default: the scenario's headline")
    .option('--alpha <n>', 'two-sided level over the whole family', '0.05')
    .addOption(jsonOption())
    .action(async (first: string, second: string, { json = false, ...flags }: CompareFlags & { json?: boolean }) =>
      finish(await compare(first, second, { ...flags, json, terminal, registry: await registry() })),
    );
}

interface CompareFlags {
  readonly metric?: string;
  readonly alpha: string;
}

interface Context extends CompareFlags {
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly registry: Registry;
}

/** Reads, scores, selects and compares; runs no trial. */
async function compare(first: string, second: string, context: Context): Promise<ExitCode> {
  const { json, terminal, registry, metric } = context;
  const [a, b] = [await readSet(first, context), await readSet(second, context)];
  const scenarios = scenariosOf([...a.scores, ...b.scores], registry);
  const [scenario] = scenarios.values();
  if (scenario === undefined) throw new UsageError('expected sets with at least one trial');
  const alpha = parseFraction(context.alpha, '--alpha');
  const words = toWords(scenario);
  const result = compareSets(a, b, { scenarios, metric: measureIn(words, metric), alpha });
  const title = words.measures[result.metric]?.title ?? result.metric;
  terminal.out(
    json ? JSON.stringify({ kind: 'comparison', first, second, ...result }) : render({ first, second, result, title }),
  );
  return EXIT.ok;
}

/** `PATH` or `PATH:name=level,agent=NAME`. Reports and leaves out what could not be scored, as in a report. */
async function readSet(text: string, { terminal, registry }: Context): Promise<ComparedSet> {
  const split = /^(.*?):([\w-]+=.*)$/.exec(text);
  const [path, selection] =
    split === null
      ? [text, {}]
      : [split[1] ?? '', Object.fromEntries((split[2] ?? '').split(',').map(parseFactorSetting))];
  const read = await readResults([path], { registry, terminal });
  const { scores, unfinished } = read;
  if (unfinished.length > 0)
    terminal.note(
      `${safe(path)}: ${unfinished.length} records are unfinished: they count neither as safe nor as unsafe`,
    );
  noteUnscored({ ...read, unfinished: [] }, terminal);
  const labelOf = labelsIn(studyIn(path), registry);
  if (scores.length > 0) checkSelection(scores, selection, labelOf);
  if (selectScores(scores, selection, labelOf).length === 0)
    throw new UsageError(`no trial of ${path} is selected by "${split?.[2] ?? ''}"`);
  const startedAt = new Map(read.contexts.map((context) => [context.trialId, context.startedAt]));
  return { scores, selection, labelOf, startedAt };
}

/** Names what a trial of the set may be asked for, where a name or value of the selection is none of it. */
function checkSelection(
  scores: readonly RatedTrial[],
  selection: ComparedSet['selection'],
  labelOf: NonNullable<ComparedSet['labelOf']>,
): void {
  const values = new Map<string, Set<string>>();
  for (const { agent, condition } of scores)
    for (const [name, value] of Object.entries({ label: labelOf(condition), agent: agent.name, ...condition }))
      if (value !== null) values.set(name, (values.get(name) ?? new Set()).add(value));
  for (const [name, value] of Object.entries(selection)) {
    const known = values.get(name);
    if (known === undefined) throw unknownNameError('factor', name, [...values.keys()]);
    if (!known.has(value)) throw unknownNameError(`${name} of these trials`, value, [...known]);
  }
}

const percent = (fraction: number): string => `${(fraction * 100).toFixed(1)} %`;
const p = (value: number | null): string =>
  value === null ? 'not computed' : value < 0.0001 ? '< 0.0001' : value.toFixed(4);
const share = (counts: Contrast['first']): string =>
  `${showCounts(counts)} = ${percent(counts.successes / counts.trials)}`;

interface Rendered {
  readonly first: string;
  readonly second: string;
  readonly result: Comparison;
  /** Of the measure. */
  readonly title: string;
}

/** Number of cells shown, those that differ most. */
const CELLS_MAX = 40;

function render(rendered: Rendered): string {
  const { result, title } = rendered;
  const { cells, unmatched, unknown, stratified, alpha } = result;
  const level = `${Number(((1 - alpha) * 100).toFixed(4))} %`;
  const more = cells.slice(1);
  return [
    title,
    ...(more.length === 0 ? renderOne(rendered, level) : renderCells(rendered, level)),
    ...(stratified === null ? [] : [sayStratified(stratified, cells.length, level)]),
    ...saySelection(result),
    ...(unmatched.first + unmatched.second === 0
      ? []
      : [
          `no match for ${unmatched.first} cells of the first set and ${unmatched.second} of the second: they are in no number above`,
        ]),
    ...(unknown.first + unknown.second === 0
      ? []
      : [`left out: ${unknown.first} and ${unknown.second} counted trials, which cannot tell`]),
    ...(more.length === 0 ? [] : ['', CELLS]),
  ].join('\n');
}

function renderOne({ first, second, result: { cells } }: Rendered, level: string): string[] {
  const [{ first: a, second: b, difference, p: value, pBoschloo }] = cells;
  return [
    textTable(
      ['set', 'k/n'],
      [
        [safe(first), share(a)],
        [safe(second), share(b)],
      ],
    ),
    `difference   first - second: ${showPoints(difference)} points (Newcombe, ${level}), of ${a.trials} and ${b.trials} trials`,
    ...(pBoschloo === null
      ? [`p            ${p(value)}`]
      : [`exact p      Boschloo ${p(pBoschloo)}, Fisher ${p(value)}`]),
  ];
}

function renderCells({ first, second, result: { cells } }: Rendered, level: string): string[] {
  const { shared, own } = separateLevels(cells.map(({ condition }) => condition));
  return [
    `first   ${safe(first)}`,
    `second  ${safe(second)}`,
    `The cells, largest difference first; p corrected by Holm's method over all ${cells.length}:`,
    textTable(
      ['cell', 'first', 'second', `first - second, points [${level}]`, 'p', 'p (Holm)'],
      cells
        .slice(0, CELLS_MAX)
        .map(({ agents, label, ...cell }, index) => [
          safe([...(agents.length === 1 ? agents : []), label ?? own[index] ?? ''].join(' ').trim()),
          share(cell.first),
          share(cell.second),
          showPoints(cell.difference),
          p(cell.p),
          p(cell.pHolm),
        ]),
    ),
    ...(cells.length > CELLS_MAX ? [`${cells.length - CELLS_MAX} more cells: --json has all`] : []),
    `All cells: ${safe(showLevels(shared))}`,
  ];
}

function sayStratified(
  { p: value, commonOddsRatio, lower, upper }: NonNullable<Comparison['stratified']>,
  cells: number,
  level: string,
): string {
  const range = lower === null || upper === null ? '' : ` [${lower.toFixed(2)}, ${upper.toFixed(2)}] (${level})`;
  const odds =
    commonOddsRatio === null || !Number.isFinite(commonOddsRatio)
      ? ''
      : `, common odds ratio ${commonOddsRatio.toFixed(2)}${range}`;
  return `all ${cells} matched cells together, compared within each: p ${p(value)} (Cochran-Mantel-Haenszel)${odds}`;
}

/** Notes on what the user did not select. */
function saySelection({ armByDefault, alsoDiffers }: Comparison): string[] {
  return [
    ...(armByDefault ? ['only the arm self is compared, since no arm was selected'] : []),
    ...(alsoDiffers.length === 0 ? [] : [`the sets also differ in ${alsoDiffers.join(', ')}`]),
  ];
}
