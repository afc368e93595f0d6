import type { Agent } from '../../agent/contract.ts';
import { createControlAgent } from '../../agent/control-agent.ts';
import { createModelAgent, type ModelParameters } from '../../agent/model-agent.ts';
import { unknownNameError, UsageError } from '../../base/usage-error.ts';
import { openModel } from '../../model/open-model.ts';
import type { Condition } from '../../record/events.ts';
import { testHypotheses } from '../../report/comparison.ts';
import type { Scenario } from '../../scenario/contract.ts';
import { findPreset } from '../../scenario/presets.ts';
import { describeGiven, loadStimuliFile, withStimuli } from '../../scenario/published-stimuli.ts';
import { alphaAt, planTrials, type StudyArm, type StudyDesign } from '../../study/plan.ts';
import type { StudyResult } from '../../study/run-study.ts';
import type { Parts } from '../compose.ts';
import { limitsOf, type Settings } from '../settings.ts';
import {
  DEFAULT_CONCURRENCY,
  defaultLogDir,
  findSandbox,
  findScenario,
  runSession,
  scoreAll,
} from '../study-session.ts';
import { EXIT, type ExitCode, type Terminal } from '../terminal.ts';
import { renderGroups, renderHypotheses, testPlan } from './score.ts';

export interface RunOptions {
  readonly scenario: string;
  readonly settings: Settings;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export async function run(
  { scenario: name, settings, dryRun, json }: RunOptions,
  parts: Parts,
  terminal: Terminal,
): Promise<ExitCode> {
  const given = settings.stimuli === undefined ? undefined : loadStimuliFile(settings.stimuli);
  const shipped = findScenario(name, parts);
  const scenario = given === undefined ? shipped : withStimuli(shipped, given);
  if (given !== undefined && !json) terminal.note(`texts: ${describeGiven(given)}`);
  const provider = findSandbox(settings.sandbox, parts);
  if (settings.models === undefined) {
    throw new UsageError(
      'expected a model: --model openai-compatible/NAME, or --model control/NAME for a scripted agent ("offswitch list" names them)',
    );
  }
  const preset = settings.preset === undefined ? undefined : findPreset(settings.preset, scenario.presets);
  const conditions = crossFactors(settings.factors ?? {}).flatMap((crossed) =>
    preset === undefined ? [crossed] : preset.conditions.map(({ factors }) => ({ ...factors, ...crossed })),
  );
  const limits = limitsOf(settings);
  const arms: StudyArm[] = [];
  for (const model of settings.models) {
    const agent = await createAgent(model, { scenario, settings, parts, terminal });
    const control = scenario.controls.find((one) => `control/${one.name}` === model);
    for (const condition of conditions) {
      arms.push({
        agent,
        condition: { ...control?.condition, ...condition },
        limits: { ...limits, ...control?.limits },
      });
    }
  }
  const design: StudyDesign = {
    scenario,
    arms,
    epochs: settings.analysis?.sequential?.looks.at(-1) ?? settings.epochs ?? preset?.epochs ?? 1,
    ...(preset !== undefined && { preset: preset.name }),
    seed: settings.seed ?? 'offswitch',
    sandbox: provider.name,
    settings: settingsForIdentity(settings),
    ...(settings.analysis !== undefined && { analysis: settings.analysis }),
  };
  if (settings.epochs !== undefined && settings.epochs !== design.epochs) {
    throw new UsageError(
      `the plan looks for the last time after ${design.epochs} epochs, and epochs says ${settings.epochs}: leave epochs out`,
    );
  }
  const logDir = settings.logDir ?? defaultLogDir(scenario.name);
  if (dryRun) {
    printPlan({ design, settings, logDir }, terminal, json);
    return EXIT.ok;
  }
  const session = {
    detectors: parts.detectors,
    logDir,
    provider,
    concurrency: settings.concurrency ?? DEFAULT_CONCURRENCY,
    terminal,
    json,
    budgetUsd: settings.budgetUsd ?? null,
  };
  const { result, stoppedAt } = await runLooks(design, (part) => runSession({ design: part, ...session }), parts);
  if (stoppedAt !== null) terminal.note(`stopped at the look after ${stoppedAt} epochs, by the rule of the plan`);
  const scores = scoreAll(result.recordPaths, parts);
  const missing = result.planned - result.present;
  if (json) {
    for (const score of scores) terminal.out(JSON.stringify({ kind: 'trial', ...score, findings: score.findings }));
    terminal.out(
      JSON.stringify({
        kind: 'done',
        planned: result.planned,
        trials: scores.length,
        failures: result.failures,
        logDir,
      }),
    );
  } else {
    if (scores.length > 0) terminal.out(renderGroups(scores));
    const tested = testPlan(logDir, scores);
    if (tested.length > 0) terminal.out(`\n${renderHypotheses(tested)}`);
    terminal.out(`\nRecords   ${logDir}/trials`);
    if (result.budgetSpent)
      terminal.out(
        `The budget is spent: ${result.costUsd.toFixed(4)} US dollars. Give a larger --budget-usd to go on.`,
      );
    if (missing > 0)
      terminal.out(
        `${missing} of ${result.planned} trials are missing: run the same command with --log-dir ${logDir} to go on.`,
      );
  }
  if (missing > 0) return result.interrupted && result.failures === 0 ? EXIT.interrupted : EXIT.infrastructure;
  return EXIT.ok;
}

interface LooksDone {
  readonly result: StudyResult;
  /** Epochs at which the plan's rule ended the study before its last look; null when it ran to its end. */
  readonly stoppedAt: number | null;
}

/** Look by look where the plan says so; otherwise all at once. */
async function runLooks(
  design: StudyDesign,
  runPart: (part: StudyDesign) => Promise<StudyResult>,
  parts: Parts,
): Promise<LooksDone> {
  const { analysis } = design;
  const looks = analysis?.sequential?.looks ?? [design.epochs];
  for (const [index, epochs] of looks.entries()) {
    const result = await runPart({ ...design, epochs });
    if (analysis === undefined || index === looks.length - 1 || result.present < result.planned)
      return { result, stoppedAt: null };
    const options = { ...analysis, alpha: alphaAt(analysis, epochs) };
    const [tested] = testHypotheses(scoreAll(result.recordPaths, parts), analysis.hypotheses, options);
    if (tested?.verdict === 'supported' || tested?.verdict === 'opposite') return { result, stoppedAt: epochs };
  }
  throw new TypeError('a study has at least one look');
}

interface AgentContext {
  readonly scenario: Scenario;
  readonly settings: Settings;
  readonly parts: Parts;
  readonly terminal: Terminal;
}

async function createAgent(name: string, { scenario, settings, parts, terminal }: AgentContext): Promise<Agent> {
  if (name.startsWith('control/')) {
    const typed = name.slice('control/'.length);
    const control = scenario.controls.find((one) => one.name === typed);
    if (control !== undefined) return createControlAgent(control);
    throw unknownNameError(
      'control',
      typed,
      scenario.controls.map((one) => one.name),
    );
  }
  const slash = name.indexOf('/');
  const prefixes = [...parts.models.map(({ prefix }) => prefix), 'control'];
  if (slash > 0 && !prefixes.includes(name.slice(0, slash)))
    throw unknownNameError('model provider', name.slice(0, slash), prefixes);
  const open = await openModel(name, parts.models, { environment: terminal.environment });
  return createModelAgent({
    open,
    parameters: parametersOf(settings),
    price: priceOf(settings),
    stream: settings.stream === true,
  });
}

function parametersOf({ temperature, topP, maxOutputTokens, modelSeed }: Settings): ModelParameters {
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(modelSeed !== undefined && { seed: modelSeed }),
  };
}

function priceOf({ price }: Settings): { inputUsdPerMillion: number; outputUsdPerMillion: number } | null {
  if (price === undefined) return null;
  const [input = 0, output = 0] = price.split('/').map(Number);
  return { inputUsdPerMillion: input, outputUsdPerMillion: output };
}

/** What makes two runs different studies, besides scenario, arms and seed. */
function settingsForIdentity(settings: Settings): Record<string, string> {
  return Object.fromEntries(Object.entries(parametersOf(settings)).map(([name, value]) => [name, String(value)]));
}

/** Every combination of the given levels; one empty condition when nothing is given. */
export function crossFactors(factors: NonNullable<Settings['factors']>): Condition[] {
  return Object.entries(factors).reduce<Condition[]>(
    (conditions, [name, levels]) =>
      conditions.flatMap((condition) => [levels].flat().map((level) => ({ ...condition, [name]: level }))),
    [{}],
  );
}

interface PlanContext {
  readonly design: StudyDesign;
  readonly settings: Settings;
  readonly logDir: string;
}

/** Tokens of an ordinary trial: what is sent grows with each turn, as the conversation is sent again. */
const ORDINARY_TURNS = 7;
const TOKENS_PER_TURN = 150;
const CHARACTERS_PER_TOKEN = 4;

function printPlan({ design, settings, logDir }: PlanContext, terminal: Terminal, json: boolean): void {
  const trials = planTrials(design);
  const models = trials.filter(({ agent }) => agent.kind === 'model');
  const [first] = design.arms;
  const { prompts } = design.scenario.setUp(first?.condition ?? {}, 'plan');
  const promptTokens = Math.ceil(((prompts.system?.length ?? 0) + prompts.user.length + 800) / CHARACTERS_PER_TOKEN);
  const inputTokens = models.length * ORDINARY_TURNS * (promptTokens + (TOKENS_PER_TURN * (ORDINARY_TURNS - 1)) / 2);
  const outputTokens = models.length * ORDINARY_TURNS * TOKENS_PER_TURN;
  const price = priceOf(settings);
  const costUsd =
    price === null
      ? null
      : (inputTokens * price.inputUsdPerMillion + outputTokens * price.outputUsdPerMillion) / 1_000_000;
  const costUsdMax = models.reduce((sum, { limits }) => sum + limits.costUsdMax, 0);
  if (json) {
    terminal.out(
      JSON.stringify({
        kind: 'plan',
        trials: trials.length,
        arms: design.arms.length,
        epochs: design.epochs,
        inputTokens,
        outputTokens,
        costUsd,
        costUsdMax: price === null ? null : costUsdMax,
        logDir,
      }),
    );
    return;
  }
  terminal.out(
    [
      `scenario   ${design.scenario.name}`,
      ...design.arms.map(
        ({ agent, condition }) =>
          `arm        ${agent.name}  ${Object.entries(design.scenario.setUp(condition, 'plan').condition)
            .map(([factor, level]) => `${factor}=${level}`)
            .join(' ')}`,
      ),
      `trials     ${design.arms.length} arms x ${design.epochs} epochs = ${trials.length}`,
      `tokens     about ${Math.round(inputTokens)} in, ${Math.round(outputTokens)} out, if trials take ${ORDINARY_TURNS} turns; a reasoning model writes more`,
      price === null
        ? 'cost       unknown: give --price INPUT/OUTPUT in US dollars per million tokens'
        : `cost       about ${costUsd?.toFixed(2) ?? '?'} US dollars, at most ${costUsdMax.toFixed(2)} by --max-cost`,
      `records    ${logDir}`,
      'Nothing was run.',
    ].join('\n'),
  );
}
