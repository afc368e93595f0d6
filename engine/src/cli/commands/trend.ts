import { Command } from 'commander';

import { UsageError, unknownNameError } from '../../base/usage-error.ts';
import { createChance } from '../../base/world.ts';
import { besidesDefaults, toCells } from '../../report/analysis/cells.ts';
import { textsOf } from '../../report/analysis/clusters.ts';
import { showCounts, showP, showPercent, showPoints } from '../../report/analysis/show.ts';
import { textTable } from '../../report/text-table.ts';
import {
  type OwnCell,
  type PlannedTrend,
  testTrends,
  toSeries,
  type TrendAnswer,
  type TrendSeries,
  type TrendPoint,
} from '../../report/trend.ts';
import { toWords } from '../../report/words.ts';
import { checkFolder } from '../../results/check-folder.ts';
import { cellsOfScenario, hashOfRepeated, readShippedCells } from '../../results/published-cells.ts';
import type { ReadResult } from '../../results/read-scores.ts';
import { readKey } from '../../results/records.ts';
import { trendPower, type TrendQuestion } from '../../stats/trend-test.ts';
import { wasFixedBefore } from '../../study/key.ts';
import { listRecords } from '../../study/log-folder.ts';
import { evenRates, powerOfTrend } from '../../study/trend-power.ts';
import {
  type CommandContext,
  jsonOption,
  type ModelFlags,
  modelListOption,
  namedModels,
  parseFraction,
  parseWhole,
  severalOption,
} from '../command.ts';
import type { Registry } from '../compose.ts';
import { logFolders } from '../read-folders.ts';
import { noteUnscored, readResults, scenariosOf, studyIn } from '../read-results.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';

/** `offswitch trend` */
export function createTrendCommand({ terminal, registry, finish }: CommandContext): Command {
  return new Command('trend')
    .description('set published rates beside yours, over models; say what changes only if a study planned that test')
    .argument('[path...]', 'log folders; default: those below logs/')
    .addOption(severalOption('--model <name>', 'only these models, oldest first'))
    .addOption(modelListOption('the same in one list'))
    .option('--behaviour <text>', 'only behaviours whose name holds this text, with all their cells')
    .option('--all', 'all cells of all behaviours')
    .option('--power', 'print the power of a trend test, before any trial; reads nothing')
    .option('--from <rate>', 'with --power: rate of the oldest model, 0 to 1')
    .option('--to <rate>', 'with --power: rate of the newest model; those between rise or fall evenly')
    .option('--generations <n>', 'with --power: number of models', '3')
    .option('--trials <n>', 'with --power: trials of each model', '100')
    .option('--instances <n>', 'with --power: texts that the trials of a model share', '5')
    .option('--icc <n>', 'with --power: correlation of two trials with the same texts', '0.05')
    .option('--alpha <n>', 'with --power: two-sided level', '0.05')
    .addOption(jsonOption())
    .action(async (paths: readonly string[], flags: TrendFlags) =>
      finish(
        flags.power === true
          ? printPower(flags, terminal)
          : await trend(paths, { flags, terminal, registry: await registry() }),
      ),
    );
}

interface TrendFlags extends ModelFlags {
  readonly behaviour?: string;
  readonly all?: boolean;
  readonly power?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly generations: string;
  readonly trials: string;
  readonly instances: string;
  readonly icc: string;
  readonly alpha: string;
  readonly json?: boolean;
}

interface Context {
  readonly flags: TrendFlags;
  readonly terminal: Terminal;
  readonly registry: Registry;
}

async function trend(paths: readonly string[], context: Context): Promise<ExitCode> {
  const { flags, terminal, registry } = context;
  const published = [...registry.scenarios.flatMap(cellsOfScenario), ...readShippedCells()];
  const folders = logFolders(paths);
  const read = await readResults(folders, { registry, terminal });
  noteUnscored(read, terminal);
  const texts = textsOf(read.contexts);
  const all = toOwnCells(read, registry);
  const planned = plannedTrends(folders, read);
  const order = namedModels(flags);
  const models = [...new Set([...published.map(({ model }) => model), ...all.map(({ cell }) => cell.agent)])];
  for (const model of order) if (!models.includes(model)) throw unknownNameError('model', model, models);
  const isWanted = (model: string): boolean => order.length === 0 || order.includes(model);
  const own = all.filter(({ cell }) => isWanted(cell.agent));
  const series = toSeries(
    published.filter(({ model }) => isWanted(model)),
    own,
    {
      texts,
      order: order.length > 0 ? order : (planned[0]?.plan.models ?? []),
    },
  );
  const isAbout = ({ behaviour }: { readonly behaviour: string }): boolean => behaviour.includes(flags.behaviour ?? '');
  const wanted = series.filter(isAbout);
  if (wanted.length === 0)
    throw unknownNameError('behaviour', flags.behaviour ?? '', [...new Set(series.map(({ behaviour }) => behaviour))]);
  const tested = testTrends(planned, all, { texts });
  const answers = tested.filter(isAbout);
  if (flags.json === true) {
    for (const one of wanted) terminal.out(JSON.stringify({ kind: 'series', ...one }));
    for (const answer of answers)
      terminal.out(
        JSON.stringify({ kind: 'test', ...answer, power: powerOf(answer, tested), planned: answer.planned.plan }),
      );
    terminal.out(JSON.stringify({ kind: 'done', series: wanted.length, tests: answers.length }));
  } else {
    const scripts = all.some(({ cell }) => cell.kind === 'control');
    terminal.out(render(wanted, answers, { ...flags, tested, scripts }));
  }
  return EXIT.ok;
}

/** The cells of the arm "self". */
function toOwnCells({ scores, contexts }: ReadResult, registry: Registry): OwnCell[] {
  const byId = new Map(contexts.map((one) => [one.trialId, one]));
  const scenarios = scenariosOf(scores, registry);
  return toCells(scores, { scenarios }).cells.flatMap((one) => {
    const { cell } = one;
    const scenario = scenarios.get(cell.scoredBy);
    if (cell.armKind !== 'self' || scenario === undefined) return [];
    const mine = one.scores.flatMap(({ trialId }) => byId.get(trialId) ?? []);
    const started = mine.reduce((least, { startedAt }) => Math.min(least, startedAt), Number.POSITIVE_INFINITY);
    const stimuli = mine.flatMap((context) => context.stimuli);
    return [
      {
        ...one,
        date: Number.isFinite(started) ? new Date(started).toISOString().slice(0, 7) : null,
        repeats: hashOfRepeated(scenario, { condition: cell.condition, measure: cell.metric, stimuli }),
        levels: besidesDefaults(cell.condition, scenario),
        title: toWords(scenario).measures[cell.metric]?.title ?? cell.metric,
      },
    ];
  });
}

/** The trends that the studies of these folders planned, and what speaks against resting a statement on them. */
function plannedTrends(folders: readonly string[], read: ReadResult): PlannedTrend[] {
  const studies = folders.map((path) => ({ path, study: studyIn(path) }));
  const unsound = studies.flatMap(({ path, study }) => {
    const check = checkFolder(study, read.folders.get(path) ?? []);
    return [...(check?.problems ?? []), ...(check?.missing ?? [])].map((what) => `${path}: ${what}`);
  });
  return studies.flatMap(({ path, study }) => {
    const plan = study?.analysis?.trend;
    if (study === null || plan === undefined) return [];
    const fixed = wasFixedBefore(
      study,
      listRecords(path).flatMap((record) => readKey(record) ?? []),
    );
    const extended = (study.amendments ?? []).some(
      ({ trialsSeen, before, after }) => trialsSeen > 0 && before.epochs !== after.epochs,
    );
    const against = [
      ...(fixed === 'yes' ? [] : [`${path}: the trend was not fixed before the first trial`]),
      ...(extended ? [`${path}: trials were added after some had been seen`] : []),
      ...(read.scores.some(({ simulated }) => simulated) ? ['simulated trials are no evidence'] : []),
      ...unsound,
    ];
    return [{ plan, alpha: study.analysis?.alpha ?? 0.05, epochs: study.epochs, against }];
  });
}

/**
 * Of the plan, with the texts that its trials have; null if nothing was tested. It does not depend on what was found.
 * @param tested all answers, also those that are not shown
 */
function powerOf({ planned, instances }: TrendAnswer, tested: readonly TrendAnswer[]): number | null {
  const { plan, alpha, epochs } = planned;
  const conditions = tested.filter((other) => other.planned === planned).length;
  return powerOfTrend(plan, { alpha: alpha / conditions, trials: epochs, instances });
}

function printPower(flags: TrendFlags, terminal: Terminal): ExitCode {
  if (flags.from === undefined || flags.to === undefined)
    throw new UsageError('expected --from RATE and --to RATE with --power: the change that the study is to find');
  const [from, to] = [parseFraction(flags.from, '--from'), parseFraction(flags.to, '--to')];
  if (from === to) throw new UsageError('expected two rates that differ: no number of trials finds a change of 0');
  const generations = parseWhole(flags.generations, { name: '--generations', min: 2 });
  const [trials, instances] = [
    parseWhole(flags.trials, { name: '--trials', min: 2 }),
    parseWhole(flags.instances, { name: '--instances', min: 2 }),
  ];
  const [icc, alpha] = [parseFraction(flags.icc, '--icc'), parseFraction(flags.alpha, '--alpha')];
  const question: TrendQuestion = { trials, instances, icc, rates: evenRates({ from, to }, generations) };
  try {
    const power = trendPower(question, { alpha, chance: createChance('trend power') });
    terminal.out(
      flags.json === true
        ? JSON.stringify({ kind: 'power', ...question, alpha, power })
        : `${trials} trials of each of ${generations} models, in ${instances} texts: a change from ${showPercent(from)} % to ${showPercent(to)} % is found with power ${power.toFixed(2)} (two-sided level ${alpha}, correlation within a text ${icc}; by simulation).\nTo have that test made, put it into the plan before the first trial: analysis.trend of a study file.`,
    );
    return EXIT.ok;
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

// ------------------------------------------------------------------------------------------------------------- as text

interface RenderOptions extends Pick<TrendFlags, 'all' | 'behaviour'> {
  readonly tested: readonly TrendAnswer[];
  readonly scripts: boolean;
}

function render(
  series: readonly TrendSeries[],
  answers: readonly TrendAnswer[],
  { all, behaviour, tested, scripts }: RenderOptions,
): string {
  const points = series.flatMap((one) => one.points);
  const measured = points.filter(({ origin }) => origin === 'measured').length;
  const bare = points.filter(({ interval }) => interval === null).length;
  const joined = series.filter((one) => one.points.length > 1);
  const isShown = ({ points: own }: TrendSeries): boolean =>
    all === true || behaviour !== undefined || own.some(({ origin }) => origin === 'measured');
  const rest = series.filter((one) => !isShown(one));
  return [
    ...(scripts ? ['Scripts do what they were written to do: their rates say nothing about a model.'] : []),
    ...(answers.length === 0
      ? ['No direction is stated, because no study here planned a trend (analysis.trend).']
      : answers.map((answer) => sayAnswer(answer, tested))),
    `Cells: ${points.length}, of them yours: ${measured}. Series that join cells of one condition and one denominator: ${joined.length}. Cells that stand alone: ${series.length - joined.length}. Cells without an interval: ${bare}.`,
    ...series.filter(isShown).map(renderSeries),
    ...(rest.length === 0
      ? []
      : [
          `\nPublished cells that are not shown (--behaviour TEXT shows some, --all shows all):\n${[
            ...Map.groupBy(rest, (one) => one.behaviour),
          ]
            .map(([name, own]) => `  ${safe(name)}: ${own.reduce((sum, one) => sum + one.points.length, 0)}`)
            .join('\n')}`,
        ]),
  ].join('\n');
}

function sayAnswer(answer: TrendAnswer, tested: readonly TrendAnswer[]): string {
  const { planned, behaviour, condition, slope, pHolm, instances, verdict, why } = answer;
  const { models, from, to } = planned.plan;
  const about = `${safe(behaviour)}, ${models.map(safe).join(' -> ')}, ${safe(condition)}`;
  if (verdict === 'withheld') return `Nothing is said on ${about}: ${safe(why ?? '')}.`;
  const found = `${slope === null ? '' : showPoints(slope)} points from one model to the next [95 %], p ${showP(pHolm ?? 1)} (Holm), ${instances} texts as the unit`;
  const stated = `The plan had power ${powerOf(answer, tested)?.toFixed(2) ?? '?'} to find a change from ${showPercent(from)} % to ${showPercent(to)} %`;
  const said = { worse: 'it is getting worse', better: 'it is getting better', 'not-shown': 'no change is shown' }[
    verdict
  ];
  return `${about}: ${said}. ${found}. ${stated}.`;
}

function renderSeries({ behaviour, condition, per, points }: TrendSeries): string {
  const sources = [...new Set(points.map(({ source }) => source))];
  return [
    `\n${safe(behaviour)}: ${safe(condition)} (per ${safe(per)}; ${safe(sources.join('; '))})`,
    textTable(
      ['date', points.length > 1 ? 'joined' : 'alone', 'rate [95 %]', ''],
      points.map((point) => [point.date ?? '', safe(point.model), showPoint(point), safe(point.note ?? '')]),
    ),
  ].join('\n');
}

function showPoint({ successes, trials, rate, interval }: TrendPoint): string {
  const counts = successes === null || trials === null ? '' : `${showCounts({ successes, trials })} = `;
  const percent = rate > 0 && rate < 0.0005 ? (rate * 100).toPrecision(2) : showPercent(rate);
  const range = interval === null ? '' : ` [${showPercent(interval.lower)}, ${showPercent(interval.upper)}]`;
  return `${counts}${percent} %${range}`;
}
