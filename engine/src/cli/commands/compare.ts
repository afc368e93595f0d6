import { Command } from 'commander';

import { UsageError, unknownNameError } from '../../base/usage-error.ts';
import { CELLS } from '../../report/analysis/cells.ts';
import { showCounts, showPoints } from '../../report/analysis/show.ts';
import { type ComparedSet, compareSets, type Comparison, type Power } from '../../report/compare-sets.ts';
import { type Contrast, selectScores } from '../../report/comparison.ts';
import { textTable } from '../../report/text-table.ts';
import { measureIn, toWords } from '../../report/words.ts';
import { parseFactorSetting } from '../../scenario/condition.ts';
import { type CommandContext, jsonOption, parseFraction } from '../command.ts';
import type { Registry } from '../compose.ts';
import { noteUnscored, readResults, scenariosOf } from '../read-results.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';

/** `offswitch compare` */
export function createCompareCommand({ terminal, registry, finish }: CommandContext): Command {
  return new Command('compare')
    .description('compare two sets of trials cell by cell: difference with interval, exact tests')
    .argument('<first>', 'record folder, with an optional selection: logs/a or logs/a:agent=NAME,allow=system')
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
  const result = compareSets(a, b, { scenarios, metric: measureIn(toWords(scenario), metric), alpha });
  terminal.out(
    json ? JSON.stringify({ kind: 'comparison', first, second, ...result }) : render({ first, second, result }),
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
  const known = [...new Set(scores.flatMap(({ condition }) => Object.keys(condition))), 'agent'];
  if (scores.length > 0)
    for (const name of Object.keys(selection)) if (!known.includes(name)) throw unknownNameError('factor', name, known);
  if (selectScores(scores, selection).length === 0)
    throw new UsageError(`no trial of ${path} is selected by "${split?.[2] ?? ''}"`);
  return { scores, selection };
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
}

/** Number of cells shown, those that differ most. */
const CELLS_MAX = 40;

function render({ first, second, result }: Rendered): string {
  const { cells, unmatched, unknown, stratified, metric, alpha, power } = result;
  const level = `${Number(((1 - alpha) * 100).toFixed(4))} %`;
  const more = cells.slice(1);
  return [
    metric,
    ...(more.length === 0
      ? renderOne({ first, second, result }, level)
      : renderCells({ first, second, result }, level)),
    ...(stratified === null ? [] : [sayStratified(stratified, cells.length, level)]),
    ...(power === null ? [] : [`power        ${sayPower(power, alpha)}`]),
    ...saySelection(result),
    ...(unmatched.first + unmatched.second === 0
      ? []
      : [
          `not matched  ${unmatched.first} cells of the first and ${unmatched.second} of the second set have no match, and are in no number above`,
        ]),
    ...(unknown.first + unknown.second === 0
      ? []
      : [`left out     ${unknown.first} and ${unknown.second} counted trials: they cannot tell`]),
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
    `difference   ${showPoints(difference)} points (Newcombe, ${level}), of ${a.trials} and ${b.trials} trials`,
    ...(pBoschloo === null
      ? [`p            ${p(value)}`]
      : [`exact p      Boschloo ${p(pBoschloo)}, Fisher ${p(value)}`]),
  ];
}

function renderCells({ first, second, result: { cells } }: Rendered, level: string): string[] {
  return [
    `first   ${safe(first)}`,
    `second  ${safe(second)}`,
    `The cells, largest difference first; p corrected by Holm's method over all ${cells.length}:`,
    textTable(
      ['cell', 'first', 'second', `points [${level}]`, 'p', 'p (Holm)'],
      cells
        .slice(0, CELLS_MAX)
        .map((cell) => [
          safe(nameOf(cell)),
          share(cell.first),
          share(cell.second),
          showPoints(cell.difference),
          p(cell.p),
          p(cell.pHolm),
        ]),
    ),
    ...(cells.length > CELLS_MAX ? [`${cells.length - CELLS_MAX} more cells: --json has all`] : []),
  ];
}

function sayStratified(
  { p: value, commonOddsRatio, lower, upper }: NonNullable<Comparison['stratified']>,
  cells: number,
  level: string,
): string {
  const odds = commonOddsRatio === null ? 'none' : commonOddsRatio.toFixed(2);
  const range = lower === null || upper === null ? '' : ` [${lower.toFixed(2)}, ${upper.toFixed(2)}]`;
  return `across cells Cochran-Mantel-Haenszel p ${p(value)}, common odds ratio ${odds}${range} (${level}), stratified by ${cells} matched cells`;
}

function nameOf({ agents, condition }: Comparison['cells'][number]): string {
  const levels = Object.entries(condition).map(([name, level]) => `${name}=${level}`);
  return [...(agents.length === 1 ? agents : []), ...levels].join(' ');
}

function sayPower({ method, achieved, detectableRate }: Power, alpha: number): string {
  const test = method === 'exact' ? "Fisher's exact test" : 'normal approximation, optimistic near 0 % and 100 %';
  const seen = achieved === null ? 'the rates are equal' : `${achieved.toFixed(2)} for the observed difference`;
  const found =
    detectableRate === null
      ? 'no rate would be detected'
      : `a rate of ${percent(detectableRate)} would be distinguished from that of the second`;
  return `${seen}; with power 0.8 ${found} (${test}, two-sided level ${alpha})`;
}

/** Notes on what the user did not select. */
function saySelection({ armByDefault, alsoDiffers }: Comparison): string[] {
  return [
    ...(armByDefault ? ['arm          self, because none was selected'] : []),
    ...(alsoDiffers.length === 0 ? [] : [`also differs in ${alsoDiffers.join(', ')}, which was not selected`]),
  ];
}
