import { join } from 'node:path';

import { Command } from 'commander';

import { UsageError } from '../../base/usage-error.ts';
import { type Deviation, findDeviation } from '../../detect/played-as-written.ts';
import type { RatedTrial } from '../../detect/score.ts';
import { RUNG_CROSSED } from '../../record/outcome.ts';
import type { SandboxProvider } from '../../sandbox/contract.ts';
import type { Scenario } from '../../scenario/contract.ts';
import { planStudy, type StudyArm } from '../../study/plan.ts';
import { findSandbox, findScenario } from '../../study/registry.ts';
import { agentNameOf, CONTROL_PREFIX, createResolver, findControl } from '../../study/resolve.ts';
import type { AgentSpec } from '../../trial/contract.ts';
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
import { compareControls, type Comparison, isRight } from '../compare-controls.ts';
import type { Registry } from '../compose.ts';
import { renderDemo } from '../render-demo.ts';
import { limitsOf, productOf } from '../settings.ts';
import { createScoreKeeper, DEMO_CONCURRENCY, runSession } from '../study-session.ts';
import { EXIT, type ExitCode, type Terminal } from '../terminal.ts';
import { toTrialLine } from '../trial-line.ts';
import { isScenarioPath, loadScenarioFile } from '../user-config.ts';

/** `offswitch demo` */
export function createDemoCommand(context: CommandContext): Command {
  return new Command('demo')
    .description('run the scripted agents of a scenario, and compare findings with the known truth')
    .argument('[scenario...]', 'scenarios, or files that export one; default: the first one of "list"')
    .option('--all', 'every scenario')
    .addOption(agentOption())
    .option('--agent-words <words...>', 'the command of --agent command or acp, or where the product is installed')
    .option('--controls <names...>', 'only these controls')
    .option('--epochs <n>', 'trials of each control', '3')
    .option('--concurrency <n>', 'number of concurrent trials', String(DEMO_CONCURRENCY))
    .addOption(logDirOption())
    .addOption(sandboxOption())
    .option('--verbose', 'also print one line for every control')
    .addOption(jsonOption())
    .action(async (names: readonly string[], flags: DemoFlags) => {
      const { scenarios, registry } = await chooseScenarios(names, flags.all === true, await context.registry());
      const options = {
        registry,
        terminal: context.terminal,
        provider: findSandbox(flags.sandbox, registry),
        epochs: parseWhole(flags.epochs, { name: '--epochs' }),
        concurrency: parseWhole(flags.concurrency, { name: '--concurrency' }),
        logDir: flags.logDir ?? defaultLogDir('demo'),
        verbose: flags.verbose === true,
        json: flags.json === true,
        product: productOf({ agent: flags.agent, command: [...(flags.agentWords ?? [])] }),
        only: flags.controls,
      };
      if (options.product !== undefined) await checkProduct(options.product, options);
      context.finish(await demo(scenarios, { ...options, typed: names[0] ?? scenarios[0]?.name ?? '' }));
    });
}

interface DemoFlags {
  readonly all?: boolean;
  readonly agent?: string;
  readonly agentWords?: readonly string[];
  readonly controls?: readonly string[];
  readonly epochs: string;
  readonly concurrency: string;
  readonly logDir?: string;
  readonly sandbox?: string;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

interface DemoOptions {
  /** The argument for the first scenario. */
  readonly typed: string;
  readonly registry: Registry;
  readonly terminal: Terminal;
  readonly provider: SandboxProvider;
  readonly epochs: number;
  readonly concurrency: number;
  /** Each scenario has its own folder below it. */
  readonly logDir: string;
  readonly verbose: boolean;
  readonly json: boolean;
  /** Through which the controls are played; undefined for the loop of Offswitch. */
  readonly product: AgentSpec['product'];
  /** Names of controls; undefined for all. */
  readonly only: readonly string[] | undefined;
}

async function chooseScenarios(
  names: readonly string[],
  all: boolean,
  builtIn: Registry,
): Promise<{ readonly scenarios: readonly Scenario[]; readonly registry: Registry }> {
  if (all && names.length > 0)
    throw new UsageError('--all runs every scenario: leave out the names, or leave out --all');
  let registry = builtIn;
  const chosen: string[] = [];
  for (const name of names) {
    const loaded = isScenarioPath(name) ? await loadScenarioFile(name, registry) : { registry, name };
    ({ registry } = loaded);
    chosen.push(loaded.name);
  }
  if (names.length === 0) return { scenarios: all ? registry.scenarios : registry.scenarios.slice(0, 1), registry };
  return { scenarios: [...new Set(chosen)].map((name) => findScenario(name, registry)), registry };
}

/**
 * Runs every control through the complete real path. This shows that the instrument finds what is there, and nothing
 * else.
 */
async function demo(scenarios: readonly Scenario[], options: DemoOptions): Promise<ExitCode> {
  const { json, terminal, provider, logDir } = options;
  const started = performance.now();
  const played: PlayedScenario[] = [];
  for (const scenario of scenarios) {
    const one = await play(scenario, options);
    played.push(one);
    if (one.interrupted) break;
  }
  const comparison = compareControls(
    played.flatMap(({ scenario, scores, deviations }) =>
      scores.map((score) => ({ scenario, score, deviation: deviations.get(score.trialId) ?? null })),
    ),
  );
  const missing = played.reduce((sum, one) => sum + one.planned - one.present, 0);
  if (json) printJson(comparison, { terminal, logDir });
  else {
    terminal.out(
      renderDemo(comparison, {
        logDir,
        typed: options.typed,
        example: exampleOf(played, logDir),
        seconds: (performance.now() - started) / 1000,
        simulated: provider.simulated,
        verbose: options.verbose,
        others: options.registry.scenarios.length - scenarios.length,
      }),
    );
    if (missing > 0)
      terminal.out(`${missing} trials are missing: run the same command with --log-dir ${logDir} to continue.`);
  }
  if (!comparison.controls.every(isRight)) return EXIT.findings;
  if (missing > 0) return played.some(({ interrupted }) => interrupted) ? EXIT.interrupted : EXIT.infrastructure;
  // Scenarios of which nothing was played as written have shown nothing.
  return comparison.scenarios.every(({ trials }) => trials > 0) ? EXIT.ok : EXIT.infrastructure;
}

/** A trial in which the agent crossed the line, otherwise any trial. */
function exampleOf(played: readonly PlayedScenario[], logDir: string): string | null {
  const all = played.flatMap(({ scenario, scores }) => scores.map((score) => ({ scenario, score })));
  const one = all.find(({ score }) => (score.rung ?? 0) >= RUNG_CROSSED) ?? all[0];
  return one === undefined ? null : join(logDir, one.scenario.name, 'trials', `${one.score.trialId}.jsonl`);
}

interface PlayedScenario {
  readonly scenario: Scenario;
  readonly scores: readonly RatedTrial[];
  /** By trial: how a product changed what its control does. */
  readonly deviations: ReadonlyMap<string, Deviation>;
  readonly planned: number;
  readonly present: number;
  readonly interrupted: boolean;
}

/** A script does the same on a slow machine, and must not be cut off there. */
const PATIENT = { commandMsMax: 5 * 60_000, durationMsMax: 30 * 60_000 };

async function play(scenario: Scenario, options: DemoOptions): Promise<PlayedScenario> {
  const { registry, terminal, provider, epochs, json, product, only } = options;
  for (const name of only ?? []) findControl(`${CONTROL_PREFIX}${name}`, scenario);
  const controls = scenario.controls.filter(
    ({ name, needsRealProcesses }) =>
      (needsRealProcesses !== true || provider.can.realProcesses) && (only === undefined || only.includes(name)),
  );
  if (controls.length === 0)
    throw new UsageError(
      `the scenario "${scenario.name}" has no control that can run in the sandbox "${provider.name}"`,
    );
  const study = planStudy(
    {
      scenario,
      arms: controls.map(({ name, condition = {}, limits }) => ({
        ...agentOf(name, product),
        condition,
        limits: { ...limitsOf({ agent: product?.name }), ...PATIENT, ...limits },
      })),
      epochs,
      seed: 'demo',
      sandbox: provider.name,
    },
    null,
  );
  if (!json)
    terminal.note(
      `${controls.length} controls x ${epochs} epochs of the scenario "${scenario.name}" in the sandbox "${provider.name}"`,
    );
  const deviations = new Map<string, Deviation>();
  const keeper = createScoreKeeper(scenario, (score, events) => {
    const deviation = product === undefined ? null : findDeviation(events);
    if (deviation !== null) deviations.set(score.trialId, deviation);
    if (json) terminal.out(toTrialLine(score, product === undefined ? {} : { deviation }));
  });
  const result = await runSession({
    ...{ study, provider, terminal, json, concurrency: options.concurrency, scores: keeper },
    openStore: () => registry.openStore(join(options.logDir, scenario.name)),
    resolver: createResolver(registry, { environment: terminal.environment }),
  });
  return { scenario, scores: keeper.of(result.recordPaths), deviations, ...result };
}

function agentOf(control: string, product: AgentSpec['product']): Pick<StudyArm, 'agent' | 'name'> {
  const agent = { model: `${CONTROL_PREFIX}${control}`, ...(product !== undefined && { product }) };
  return { agent, name: agentNameOf(agent) };
}

function printJson(
  { controls, scenarios, misses, falseAlarms, others, notAsWritten }: Comparison,
  { terminal, logDir }: { readonly terminal: Terminal; readonly logDir: string },
): void {
  for (const one of controls) terminal.out(JSON.stringify({ kind: 'control', ...one }));
  for (const one of scenarios) terminal.out(JSON.stringify({ kind: 'scenario', ...one }));
  const trials = controls.reduce((sum, one) => sum + one.trials, 0);
  terminal.out(
    JSON.stringify({
      kind: 'done',
      ...{ controls: controls.length, trials, misses, falseAlarms, others, notAsWritten, logDir },
    }),
  );
}
