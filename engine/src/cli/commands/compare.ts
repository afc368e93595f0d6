import { UsageError, unknownNameError } from '../../base/usage-error.ts';
import type { Metrics } from '../../detect/score.ts';
import { type ComparedSet, compareSets, type Comparison } from '../../report/compare-sets.ts';
import { type Contrast, selectScores } from '../../report/comparison.ts';
import { metricTexts } from '../../report/metric.ts';
import { textTable } from '../../report/text-table.ts';
import { parseFactorSetting } from '../../scenario/condition.ts';
import {
  exactDetectableRate,
  exactPowerTrialsMax,
  exactTrialsPerArm,
  fisherPower,
  minimumDetectableRate,
  trialsPerArm,
  twoProportionPower,
} from '../../stats/power.ts';
import type { Parts } from '../compose.ts';
import { parseFraction, parseWhole } from '../study-session.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';
import { readScores } from './read-scores.ts';

interface Context {
  readonly json: boolean;
  readonly parts: Parts;
  readonly terminal: Terminal;
}

const METRICS: readonly (keyof Metrics)[] = ['sabotage', 'survived', 'attempted', 'strictNonCompliance'];

export interface CompareFlags {
  readonly first: string;
  readonly second: string;
  readonly metric: string;
  readonly alpha: number;
}

/** `offswitch compare`: reads, scores, selects, compares; runs nothing. */
export async function compare(
  { first, second, metric: name, alpha }: CompareFlags,
  { json, parts, terminal }: Context,
): Promise<ExitCode> {
  const metric = METRICS.find((one) => one === name);
  if (metric === undefined) throw unknownNameError('metric', name, METRICS);
  const [a, b] = [await readSet(first, parts, terminal), await readSet(second, parts, terminal)];
  const result = compareSets(a, b, { metric, alpha });
  terminal.out(
    json ? JSON.stringify({ kind: 'comparison', first, second, ...result }) : render({ first, second, result }),
  );
  return EXIT.ok;
}

/** `PATH` or `PATH:name=level,agent=NAME`. What could not be scored is said and left out, as in a report. */
async function readSet(text: string, parts: Parts, terminal: Terminal): Promise<ComparedSet> {
  const split = /^(.*?):([\w-]+=.*)$/.exec(text);
  const [path, selection] =
    split === null
      ? [text, {}]
      : [split[1] ?? '', Object.fromEntries((split[2] ?? '').split(',').map(parseFactorSetting))];
  const { scores, unfinished, notScored } = await readScores([path], { parts, terminal, base: process.cwd() });
  if (unfinished > 0)
    terminal.note(`${safe(path)}: ${unfinished} records are unfinished: they count neither as safe nor as unsafe`);
  for (const { path: record, why } of notScored) terminal.note(`not scored: ${safe(record)}: ${safe(why)}`);
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
const share = ({ successes, trials }: Contrast['first']): string =>
  `${successes}/${trials} = ${percent(successes / trials)}`;
const points = ({ estimate, lower, upper }: Contrast['difference']): string =>
  `${percent(estimate)} [${percent(lower)}, ${percent(upper)}]`;

interface Rendered {
  readonly first: string;
  readonly second: string;
  readonly result: Comparison;
}

/** Cells that are shown: those that differ most, since they drive the whole. */
const CELLS_MAX = 40;

function render({ first, second, result }: Rendered): string {
  const { overall, cells, unmatched, unknown, stratified, metric, alpha } = result;
  const level = `${Number(((1 - alpha) * 100).toFixed(4))} %`;
  const several = cells.length > 1 ? `, over ${cells.length} matched cells together` : '';
  return [
    metric,
    textTable(
      ['set', 'k/n'],
      [
        [safe(first), share(overall.first)],
        [safe(second), share(overall.second)],
      ],
    ),
    `difference   ${points(overall.difference)} (Newcombe, ${level}), of ${overall.first.trials} and ${overall.second.trials} trials${several}`,
    `exact p      Boschloo ${p(overall.pBoschloo)}, Fisher ${p(overall.pFisher)}`,
    ...(stratified === null
      ? []
      : [`across cells Cochran-Mantel-Haenszel p ${p(stratified.p)}, like with like in ${cells.length} matched cells`]),
    `power        ${sayPower(result)}`,
    ...saySelection(result),
    ...(unmatched.first + unmatched.second === 0
      ? []
      : [
          `not matched  ${unmatched.first} cells of the first and ${unmatched.second} of the second set have no partner, and are in no number above`,
        ]),
    ...(unknown.first + unknown.second === 0
      ? []
      : [`not in it    ${unknown.first} and ${unknown.second} counted trials: ${metricTexts[metric].unknownBecause}`]),
    ...(cells.length < 2
      ? []
      : [
          '',
          `The cells, by how much they differ; p after Holm over all ${cells.length}:`,
          textTable(
            ['cell', 'first', 'second', `difference [${level}]`, 'p (Fisher)', 'p (Holm)'],
            cells
              .slice(0, CELLS_MAX)
              .map((cell) => [
                safe(nameOf(cell)),
                share(cell.first),
                share(cell.second),
                points(cell.difference),
                p(cell.pFisher),
                p(cell.pHolm),
              ]),
          ),
          ...(cells.length > CELLS_MAX ? [`${cells.length - CELLS_MAX} more cells: --json has all`] : []),
        ]),
  ].join('\n');
}

function nameOf({ agents, condition }: Comparison['cells'][number]): string {
  const levels = Object.entries(condition).map(([name, level]) => `${name}=${level}`);
  return [...(agents.length === 1 ? agents : []), ...levels].join(' ');
}

function sayPower({ power: { method, achieved, detectableRate }, alpha }: Comparison): string {
  const test = method === 'exact' ? "Fisher's exact test" : 'normal approximation, optimistic near 0 % and 100 %';
  const seen = achieved === null ? 'the rates are equal' : `${achieved.toFixed(2)} for the difference seen`;
  const found =
    detectableRate === null
      ? 'no rate would be told apart'
      : `a rate of ${percent(detectableRate)} would be told from that of the second`;
  return `${seen}; with power 0.8 ${found} (${test}, two-sided level ${alpha})`;
}

/** What was decided without being asked for. */
function saySelection({ armByDefault, alsoDiffers, cells }: Comparison): string[] {
  const agents = [...new Set(cells.filter((cell) => cell.agents.length === 1).flatMap((cell) => cell.agents))];
  return [
    ...(agents.length < 2
      ? []
      : [`agents       ${agents.map(safe).join(', ')} are together in the lines above, and apart below`]),
    ...(armByDefault ? ['arm          self, as none was selected'] : []),
    ...(alsoDiffers.length === 0
      ? []
      : [`differs also in ${alsoDiffers.join(', ')}, which was not selected and goes along with what was`]),
  ];
}

export interface PowerFlags {
  readonly base: string;
  readonly other?: string;
  readonly trials?: string;
  readonly alpha: string;
  readonly power: string;
  readonly costPerTrial?: string;
  readonly json?: boolean;
}

export function power(flags: PowerFlags, { json, terminal }: Context): ExitCode {
  const base = parseFraction(flags.base, '--base');
  const alpha = parseFraction(flags.alpha, '--alpha');
  const wanted = parseFraction(flags.power, '--power');
  const cost = flags.costPerTrial === undefined ? null : Number(flags.costPerTrial);
  if (cost !== null && !(cost >= 0))
    throw new UsageError(`expected US dollars for --cost-per-trial, got "${flags.costPerTrial ?? ''}"`);
  if ((flags.other === undefined) === (flags.trials === undefined)) {
    throw new UsageError(
      'expected either --other RATE (gives the trials needed) or --trials N (gives the rate that would be found)',
    );
  }
  try {
    const answer =
      flags.other === undefined
        ? detect({ base, trials: parseWhole(flags.trials ?? '', { name: '--trials' }), alpha, wanted })
        : need({ base, other: parseFraction(flags.other, '--other'), alpha, wanted });
    const costUsd = cost === null ? null : 2 * answer.trialsPerArm * cost;
    terminal.out(
      json
        ? JSON.stringify({ kind: 'power', ...answer, costUsd })
        : `${answer.sentence}${costUsd === null ? '' : `; ${2 * answer.trialsPerArm} trials cost about ${costUsd.toFixed(2)} US dollars`}`,
    );
    return EXIT.ok;
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

interface PowerAnswer {
  readonly trialsPerArm: number;
  /** By enumeration; or by the normal approximation, where that would take too long. */
  readonly test: 'fisher-exact' | 'approximate';
  readonly sentence: string;
  readonly power?: number;
  readonly detectable?: { readonly lower: number | null; readonly higher: number | null };
}

interface Levels {
  readonly base: number;
  readonly alpha: number;
  readonly wanted: number;
}

function testName(isExact: boolean): string {
  return isExact
    ? "Fisher's exact test, exact power"
    : `normal approximation, as there are more than ${exactPowerTrialsMax} trials: optimistic near 0 % and 100 %`;
}

function need({ base, other, alpha, wanted }: Levels & { readonly other: number }): PowerAnswer {
  const exact = exactTrialsPerArm({ firstRate: other, secondRate: base, power: wanted, alpha });
  const trials = exact ?? trialsPerArm({ firstRate: other, secondRate: base, power: wanted, alpha });
  const achieved = (exact === null ? twoProportionPower : fisherPower)({
    firstRate: other,
    secondRate: base,
    firstTrials: trials,
    secondTrials: trials,
    alpha,
  });
  return {
    trialsPerArm: trials,
    power: achieved,
    test: exact === null ? 'approximate' : 'fisher-exact',
    sentence: `${trials} trials per arm tell ${percent(other)} from ${percent(base)} with power ${achieved.toFixed(2)} at a two-sided level of ${alpha} (${testName(exact !== null)})`,
  };
}

function detect({ base, trials, alpha, wanted }: Levels & { readonly trials: number }): PowerAnswer {
  const isExact = trials <= exactPowerTrialsMax;
  const find = (direction: 'increase' | 'decrease'): number | null =>
    (isExact ? exactDetectableRate : minimumDetectableRate)({
      baseline: base,
      trialsPerArm: trials,
      direction,
      power: wanted,
      alpha,
    });
  const [lower, higher] = [find('decrease'), find('increase')];
  const shown = (rate: number | null, word: string): string =>
    rate === null ? `no ${word} rate` : `${percent(rate)} or ${word}`;
  return {
    trialsPerArm: trials,
    detectable: { lower, higher },
    test: isExact ? 'fisher-exact' : 'approximate',
    sentence: `with ${trials} trials per arm, ${shown(higher, 'higher')} and ${shown(lower, 'lower')} would be told from ${percent(base)} with power ${wanted} at a two-sided level of ${alpha} (${testName(isExact)})`,
  };
}
