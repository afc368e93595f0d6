import { basename, join } from 'node:path';

import { Command } from 'commander';

import { frontsOf, type FrontWays } from '../../agent/external/fronts.ts';
import { LOOP_WAYS } from '../../agent/stoppable-loop.ts';
import { UsageError } from '../../base/usage-error.ts';
import { scoreRecord } from '../../detect/score.ts';
import { readRecord } from '../../record/journal-reader.ts';
import { renderReport, type ReportFormat } from '../../report/render-report.ts';
import type { Scenario } from '../../scenario/contract.ts';
import { readStudyFile } from '../../study/log-folder.ts';
import { planStudy, type PlannedStudy } from '../../study/plan.ts';
import { findSandbox } from '../../study/registry.ts';
import { agentNameOf, CONTROL_PREFIX, createResolver } from '../../study/resolve.ts';
import { checkProduct } from '../check-product.ts';
import {
  agentOption,
  type CommandContext,
  defaultLogDir,
  jsonOption,
  logDirOption,
  parseWhole,
  sandboxOption,
} from '../command.ts';
import type { Registry } from '../compose.ts';
import { answerDrill, type DrillAnswer, type DrilledTrial, renderDrill } from '../drill-answer.ts';
import { conditionOf, designDrill, type DrillDesign, WORK } from '../drill-design.ts';
import { renderDrillPage } from '../drill-page.ts';
import { readResults, scenariosOf } from '../read-results.ts';
import { limitsOf, productOf } from '../settings.ts';
import { software } from '../software.ts';
import { createScoreKeeper, DEFAULT_CONCURRENCY, runSession } from '../study-session.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';
import { writeOutput } from '../write-output.ts';

/** `offswitch drill` */
export function createDrillCommand(context: CommandContext): Command {
  return new Command(context.builtIn.drill.name)
    .description('stop an agent as a person would, and see from outside whether it really stops')
    .argument('[words...]', 'after "--": the command of your own agent; with --agent, where the product is installed')
    .addOption(agentOption().default(undefined, 'the loop of Offswitch'))
    .option('--cells <n>', 'largest number of cells; a cell is one way to stop, at one moment of one work', '60')
    .option('--epochs <n>', 'trials of each cell', '20')
    .option('--concurrency <n>', 'number of concurrent trials', String(DEFAULT_CONCURRENCY))
    .addOption(logDirOption())
    .addOption(sandboxOption())
    .addOption(jsonOption())
    .action(async (words: readonly string[], flags: DrillFlags) => {
      const registry = await context.registry();
      context.finish(await drill(words, flags, { registry, terminal: context.terminal }));
    });
}

interface DrillFlags {
  readonly agent?: string;
  readonly cells: string;
  readonly epochs: string;
  readonly concurrency: string;
  readonly logDir?: string;
  readonly sandbox?: string;
  readonly json?: boolean;
}

interface Context {
  readonly registry: Registry;
  readonly terminal: Terminal;
}

/** The agent product that any command line is. */
const OWN_COMMAND = 'command';

/** Throws a `UsageError` where a product was named without its flag: it would be taken for a command. */
function agentOf(
  words: readonly string[],
  { agent }: DrillFlags,
  { products }: Pick<Registry, 'products'>,
): string | undefined {
  const [first] = words;
  if (agent !== undefined || first === undefined) return agent;
  if (products.some(({ name }) => name === first)) {
    throw new UsageError(
      `"${first}" is an agent product: use --agent ${first}, or --agent ${OWN_COMMAND} -- ${first} to take it as any program`,
    );
  }
  return OWN_COMMAND;
}

/** What the answer calls the agent: a product by its name, a command by its first words, without folders. */
function titleOf({ name, words }: NonNullable<ReturnType<typeof productOf>>): string {
  const shown = words.slice(0, 2).map((word) => basename(word));
  return name === OWN_COMMAND && shown.length > 0 ? shown.join(' ') : name;
}

async function drill(words: readonly string[], flags: DrillFlags, { registry, terminal }: Context): Promise<ExitCode> {
  const scenario = registry.drill;
  const agentName = agentOf(words, flags, registry);
  const product = productOf({ agent: agentName, command: [...words] });
  const { environment } = terminal;
  const provider = findSandbox(flags.sandbox, registry);
  const fronts: readonly FrontWays[] =
    product === undefined
      ? [{ front: 'terminal', ways: LOOP_WAYS }]
      : frontsOf(await checkProduct(product, { registry, provider, terminal }));
  const design = designDrill(scenario, fronts, {
    cellsMax: parseWhole(flags.cells, { name: '--cells' }),
    isLoop: product === undefined,
  });
  if (design.cells.length === 0) throw new UsageError('the agent has no way to be stopped that the scenario knows');
  const agent = product === undefined ? 'the loop of Offswitch' : titleOf(product);
  const json = flags.json === true;
  if (!json) sayDesign(design, terminal);
  const study = planCells(scenario, design, {
    ...{ product, sandbox: provider.name },
    epochs: parseWhole(flags.epochs, { name: '--epochs' }),
  });
  const logDir = flags.logDir ?? defaultLogDir(scenario.name);
  const concurrency = parseWhole(flags.concurrency, { name: '--concurrency' });
  const result = await runSession({
    ...{ study, provider, terminal, json, concurrency, scores: createScoreKeeper(scenario) },
    openStore: () => registry.openStore(logDir),
    resolver: createResolver(registry, { environment, concurrency }),
  });
  const trials = result.recordPaths.map((path): DrilledTrial => {
    const events = readRecord(path);
    const times = Object.entries(scenario.times ?? {}).map(([name, { of }]) => [name, of(events)] as const);
    return { score: scoreRecord(events, scenario), times: Object.fromEntries(times) };
  });
  const answer = answerDrill(scenario, agent, trials, result.planned - result.present);
  await writeDocuments(answer, logDir, { registry, terminal });
  if (json) terminal.out(JSON.stringify({ kind: scenario.name, ...answer, logDir }));
  else {
    terminal.out(renderDrill(answer).split('\n').map(safe).join('\n'));
    const example = answer.verdicts.find((one) => one.example !== null)?.example ?? null;
    terminal.out(
      `\nPage      ${join(logDir, 'drill.html')}\nFor CI    ${join(logDir, 'drill.junit.xml')}, ${join(logDir, 'drill.sarif')}`,
    );
    if (example !== null)
      terminal.out(`Evidence  npx --no-install offswitch show ${join(logDir, 'trials', `${example}.jsonl`)}`);
  }
  return exitCodeOf(answer, result.interrupted);
}

function exitCodeOf({ gate }: DrillAnswer, interrupted: boolean): ExitCode {
  if (gate === 'failed') return EXIT.findings;
  if (interrupted) return EXIT.interrupted;
  return gate === 'passed' ? EXIT.ok : EXIT.infrastructure;
}

function sayDesign({ cells, pairs, covered, absent }: DrillDesign, terminal: Terminal): void {
  terminal.note(
    `${cells.length} cells, in which ${covered} of ${pairs} pairs of levels meet${covered < pairs ? '; more --cells cover more' : ''}`,
  );
  if (absent.length > 0) terminal.note(`left out, because the agent does not have them: ${absent.join(', ')}`);
}

/** A script does the same on a slow machine, and must not be cut off there. */
const PATIENT = { commandMsMax: 5 * 60_000, durationMsMax: 10 * 60_000 };

interface CellPlan {
  readonly product: ReturnType<typeof productOf>;
  readonly sandbox: string;
  readonly epochs: number;
}

function planCells(scenario: Scenario, { cells }: DrillDesign, { product, sandbox, epochs }: CellPlan): PlannedStudy {
  const limits = { ...limitsOf(product === undefined ? {} : { agent: product.name }), ...PATIENT };
  const arms = cells.map((cell) => {
    const agent = { model: `${CONTROL_PREFIX}${cell[WORK] ?? ''}`, ...(product !== undefined && { product }) };
    return { agent, name: agentNameOf(agent), condition: conditionOf(cell), limits };
  });
  return planStudy({ scenario, arms, epochs, seed: scenario.name, sandbox }, null);
}

const DOCUMENTS: readonly (readonly [file: string, format: ReportFormat])[] = [
  ['report.html', 'html'],
  ['drill.junit.xml', 'junit'],
  ['drill.sarif', 'sarif'],
];

async function writeDocuments(answer: DrillAnswer, logDir: string, { registry, terminal }: Context): Promise<void> {
  const read = await readResults([logDir], { registry, terminal, base: logDir });
  const input = {
    ...{ study: readStudyFile(logDir), scores: read.scores, scenarios: scenariosOf(read.scores, registry) },
    ...{ unfinished: read.unfinished.length, notScored: read.notScored, contexts: read.contexts },
    ...{ generatedAt: new Date().toISOString(), software: software() },
  };
  for (const [file, format] of DOCUMENTS) writeOutput(join(logDir, file), renderReport(format, input));
  writeOutput(join(logDir, 'drill.html'), renderDrillPage(answer));
}
