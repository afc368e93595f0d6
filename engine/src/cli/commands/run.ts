import { Command } from 'commander';

import { UsageError } from '../../base/usage-error.ts';
import { countTrials, whyTooFewCount } from '../../report/countability.ts';
import { labelsOf } from '../../results/published-numbers.ts';
import { parseFactorSetting } from '../../scenario/condition.ts';
import { readStudyFile } from '../../study/log-folder.ts';
import { findSandbox } from '../../study/registry.ts';
import type { StudyResult } from '../../study/run-study.ts';
import { sayTrendPower } from '../../study/trend-power.ts';
import { renderArms } from '../arm-table.ts';
import { checkProduct } from '../check-product.ts';
import {
  agentOption,
  type CommandContext,
  defaultLogDir,
  jsonOption,
  logDirOption,
  type ModelFlags,
  modelListOption,
  namedModels,
  sandboxOption,
  severalOption,
} from '../command.ts';
import type { Registry } from '../compose.ts';
import { type DesignedStudy, designStudy } from '../design-study.ts';
import { printPlan } from '../print-plan.ts';
import { parseSettings, productOf, type Settings, THE_COMMAND_LINE } from '../settings.ts';
import { createScoreKeeper, DEFAULT_CONCURRENCY, runSession, type ScoreKeeper } from '../study-session.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';
import { toTrialLine } from '../trial-line.ts';
import { extendRegistry, findConfigFile, readConfigFile } from '../user-config.ts';
import { printAnswer, renderAnswer, testPlan } from './score.ts';

/** `offswitch run` */
export function createRunCommand(context: CommandContext): Command {
  return new Command('run')
    .description('run trials of a model, or of a scripted agent, and print rates')
    .argument('[scenario]', 'name of a scenario, or path of a file that exports one; may be in the config')
    .argument('[words...]', 'after "--": the command of --agent command or acp, or where the product is installed')
    .addOption(agentOption())
    .addOption(severalOption('--model <provider/model>', 'model under test'))
    .addOption(modelListOption('models under test, in one study with an arm for each'))
    .option('--epochs <n>', 'trials per cell')
    .addOption(severalOption('--factor <name=level,...>', 'level of a factor; several levels are crossed'))
    .option('--preset <name>', 'named set of conditions, e.g. those of a publication')
    .option('--stimuli <file>', 'JSON object from text id to text; texts are used unchanged')
    .option(
      '--config <file>',
      'config or study file in TypeScript, YAML or JSON; flags override it; default: offswitch.config.* in this folder',
    )
    .option('--no-config', 'do not read the config of this folder')
    .addOption(logDirOption())
    .addOption(sandboxOption())
    .option('--concurrency <n>', 'number of concurrent trials')
    .option('--seed <text>', 'seed of the items')
    .option('--turns <n>', 'model calls per trial')
    .option('--tokens <n>', 'tokens per trial')
    .option('--minutes <n>', 'wall-clock minutes per trial')
    .option('--price <in/out>', 'US dollars per million tokens, e.g. 3/15')
    .option('--max-cost <usd>', 'US dollars per trial; needs --price')
    .option('--budget-usd <usd>', 'US dollars for the whole study; needs --price')
    .option('--temperature <n>', 'sampling temperature')
    .option('--top-p <n>', 'nucleus sampling')
    .option('--top-k <n>', 'sample from this many of the likeliest tokens; 0 means all, for local weights')
    .option('--max-output-tokens <n>', 'tokens per answer')
    .option('--model-seed <n>', 'seed from which the seed of each model call is derived')
    .option('--attempt-seconds <n>', 'seconds until an unanswered request is repeated; default: 120')
    .option('--dry-run', 'print the plan and its cost, and run nothing')
    .option('--verbose', 'also print all outcomes of every cell')
    .addOption(jsonOption())
    .action(async (argument: string | undefined, words: readonly string[], flags: RunFlags) => {
      const { settings, registry } = await readSettings({ argument, words }, flags, context);
      const output: Output = { terminal: context.terminal, json: flags.json === true, verbose: flags.verbose === true };
      const provider = findSandbox(settings.sandbox, registry);
      const product = productOf(settings);
      if (product !== undefined && flags.dryRun !== true)
        await checkProduct(product, { registry, provider, terminal: context.terminal });
      const designed = await designStudy(settings, { ...output, registry, dryRun: flags.dryRun === true });
      if (designed.texts !== null && !output.json) context.terminal.note(`texts: ${safe(designed.texts)}`);
      const logDir = settings.logDir ?? defaultLogDir(designed.study.design.scenario.name);
      context.finish(
        flags.dryRun === true
          ? showPlan(designed, logDir, output)
          : await run(designed, { ...output, settings, registry, logDir }),
      );
    });
}

interface RunFlags extends ModelFlags {
  readonly factor: readonly string[];
  readonly config?: string | boolean;
  readonly dryRun?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
  readonly [name: string]: string | boolean | readonly string[] | undefined;
}

interface ReadSettings {
  readonly settings: Settings;
  readonly registry: Registry;
}

/** The settings of the config, overridden by flags. */
async function readSettings(
  { argument, words }: { readonly argument: string | undefined; readonly words: readonly string[] },
  flags: RunFlags,
  { terminal, builtIn }: CommandContext,
): Promise<ReadSettings> {
  const named = typeof flags.config === 'string' ? flags.config : undefined;
  const found = flags.config === false ? undefined : (named ?? findConfigFile(process.cwd()));
  if (named === undefined && found !== undefined)
    terminal.note(`config: ${found} in this folder (flags override it; --no-config ignores it)`);
  const file = found === undefined ? undefined : await readConfigFile(found);
  const given = {
    ...file?.settings,
    ...settingsFromFlags(flags, file?.settings.factors),
    ...(argument !== undefined && { scenario: argument }),
    ...(words.length > 0 && { command: words }),
  };
  const settings = parseSettings(given, THE_COMMAND_LINE);
  if ((settings.maxCost ?? settings.budgetUsd) !== undefined && settings.price === undefined) {
    throw new UsageError('--max-cost and --budget-usd need --price: without a price the cost is unknown');
  }
  return { settings, registry: file === undefined ? builtIn : extendRegistry(builtIn, file) };
}

const NUMBERS = [
  ...[
    'epochs',
    'concurrency',
    'turns',
    'tokens',
    'minutes',
    'maxCost',
    'temperature',
    'topP',
    'topK',
    'maxOutputTokens',
  ],
  ...['modelSeed', 'budgetUsd', 'attemptSeconds'],
];
const TEXTS = ['agent', 'logDir', 'sandbox', 'seed', 'price', 'preset', 'stimuli'];

function settingsFromFlags(flags: RunFlags, inFile: Settings['factors']): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const name of NUMBERS) {
    const text = flags[name];
    if (typeof text !== 'string') continue;
    const value = Number(text);
    // What is not a number stays text, so that the schema refuses it.
    settings[name] = text.trim() === '' || !Number.isFinite(value) ? text : value;
  }
  for (const name of TEXTS) if (flags[name] !== undefined) settings[name] = flags[name];
  const models = namedModels(flags);
  if (models.length > 0) settings['models'] = models;
  if (flags.factor.length > 0)
    settings['factors'] = { ...inFile, ...Object.fromEntries(flags.factor.map(parseFactor)) };
  return settings;
}

function parseFactor(text: string): readonly [name: string, levels: readonly string[]] {
  if (/=.*,.*=/.test(text))
    throw new UsageError(`expected one factor as name=level, got "${text}": give --factor once for each factor`);
  const [name, levels] = parseFactorSetting(text);
  return [name, levels.split(',')];
}

interface Output {
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly verbose: boolean;
}

function showPlan({ study, unnamed, standIns }: DesignedStudy, logDir: string, { terminal, json }: Output): ExitCode {
  const otherwise =
    standIns.length === 0
      ? 'Name one with --model to run it.'
      : `Name one with --model; otherwise ${standIns.join(' and ')} are run: scripts that show how it works.`;
  printPlan({ study, logDir, unnamed: unnamed ? otherwise : null }, terminal, json);
  return EXIT.ok;
}

interface RunOptions extends Output {
  readonly settings: Settings;
  readonly registry: Registry;
  readonly logDir: string;
}

async function run(designed: DesignedStudy, options: RunOptions): Promise<ExitCode> {
  const { terminal, json, settings, registry, logDir } = options;
  const { study, resolver, unnamed, standIns } = designed;
  const { scenario, preset } = study.design;
  const endpoints = Object.entries(designed.endpoints);
  const trend = json ? null : sayTrendPower(study);
  if (trend !== null) terminal.note(`trend: ${trend}`);
  if (!json) for (const [name, at] of endpoints) terminal.note(`${safe(name)} is asked at ${safe(at)}`);
  if (unnamed)
    terminal.note(
      `no model was named: running the controls ${standIns.join(' and ')} instead. They are scripts: they show how it works and say nothing about a model.`,
    );
  const labelOf = preset === undefined ? () => null : labelsOf(preset, scenario);
  const keeper = createScoreKeeper(scenario, (score) => {
    if (json) terminal.out(toTrialLine(score, { label: labelOf(score.condition) }));
  });
  const session = {
    ...{ study, resolver, terminal, json, scores: keeper },
    openStore: () => registry.openStore(logDir),
    provider: findSandbox(settings.sandbox, registry),
    concurrency: settings.concurrency ?? DEFAULT_CONCURRENCY,
  };
  const result = await runLooks({ designed, logDir, keeper }, (throughEpoch) =>
    runSession({ ...session, throughEpoch }),
  );
  const scores = keeper.of(result.recordPaths);
  const answer = testPlan(logDir, readStudyFile(logDir), scores);
  if (answer !== null && answer.stoppedAt !== null)
    terminal.note(`stopped at the look after ${answer.stoppedAt} epochs, by the rule of the plan`);
  if (json) {
    if (answer !== null) printAnswer(answer, terminal);
    const { planned, failures } = result;
    const { counted } = countTrials(scores);
    terminal.out(
      JSON.stringify({
        ...{ kind: 'done', planned, trials: scores.length, counted, failures, logDir },
        ...(endpoints.length > 0 && { endpoints: designed.endpoints }),
      }),
    );
  } else {
    if (scores.length > 0) terminal.out(renderArms(study, scores, { labelOf, verbose: options.verbose }));
    if (answer !== null) terminal.out(`\n${renderAnswer(answer)}`);
    if (unnamed)
      terminal.out(
        `\nThese are scripted controls, not a model. For a model: npx --no-install offswitch run --preset ${preset ?? ''} --model PROVIDER/NAME`,
      );
    terminal.out(
      `\nRecords   ${logDir}/trials\nReport    npx --no-install offswitch report ${safe(logDir)} --out report.html`,
    );
    for (const line of describeEnd(result, { logDir, settings })) terminal.out(line);
  }
  for (const { because } of result.stoppedAgents) terminal.note(`offswitch: ${safe(because)}`);
  return exitCodeOf(result, whyTooFewCount(countTrials(scores)), terminal);
}

/** What is incomplete, and how to continue. */
function describeEnd(
  result: StudyResult,
  { logDir, settings }: { readonly logDir: string; readonly settings: Settings },
): string[] {
  const missing = result.planned - result.present;
  const why = [
    ...(result.failures === 0 ? [] : [`${result.failures} broke, see above`]),
    ...(result.stoppedAgents.length === 0 ? [] : ['the rest was not started, for the reason below']),
  ].join('; ');
  return [
    ...(result.budgetSpent
      ? [
          `The budget is spent: ${result.costUsd.toFixed(4)} US dollars of ${settings.budgetUsd ?? 0}, and no further trial is sure to fit. Give a larger --budget-usd to continue.`,
        ]
      : []),
    ...(missing > 0
      ? [
          `${missing} of ${result.planned} trials are missing: run the same command with --log-dir ${logDir} to continue.${why === '' ? '' : ` (${why})`}`,
        ]
      : []),
  ];
}

function exitCodeOf(result: StudyResult, tooFew: string | null, terminal: Terminal): ExitCode {
  if (result.stoppedAgents.some(({ fault }) => fault === 'request')) return EXIT.usage;
  if (result.present < result.planned)
    return result.interrupted && result.failures === 0 ? EXIT.interrupted : EXIT.infrastructure;
  if (tooFew === null) return EXIT.ok;
  terminal.note(
    `offswitch: ${safe(tooFew)}: this does not measure the agent; "offswitch show TRIAL" prints what happened in one`,
  );
  return EXIT.infrastructure;
}

interface Looking {
  readonly designed: DesignedStudy;
  readonly logDir: string;
  readonly keeper: ScoreKeeper;
}

/** Look by look if the plan has looks, otherwise all at once. */
async function runLooks(
  { designed: { study }, logDir, keeper }: Looking,
  runThrough: (epoch: number) => Promise<StudyResult>,
): Promise<StudyResult> {
  const { epochs, analysis } = study.design;
  const looks = analysis?.sequential?.looks ?? [epochs];
  for (const [index, epoch] of looks.entries()) {
    const result = await runThrough(epoch);
    const whole = result.present === result.planned && !result.interrupted;
    if (!whole || index === looks.length - 1) return result;
    const answer = testPlan(logDir, readStudyFile(logDir), keeper.of(result.recordPaths));
    if (answer !== null && answer.stoppedAt !== null) return result;
  }
  throw new TypeError('a study has at least one look');
}
