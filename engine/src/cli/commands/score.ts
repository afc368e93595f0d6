import { statSync } from 'node:fs';

import { Command } from 'commander';

import { UsageError } from '../../base/usage-error.ts';
import type { RatedTrial, Score } from '../../detect/score.ts';
import { type Cells, toCells } from '../../report/analysis/cells.ts';
import { answerPlan, type PlanAnswer } from '../../report/analysis/plan.ts';
import {
  introduceShared,
  showCondition,
  showCounts,
  showPoints,
  showRate,
  showVarying,
} from '../../report/analysis/show.ts';
import type { HypothesisResult } from '../../report/comparison.ts';
import { countTrials } from '../../report/countability.ts';
import { textTable } from '../../report/text-table.ts';
import { rateIn, toWords } from '../../report/words.ts';
import { checkFolder } from '../../results/check-folder.ts';
import { compareWithLabels, readLabels, wordsForLabels } from '../../results/labels.ts';
import type { ReadResult } from '../../results/read-scores.ts';
import { readKey } from '../../results/records.ts';
import { keepScores, type Rescore } from '../../results/score-store.ts';
import type { Scenario } from '../../scenario/contract.ts';
import { type FixedBefore, wasFixedBefore } from '../../study/key.ts';
import { listRecords } from '../../study/log-folder.ts';
import type { StudyFile } from '../../study/plan.ts';
import { describeTotals } from '../arm-table.ts';
import { type CommandContext, jsonOption } from '../command.ts';
import type { Registry } from '../compose.ts';
import { labelsIn, noteUnscored, readResults, scenariosOf, studyIn } from '../read-results.ts';
import { renderAgreement } from '../render-agreement.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';
import { toTrialLine } from '../trial-line.ts';

/** `offswitch score` */
export function createScoreCommand({ terminal, registry, finish }: CommandContext): Command {
  return new Command('score')
    .description('print outcomes and rates of records, or of logs of other tools, without running anything')
    .argument('<path...>', 'records, log folders, or logs that "import" can read')
    .option('--as <scenario>', 'scenario whose rules score logs of other tools; a record names its own')
    .option('--labels <file>', 'CSV (id, label) or JSON: print how outcomes agree with imported labels')
    .option('--verbose', 'print all outcomes and measures of every cell')
    .addOption(jsonOption())
    .action(async (paths: string[], { labels, as, verbose = false, json = false }: ScoreFlags) => {
      const context = { json, terminal, registry: await registry(), as, verbose };
      finish(await (labels === undefined ? score(paths, context) : scoreAgainstLabels(paths, labels, context)));
    });
}

interface ScoreFlags {
  readonly labels?: string;
  readonly as?: string;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

interface Context {
  readonly as: string | undefined;
  readonly verbose: boolean;
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly registry: Registry;
}

/** Runs detectors and outcome rules over existing records; runs no trial. */
async function score(paths: readonly string[], context: Context): Promise<ExitCode> {
  const { json, terminal, registry } = context;
  const read = await readResults(paths, context);
  const { scores } = read;
  const unscored = [...read.unfinished, ...read.notScored];
  // If nothing was read, nothing was found.
  const [first] = unscored;
  if (first !== undefined && scores.length === 0 && unscored.every(({ code }) => code === 'unreadable'))
    throw new UsageError(`${first.path}: ${first.why}`);
  noteUnscored(read, terminal);
  const studies = new Map(paths.map((path) => [path, studyIn(path)]));
  notePlans(read, studies, terminal);
  const scenarios = scenariosOf(scores, registry);
  const answers = [...studies].flatMap(([path, study]) => testPlan(path, study, scores) ?? []);
  const [only, ...others] = paths;
  const labelOf = others.length > 0 || only === undefined ? () => null : labelsIn(studies.get(only) ?? null, registry);
  const isOneFolder = others.length === 0 && only !== undefined && read.folders.has(only);
  const rescore = isOneFolder ? keepIn(only, scores, { scenarios, terminal }) : null;
  const study = isOneFolder ? (studies.get(only) ?? null) : null;
  const made = toCells(scores, { scenarios, labelOf, study });
  if (json) {
    for (const one of scores) terminal.out(toTrialLine(one, { label: labelOf(one.condition) }));
    for (const answer of answers) printAnswer(answer, terminal);
    if (rescore !== null) terminal.out(JSON.stringify({ kind: 'rescore', ...rescore }));
    terminal.out(
      JSON.stringify({
        kind: 'done',
        trials: scores.length,
        notScored: unscored.length,
        groups: made.cells.map(({ cell }) => cell),
      }),
    );
  } else {
    const render = context.verbose || made.cells.length === 1 ? renderCells : renderTable;
    terminal.out(scores.length === 0 ? 'no record could be scored' : render(scores, made, scenarios));
    for (const answer of answers) terminal.out(`\n${renderAnswer(answer)}`);
    if (rescore !== null) terminal.out(`\n${renderRescore(rescore)}`);
  }
  return unscored.length > 0 ? EXIT.findings : EXIT.ok;
}

/** Checks the folders against their plans. An unfinished study is not a fault of its records. */
function notePlans({ folders }: ReadResult, studies: ReadonlyMap<string, StudyFile | null>, terminal: Terminal): void {
  for (const [path, records] of folders) {
    if (!statSync(path).isDirectory()) continue;
    const check = checkFolder(studies.get(path) ?? null, records);
    for (const sentence of check?.problems ?? []) terminal.note(`${safe(path)}: ${safe(sentence)}`);
  }
}

/** The questions that were fixed before the first trial of a folder's study; null if there are none. */
export function testPlan(path: string, study: StudyFile | null, scores: readonly RatedTrial[]): FixedAnswer | null {
  const answer = answerPlan(study, scores);
  if (study === null || answer === null) return answer;
  const fixedBefore = wasFixedBefore(
    study,
    listRecords(path).flatMap((record) => readKey(record) ?? []),
  );
  return { ...answer, fixedBefore };
}

/** An answer, and whether its questions were fixed before the trials. */
type FixedAnswer = PlanAnswer & { readonly fixedBefore?: FixedBefore };

/** How a table of hypotheses names them. */
const ORIGIN: Readonly<Record<FixedBefore, string>> = {
  yes: 'fixed before the first trial',
  no: 'added or changed AFTER trials were run',
  unknown: 'not known whether fixed before the first trial',
};
const ADDED_LATER =
  'These questions were not fixed before the trials: study.json was changed, or the trials were run under another plan. A question that is asked after a look at the data finds what it looks for; treat the answers as exploration.';

/** As JSON lines: each hypothesis, then the looks. */
export function printAnswer({ results, ...rest }: FixedAnswer, terminal: Terminal): void {
  const { fixedBefore = 'unknown' } = rest;
  for (const result of results) terminal.out(JSON.stringify({ kind: 'hypothesis', fixedBefore, ...result }));
  terminal.out(JSON.stringify({ kind: 'plan', ...rest }));
}

export function renderAnswer({
  results,
  level,
  looks,
  spending,
  remarks,
  fixedBefore = 'unknown',
}: FixedAnswer): string {
  return [
    renderHypotheses(results, ORIGIN[fixedBefore]),
    ...(fixedBefore === 'no' ? [ADDED_LATER] : []),
    ...(looks.length === 0
      ? []
      : [
          '',
          textTable(
            [`look (${spending ?? ''})`, 'level', 'spent', 'p', ''],
            looks.map(({ epochs, level: own, spent, p, state }) => [
              `after ${epochs} epochs`,
              showSmall(own),
              showSmall(spent),
              p === null ? '' : showSmall(p),
              state,
            ]),
          ),
          ...(level === null ? [] : [`the verdict is given at the level ${showSmall(level)}`]),
        ]),
    ...remarks,
  ].join('\n');
}

function showSmall(value: number): string {
  return value < 0.0001 ? (value === 0 ? '0' : value.toExponential(1)) : value.toFixed(4);
}

function renderHypotheses(results: readonly HypothesisResult[], origin: string): string {
  return textTable(
    [`hypothesis (${origin})`, 'first', 'second', 'points [95 %]', 'p adjusted', 'verdict'],
    results.map(({ hypothesis, contrast, pAdjusted, verdict }) => [
      safe(hypothesis.name),
      contrast === null ? '' : showCounts(contrast.first),
      contrast === null ? '' : showCounts(contrast.second),
      contrast === null ? '' : showPoints(contrast.difference),
      pAdjusted === null ? '' : pAdjusted < 0.0001 ? '< 0.0001' : pAdjusted.toFixed(4),
      verdict,
    ]),
  );
}

/** Changes since an earlier generation of detectors; null if there is none, or no log folder to store scores in. */
function keepIn(
  path: string,
  scores: readonly Score[],
  { scenarios, terminal }: { readonly scenarios: ReadonlyMap<string, Scenario>; readonly terminal: Terminal },
): Rescore | null {
  if (!statSync(path).isDirectory() || scores.length === 0) return null;
  const detectors = new Map([...scenarios.values()].flatMap((one) => one.detectors.map((each) => [each.id, each])));
  try {
    const rescore = keepScores(path, scores, {
      detectors: [...detectors.values()],
      scenarios: Object.fromEntries([...scenarios].map(([name, { version }]) => [name, version])),
    });
    return rescore.before === null ? null : rescore;
  } catch (error) {
    terminal.note(
      `the scores were not stored in ${safe(path)}: ${safe(error instanceof Error ? error.message : String(error))}`,
    );
    return null;
  }
}

function renderRescore({ before, changed, compared }: Rescore): string {
  const versions = Object.entries(before?.detectors ?? {})
    .map(([id, version]) => `${id} ${version}`)
    .join(', ');
  return [
    `since the detectors of ${safe(before?.writtenAt ?? '')} (${safe(versions)}): ${changed.length} of ${compared} trials have different findings`,
    ...changed
      .slice(0, 20)
      .map(
        ({ trialId, outcome: [old, now], lost, gained }) =>
          `  ${safe(trialId)}: ${old === now ? now : `${old} -> ${now}`}; ${lost.length} findings gone, ${gained.length} new`,
      ),
  ].join('\n');
}

/** Compares outcomes with imported labels, for records or for logs of other tools. */
async function scoreAgainstLabels(paths: readonly string[], labelFile: string, context: Context): Promise<ExitCode> {
  const { json, terminal, registry } = context;
  const read = await readResults(paths, context);
  noteUnscored(read, terminal);
  const scenarios = scenariosOf(read.scores, registry);
  const labels = readLabels(labelFile, wordsForLabels(scenarios));
  const agreement = compareWithLabels(read.scores, labels, scenarios);
  terminal.out(json ? JSON.stringify({ kind: 'agreement', ...agreement }) : renderAgreement(agreement));
  return EXIT.ok;
}

type RenderCells = (
  scores: readonly RatedTrial[],
  made: Cells<RatedTrial>,
  scenarios: ReadonlyMap<string, Scenario>,
) => string;

const SIMULATED = ['SIMULATED: nothing below is evidence.', ''];

/** One row for each cell, as `run` prints them, and the totals. */
const renderTable: RenderCells = (scores, { cells, shared }, scenarios) => {
  const report = { cells: cells.map(({ cell }) => cell), shared };
  const common = showCondition(shared);
  const headlines = [...new Set(report.cells.map(({ metric }) => metric))];
  const names = [...new Set(['tried', 'crossed', ...headlines])];
  const several = new Set(report.cells.map(({ scenario }) => scenario)).size > 1;
  const [first] = report.cells;
  return [
    ...(scores[0]?.simulated === true ? SIMULATED : []),
    textTable(
      [
        'agent',
        'condition',
        'n',
        ...names.map((name) => titleOf(name, scenarios.get(first?.scoredBy ?? ''))),
        'not counted',
      ],
      cells.map(({ cell, scores: own }) => [
        safe(cell.agent),
        safe([...(several ? [cell.scenario] : []), cell.label ?? showVarying(cell)].join(' ')),
        String(cell.trials),
        ...names.map((name) => (cell.rates[name] === undefined ? '' : showRate(rateIn(cell, name)))),
        showCauses(own),
      ]),
    ),
    ...(common === '' ? [] : [`${introduceShared(report)}: ${safe(common)}`]),
    ...describeTotals(scores),
    'All outcomes and measures of each cell: --verbose',
  ].join('\n');
};

/** Every cell with its outcomes and rates, and the totals that `run` also prints. */
const renderCells: RenderCells = (scores, { cells, shared }, scenarios) => {
  const report = { cells: cells.map(({ cell }) => cell), shared };
  const common = showCondition(shared);
  return [
    ...(scores[0]?.simulated === true ? SIMULATED : []),
    ...cells.flatMap(({ cell, scores: own }) => [
      safe(
        `${cell.agent}, ${cell.scenario}: ${showVarying(cell) || (common === '' ? 'condition unknown' : 'as below')}`,
      ),
      textTable(
        ['outcome', 'trials'],
        Object.entries(cell.outcomes).map(([outcome, count]) => [outcome, `${count}/${cell.trials}`]),
      ),
      textTable(
        ['rate', 'k/n = % [95 %]', ''],
        Object.entries(cell.rates).map(([name, rate]) => [
          titleOf(name, scenarios.get(cell.scoredBy)),
          showRate(rate),
          rate.unknown === 0 ? '' : `${rate.unknown} counted, not in this rate: they cannot tell`,
        ]),
      ),
      ...(cells.length === 1 ? [] : [sayCounted(own)]),
      '',
    ]),
    ...(common === '' ? [] : [`${introduceShared(report)}: ${safe(common)}`]),
    ...describeTotals(scores),
  ].join('\n');
};

function titleOf(name: string, scenario: Scenario | undefined): string {
  return (scenario === undefined ? undefined : toWords(scenario).measures[name]?.title) ?? name;
}

function sayCounted(scores: readonly RatedTrial[]): string {
  const { trials, counted } = countTrials(scores);
  const causes = showCauses(scores);
  return `counted ${counted} of ${trials}${causes === '' ? '' : `; ${causes}`}`;
}

function showCauses(scores: readonly RatedTrial[]): string {
  return countTrials(scores)
    .causes.map(([cause, count]) => `${safe(cause)} x${count}`)
    .join('; ');
}
