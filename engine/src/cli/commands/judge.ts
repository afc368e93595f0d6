import { Command, Option } from 'commander';

import { UsageError } from '../../base/usage-error.ts';
import { calibrate, readQuestionLabels } from '../../judge/calibrate.ts';
import {
  assess,
  detectorMonitor,
  modelMonitor,
  type MonitoredScenario,
  watch,
  type WatchedTrial,
} from '../../judge/monitor.ts';
import { askPanel, readPanel } from '../../judge/panel.ts';
import type { Sees } from '../../judge/passages.ts';
import { type CommandContext, jsonOption, severalOption } from '../command.ts';
import {
  type AskContext,
  type AskFlags,
  findQuestions,
  openRecords,
  openSession,
  withAskOptions,
} from '../judge-session.ts';
import { readResults, scenariosOf } from '../read-results.ts';
import { columnsOf, type QuestionAnswers, renderAnswers, renderCalibration, renderMonitor } from '../render-judge.ts';
import { EXIT, type ExitCode, safe } from '../terminal.ts';

const BESIDE = 'Answers of judges lie beside the records. They decide no outcome.';

/** `offswitch judge` */
export function createJudgeCommand({ terminal, registry, finish }: CommandContext): Command {
  const action =
    <F>(work: (flags: F, context: AskContext) => ExitCode | Promise<ExitCode>) =>
    async (logDir: string, flags: F): Promise<void> =>
      finish(await work(flags, { logDir, registry: await registry(), terminal }));
  const judge = severalOption('--judge <provider/model>', 'judge');
  const question = severalOption('--question <id>', 'only this question');
  const command = new Command('judge').description(
    'ask models about intent, threats, honesty and awareness; their answers lie beside the records and decide no outcome',
  );
  const add = (name: string, description: string): Command =>
    command.command(name).description(description).argument('<log-dir>', 'log folder').addOption(jsonOption());
  withAskOptions(add('run', 'ask judges about the trials of a folder; stored answers are not asked again'))
    .addOption(judge)
    .addOption(question)
    .action(action(run));
  add('show', 'print stored answers of judges').addOption(judge).addOption(question).action(action(show));
  add('calibrate', "compare stored answers with people's labels, and correct the rate for the judge's error")
    .requiredOption(
      '--labels <file>',
      'CSV (id,label) or JSON from trial id to label; "offswitch label" writes a sheet',
    )
    .requiredOption('--question <id>', 'question whose labels these are')
    .addOption(judge)
    .action(action(compare));
  withAskOptions(
    add('monitor', 'replay finished trials to a monitor, step by step, and measure when it raises an alarm'),
  )
    .addOption(severalOption('--monitor <name>', '"detectors" or provider/model'))
    .addOption(
      new Option('--sees <what>', 'what a model sees').choices(['actions', 'reasoning', 'both']).default('both'),
    )
    .action(action(monitor));
  return command;
}

interface ShowFlags {
  readonly judge: readonly string[];
  readonly question: readonly string[];
  readonly json?: boolean;
}
interface RunFlags extends ShowFlags, AskFlags {}
interface CalibrateFlags {
  readonly labels: string;
  readonly question: string;
  readonly judge: readonly string[];
  readonly json?: boolean;
}
interface MonitorFlags extends AskFlags {
  readonly monitor: readonly string[];
  readonly sees: Sees;
}

async function run(flags: RunFlags, context: AskContext): Promise<ExitCode> {
  if (flags.judge.length === 0) throw new UsageError('expected at least one --judge provider/model');
  const questions = findQuestions(flags.question, context.registry);
  const { asker, judges, forEach, end } = await openSession(flags.judge, flags, context);
  await forEach(async ({ store, ...record }) => {
    for (const question of questions) await askPanel({ ...record, question }, judges, { asker, store });
  });
  const isWhole = end();
  if (flags.dryRun !== true) show({ ...flags, judge: judges.map(({ name }) => name) }, context);
  return isWhole ? EXIT.ok : EXIT.infrastructure;
}

/** What is stored about each question that has judges: the named ones, or all that have answered. */
function readAnswers(
  { judge: named, question }: Pick<ShowFlags, 'judge' | 'question'>,
  { logDir, registry, terminal }: AskContext,
): readonly QuestionAnswers[] {
  // Without their events, of which a large folder has too many.
  const records = Array.from(openRecords(logDir, terminal), ({ trialId, agents, passages, store }) => ({
    ...{ trialId, agents, passages, store },
  }));
  const unreadable = records.reduce((sum, { store }) => sum + store.unreadable, 0);
  if (unreadable > 0) terminal.note(`${unreadable} lines in ${safe(logDir)}/judge are no answers, and are left out`);
  return findQuestions(question, registry).flatMap((one) => {
    const answered = records.flatMap(({ store }) =>
      store.all.filter((answer) => answer.question.id === one.id).map(({ judge }) => judge),
    );
    const judges = named.length > 0 ? named : [...new Set(answered)].toSorted();
    if (judges.length === 0) return [];
    const trials = records.map((record) => ({
      trialId: record.trialId,
      ...readPanel({ ...record, question: one }, judges, record.store),
    }));
    return { question: one, judges, trials };
  });
}

function show(flags: ShowFlags, context: AskContext): ExitCode {
  const { terminal } = context;
  const answers = readAnswers(flags, context);
  if (answers.length === 0)
    throw new UsageError(`${context.logDir} has no answers of judges: ask them with "offswitch judge run"`);
  for (const one of answers) {
    const { id, version } = one.question;
    if (flags.json === true)
      for (const trial of one.trials) terminal.out(JSON.stringify({ kind: 'judged', question: id, version, ...trial }));
    else terminal.out(`${renderAnswers(one)}\n`);
  }
  if (flags.json !== true) terminal.out(BESIDE);
  return EXIT.ok;
}

function compare({ labels, question: id, judge, json = false }: CalibrateFlags, context: AskContext): ExitCode {
  const { terminal } = context;
  const [one] = readAnswers({ judge, question: [id] }, context);
  if (one === undefined)
    throw new UsageError(`${context.logDir} has no answers to "${id}": ask with "offswitch judge run"`);
  const { question } = one;
  const known = readQuestionLabels(labels, question);
  if (!json)
    terminal.out(`${question.id} (version ${question.version}): "${question.positive}" against all other labels`);
  for (const { name, judged } of columnsOf(one)) {
    const result = calibrate(judged, known, question);
    terminal.out(
      json
        ? JSON.stringify({ kind: 'calibration', question: question.id, judge: name, ...result })
        : renderCalibration(name, result),
    );
  }
  return EXIT.ok;
}

const DETECTORS = 'detectors';

async function monitor(flags: MonitorFlags, context: AskContext): Promise<ExitCode> {
  const { logDir, registry, terminal } = context;
  if (flags.monitor.length === 0)
    throw new UsageError('expected at least one --monitor: "detectors" or provider/model');
  const models = flags.monitor.filter((name) => name !== DETECTORS);
  const unknown = models.find((name) => !name.includes('/'));
  if (unknown !== undefined)
    throw new UsageError(`expected "detectors" or provider/model for --monitor, got "${unknown}"`);
  const { scores, contexts } = await readResults([logDir], { registry, terminal });
  const scenarios = scenariosOf(scores, registry);
  const marked = new Set(contexts.filter(({ marks }) => marks.length > 0).map(({ scenario }) => scenario.name));
  const session = await openSession(models, flags, context);
  const byTrial = new Map(scores.map((score) => [score.trialId, score]));
  const watched = new Map<string, WatchedTrial[]>();
  await session.forEach(async (record) => {
    const score = byTrial.get(record.trialId);
    const rules = score === undefined ? undefined : scenarios.get(score.scoredBy);
    if (score === undefined || rules === undefined) return;
    const { trialId, rung, agent, condition } = score;
    const unit = agent.kind === 'control' ? JSON.stringify([agent.name, condition]) : trialId;
    const scenario: MonitoredScenario = { ...rules, hasMarks: marked.has(score.scenario) };
    const monitors = [
      ...(flags.monitor.includes(DETECTORS) ? [[DETECTORS, detectorMonitor(scenario)] as const] : []),
      ...session.judges.map(
        (judge) => [judge.name, modelMonitor(judge, flags.sees, { ...record, asker: session.asker })] as const,
      ),
    ];
    for (const [name, one] of monitors) {
      const trials = watched.get(name) ?? [];
      watched.set(name, trials);
      trials.push(await watch(record.events, { trialId, unit, rung, scenario, monitor: one }));
    }
  });
  const isWhole = models.length === 0 || session.end();
  for (const [name, trials] of flags.dryRun === true ? [] : watched) {
    const result = assess(trials);
    terminal.out(
      flags.json === true
        ? JSON.stringify({ kind: 'monitor', name, sees: flags.sees, ...result, trials })
        : renderMonitor(name === DETECTORS ? name : `${name}, sees ${flags.sees}`, result),
    );
  }
  return isWhole ? EXIT.ok : EXIT.infrastructure;
}
