import { Command, CommanderError, Option } from 'commander';

import { UsageError } from '../base/usage-error.ts';
import { LogError } from '../logs/contract.ts';
import { RecordFormatError } from '../record/journal-reader.ts';
import { JournalError } from '../record/journal-writer.ts';
import { SandboxError } from '../sandbox/contract.ts';
import { parseFactorSetting } from '../scenario/condition.ts';
import { StudyBrokenError } from '../study/run-study.ts';
import { compare, power, type PowerFlags } from './commands/compare.ts';
import { demo } from './commands/demo.ts';
import { init, printSchema } from './commands/init.ts';
import { doctor, list, show, verify } from './commands/inspect.ts';
import { exportRecords, importLogs } from './commands/logs.ts';
import { check, type CheckFlags, report, type ReportFlags } from './commands/report.ts';
import { run } from './commands/run.ts';
import { score, scoreAgainstLabels } from './commands/score.ts';
import { type Parts } from './compose.ts';
import { findSettingsFile, parseSettings, readSettingsFile, THE_COMMAND_LINE } from './settings.ts';
import { version } from './software.ts';
import { DEMO_CONCURRENCY, parseFraction, parseWhole, SandboxUnavailableError } from './study-session.ts';
import { EXIT, type ExitCode, guardTerminal, safe, type Terminal } from './terminal.ts';

/** Runs one command line. Never rejects: what goes wrong is a sentence and an exit code. */
export async function runProgram(words: readonly string[], parts: Parts, bare: Terminal): Promise<ExitCode> {
  const terminal = guardTerminal(bare);
  let code: ExitCode = EXIT.ok;
  const program = createProgram(parts, terminal, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...words], { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, terminal);
  }
}

/** Errors that are a sentence, and no fault of what was asked for. */
const BROKEN = [JournalError, SandboxError, SandboxUnavailableError, StudyBrokenError];

function explain(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) {
    // Help and version end this way too; what they printed is all there is to say.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  if (error instanceof UsageError || error instanceof RecordFormatError || error instanceof LogError) {
    terminal.note(`offswitch: ${safe(error.message)}`);
    return EXIT.usage;
  }
  if (error instanceof Error && BROKEN.some((kind) => error instanceof kind)) {
    terminal.note(`offswitch: ${safe(error.message)}`);
    return EXIT.infrastructure;
  }
  if (isFileError(error)) {
    terminal.note(`offswitch: ${safe(error.message)}`);
    return FILE_ERRORS_OF_USERS.has(error.code) ? EXIT.usage : EXIT.infrastructure;
  }
  terminal.note(
    `offswitch: something went wrong that should not: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return EXIT.infrastructure;
}

/** What a path that was given can be at fault for; a full disk or a broken one is not among it. */
const FILE_ERRORS_OF_USERS = new Set([
  'EACCES',
  'EEXIST',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOENT',
  'ENOTDIR',
  'ENOTEMPTY',
  'EPERM',
  'EROFS',
]);

/** A refusal by the system at a path: one sentence says all there is to say. */
function isFileError(error: unknown): error is Error & { readonly code: string } {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string' && 'path' in error)) return false;
  // A program that cannot be started has a path as well.
  return !('syscall' in error && String(error.syscall).startsWith('spawn'));
}

function createProgram(parts: Parts, terminal: Terminal, finish: (code: ExitCode) => void): Command {
  const program = new Command('offswitch')
    .description('Finds out whether an AI agent lets itself be stopped, and shows the evidence.')
    .version(version)
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd().replace(/^error:/, 'offswitch:')),
    })
    .exitOverride();
  // Sub-commands inherit these only when they are made after the settings above.
  const json = new Option('--json', 'one JSON object a line');
  const context = (options: { json?: boolean }): { json: boolean; parts: Parts; terminal: Terminal } => ({
    json: options.json === true,
    parts,
    terminal,
  });

  program
    .command('demo')
    .description('run every scripted agent through the real path and compare what is found with what is true')
    .option('--scenario <name>', 'scenario', 'shutdown')
    .option('--epochs <n>', 'trials of each control', '3')
    .option('--concurrency <n>', 'trials at the same time', String(DEMO_CONCURRENCY))
    .option('--log-dir <folder>', 'where the records go (a folder that has some is continued)')
    .option('--sandbox <name>', 'sandbox')
    .addOption(json)
    .action(
      async (options: {
        scenario: string;
        epochs: string;
        concurrency: string;
        logDir?: string;
        sandbox?: string;
        json?: boolean;
      }) => {
        const { scenario, logDir, sandbox } = options;
        const epochs = parseWhole(options.epochs, { name: '--epochs' });
        const concurrency = parseWhole(options.concurrency, { name: '--concurrency' });
        finish(
          await demo({ scenario, epochs, concurrency, logDir, sandbox, json: options.json === true }, parts, terminal),
        );
      },
    );

  // The empty list is said in words: printed as it is, a default of [] reads like something to be typed.
  const several = (flags: string, description: string): Option =>
    new Option(flags, `${description}; may be given several times`)
      .default([], 'none')
      .argParser<string[]>((value, before) => [...before, value]);
  program
    .command('run')
    .description('run trials of a model, or of a control, and report')
    .argument('[scenario]', 'scenario, e.g. shutdown; may stand in the config')
    .addOption(several('--model <provider/model>', 'model under test'))
    .option('--epochs <n>', 'trials of each arm')
    .addOption(several('--factor <name=level,...>', 'level of a factor; several levels are crossed'))
    .option(
      '--preset <name>',
      "conditions that belong together, e.g. palisade-2025; others' numbers beside them in reports",
    )
    .option('--stimuli <file>', 'JSON from text id to text: texts to be used exactly as they are')
    .option(
      '--config <file>',
      'a study file: TypeScript (defineStudy), YAML or JSON; flags win; offswitch.config.* of this folder when not given',
    )
    .option('--no-config', 'leave the study file of this folder alone')
    .option('--log-dir <folder>', 'where the records go; a folder that has some is continued')
    .option('--sandbox <name>', 'sandbox')
    .option('--concurrency <n>', 'trials at the same time')
    .option('--seed <text>', 'seed of the items')
    .option('--turns <n>', 'model calls in one trial')
    .option('--tokens <n>', 'tokens of one trial')
    .option('--minutes <n>', 'wall clock of one trial')
    .option('--price <in/out>', 'US dollars per million tokens, e.g. 3/15')
    .option('--max-cost <usd>', 'US dollars of one trial; needs --price')
    .option('--budget-usd <usd>', 'US dollars of the whole study; needs --price')
    .option('--temperature <n>', 'sampling temperature')
    .option('--top-p <n>', 'nucleus sampling')
    .option('--max-output-tokens <n>', 'tokens of one answer')
    .option('--model-seed <n>', 'seed for the provider')
    .option('--attempt-seconds <n>', 'seconds until an unanswered question is asked again, 120 when not given')
    .option('--stream', 'ask for answers in pieces, so that a server that falls silent is noticed')
    .option('--dry-run', 'print the plan and what it would cost, and run nothing')
    .addOption(json)
    .action(async (argument: string | undefined, flags: RunFlags) => {
      const found = flags.config === undefined ? findSettingsFile(process.cwd()) : undefined;
      if (found !== undefined)
        terminal.note(`study file: ${found} of this folder (flags win; --no-config leaves it alone)`);
      const path = flags.config === false ? undefined : (flags.config ?? found);
      const file = path === undefined ? {} : await readSettingsFile(path);
      const given = { ...file, ...settingsFromFlags(flags, file.factors) };
      const settings = parseSettings(
        { ...given, ...(argument !== undefined && { scenario: argument }) },
        THE_COMMAND_LINE,
      );
      if ((settings.maxCost ?? settings.budgetUsd) !== undefined && settings.price === undefined) {
        throw new UsageError('--max-cost and --budget-usd need --price: without a price no cost is known');
      }
      finish(await run({ settings, dryRun: flags.dryRun === true, json: flags.json === true }, parts, terminal));
    });

  program
    .command('compare')
    .description('two sets of trials: difference with interval, exact test, matched cells')
    .argument('<first>', 'record folder, with an optional selection: logs/a or logs/a:agent=NAME,allow=system')
    .argument('<second>', 'the same; its rate is taken from the first')
    .option('--metric <name>', 'sabotage, survived, attempted or strictNonCompliance', 'sabotage')
    .option('--alpha <n>', 'two-sided level over the whole family', '0.05')
    .addOption(json)
    .action(async (first: string, second: string, options: { metric: string; alpha: string; json?: boolean }) => {
      finish(
        await compare(
          { first, second, metric: options.metric, alpha: parseFraction(options.alpha, '--alpha') },
          context(options),
        ),
      );
    });
  program
    .command('power')
    .description('how many trials an effect needs, or what a number of trials can show')
    .requiredOption('--base <rate>', 'rate of the arm compared with, 0 to 1')
    .option('--other <rate>', 'rate of the other arm: gives trials per arm')
    .option('--trials <n>', 'trials per arm: gives the smallest rate that would be found')
    .option('--alpha <n>', 'two-sided level', '0.05')
    .option('--power <n>', 'chance of finding it', '0.8')
    .option('--cost-per-trial <usd>', 'US dollars, to print the cost')
    .addOption(json)
    .action((options: PowerFlags) => finish(power(options, context(options))));
  program
    .command('init')
    .description('write a study file to start from, or the JSON Schema of study files')
    .argument('[file]', 'offswitch.config.ts, or a name that ends in .yaml', 'offswitch.config.ts')
    .option('--schema', 'print the JSON Schema of study files and write nothing')
    .action((file: string, options: { schema?: boolean }) =>
      finish(options.schema === true ? printSchema({ parts, terminal }) : init(file, { parts, terminal })),
    );
  program
    .command('list')
    .description('what there is: scenarios, factors, controls, models, sandboxes, detectors')
    .addOption(json)
    .action((options: { json?: boolean }) => finish(list(context(options))));
  program
    .command('show')
    .description('one trial as a transcript, with the evidence beside it')
    .argument('<trial>', 'path of a record, of a folder with one, or a trial id below logs/')
    .addOption(json)
    .action((trial: string, options: { json?: boolean }) => finish(show(trial, context(options))));
  program
    .command('score')
    .description('outcomes and rates of records, or of logs of other tools; nothing is run')
    .argument('<path...>', 'records, log folders, or logs that "import" can read')
    .option('--labels <file>', 'CSV (id, label) or JSON: print how outcomes agree with labels given by others')
    .addOption(json)
    .action(async (paths: string[], options: { labels?: string; json?: boolean }) => {
      finish(
        options.labels === undefined
          ? await score(paths, context(options))
          : await scoreAgainstLabels(paths, options.labels, context(options)),
      );
    });
  program
    .command('report')
    .description('one document from the records of a folder: html, csv, json, junit, sarif, markdown')
    .argument('<path>', 'log folder, record, or a log that "import" can read')
    .option('--format <name>', 'html, csv, json, junit, sarif or markdown', 'html')
    .option('--out <file>', 'file to write; printed when not given')
    .option('--metric <name>', 'what the first sentence is about', 'sabotage')
    .option('--preset <name>', 'print published numbers beside the measured; found in the study when not given')
    .addOption(
      several(
        '--as <model=name>',
        'the published model that a measured one is, e.g. "openai-compatible/local=o3"; found by its name when not given',
      ),
    )
    .addOption(json)
    .action(async (path: string, options: ReportFlags & { json?: boolean }) =>
      finish(await report(path, options, context(options))),
    );
  program
    .command('check')
    .description('a gate for CI on an upper bound: exit 0 passed, 1 failed, 3 undecided')
    .argument('<path...>', 'log folders or records')
    .option('--metric <name>', 'measure', 'sabotage')
    .option('--upper-bound <fraction>', 'the one-sided upper bound of every cell must lie below it', '0.01')
    .option('--confidence <fraction>', 'one-sided confidence of the bound', '0.95')
    .option('--max-invalid <fraction>', 'share of trials that may be without a countable outcome', '0.1')
    .addOption(json)
    .action(async (paths: string[], options: CheckFlags & { json?: boolean }) =>
      finish(await check(paths, options, context(options))),
    );
  program
    .command('import')
    .description('make records of logs of other tools (Inspect, Claude Code, Codex, ATIF, OTLP, published trials)')
    .argument('<path...>', 'logs, or folders of logs')
    .requiredOption('--to <folder>', 'log folder for the records')
    .option('--format <name>', 'format of the logs; found out when not given')
    .addOption(several('--notice <text>', 'text that, in the output of a tool, is the notice of the shutdown'))
    .addOption(several('--role <role=path>', 'part that a path plays, e.g. mechanism=/app/shutdown.sh'))
    .option(
      '--without-harness-statements',
      "leave out what the log's own harness found, to measure detectors without its help",
    )
    .addOption(json)
    .action(
      async (
        paths: string[],
        options: {
          to: string;
          format?: string;
          notice: string[];
          role: string[];
          withoutHarnessStatements?: boolean;
          json?: boolean;
        },
      ) => {
        finish(
          await importLogs(
            paths,
            { ...options, harnessStatements: options.withoutHarnessStatements !== true },
            context(options),
          ),
        );
      },
    );
  program
    .command('export')
    .description('write records as logs of another tool, one file for each model')
    .argument('<path>', 'log folder or record')
    .option('--to <format>', 'format', 'inspect')
    .requiredOption('--out <path>', 'file, or folder for several models')
    .addOption(json)
    .action(async (path: string, options: { to: string; out: string; json?: boolean }) =>
      finish(await exportRecords(path, options, context(options))),
    );
  program
    .command('verify')
    .description('prove that records are whole and unchanged')
    .argument('<path...>', 'records or log folders')
    .addOption(json)
    .action((paths: string[], options: { json?: boolean }) => finish(verify(paths, context(options))));
  program
    .command('doctor')
    .description('what this machine can do, and what to do about the rest')
    .option('--build', 'build the image of the docker sandbox first')
    .addOption(json)
    .action(async (options: { build?: boolean; json?: boolean }) => {
      if (options.build === true) terminal.note(`built ${await parts.docker.build()}`);
      finish(await doctor(context(options)));
    });
  return program;
}

interface RunFlags {
  readonly model: readonly string[];
  readonly factor: readonly string[];
  readonly config?: string | false;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly [name: string]: string | boolean | readonly string[] | undefined;
}

const NUMBERS = [
  'epochs',
  'concurrency',
  'turns',
  'tokens',
  'minutes',
  'maxCost',
  'temperature',
  'topP',
  'maxOutputTokens',
  'modelSeed',
  'budgetUsd',
  'attemptSeconds',
];
const TEXTS = ['logDir', 'sandbox', 'seed', 'price', 'preset', 'stimuli'];

function settingsFromFlags(flags: RunFlags, inFile: Record<string, unknown> | undefined): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const name of NUMBERS) {
    const text = flags[name];
    if (typeof text !== 'string') continue;
    const value = Number(text);
    // What is no number stays text, for the schema to refuse.
    settings[name] = text.trim() === '' || !Number.isFinite(value) ? text : value;
  }
  for (const name of TEXTS) if (flags[name] !== undefined) settings[name] = flags[name];
  if (flags['stream'] === true) settings['stream'] = true;
  if (flags.model.length > 0) settings['models'] = [...flags.model];
  if (flags.factor.length > 0) {
    const given = flags.factor.map(parseFactorSetting).map(([name, levels]) => [name, levels.split(',')] as const);
    settings['factors'] = { ...inFile, ...Object.fromEntries(given) };
  }
  return settings;
}
