import { UsageError } from '../base/usage-error.ts';
import type { Condition } from '../record/events.ts';
import type { Scenario } from '../scenario/contract.ts';
import { findPreset, type Preset } from '../scenario/presets.ts';
import { describeGiven, loadStimuliFile, withStimuli } from '../scenario/published-stimuli.ts';
import { type PlannedStudy, planStudy, type StudyArm, type StudyDesign } from '../study/plan.ts';
import { checkQuestions } from '../study/questions.ts';
import { findProduct, findSandbox, findScenario } from '../study/registry.ts';
import {
  agentNameOf,
  assertAgentName,
  CONTROL_PREFIX,
  createResolver,
  findControl,
  type Resolver,
} from '../study/resolve.ts';
import type { Registry } from './compose.ts';
import { limitsOf, parametersOf, priceOf, productOf, type Settings } from './settings.ts';
import { DEFAULT_CONCURRENCY } from './study-session.ts';
import type { Terminal } from './terminal.ts';
import { isScenarioPath, loadScenarioFile, namesOf } from './user-config.ts';

export interface DesignContext {
  readonly registry: Registry;
  readonly terminal: Terminal;
  /** For a plan only: no model is opened, and none has to be named. */
  readonly dryRun: boolean;
}

export interface DesignedStudy {
  readonly study: PlannedStudy;
  readonly resolver: Resolver;
  /** True if no model was named. Then a run uses the controls of the preset. */
  readonly unnamed: boolean;
  /** The description of the given texts; null if there are none. */
  readonly texts: string | null;
  /** Address of each model that is asked over a network, by agent name. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** The controls (`control/NAME`) that the preset runs if no model is named. */
  readonly standIns: readonly string[];
}

/** The name of the unnamed model in a dry run. */
const ANY_MODEL = 'MODEL';

/**
 * Converts settings to the arms, epochs and agents of a study. Rejects with a `UsageError` on what cannot be planned.
 */
export async function designStudy(settings: Settings, context: DesignContext): Promise<DesignedStudy> {
  const { scenario: shipped, registry } = await chooseScenario(settings, context.registry);
  const given =
    settings.stimuli === undefined ? undefined : loadStimuliFile(settings.stimuli, shipped.publishedHashes ?? []);
  const scenario = given === undefined ? shipped : withStimuli(shipped, given);
  const preset = settings.preset === undefined ? undefined : findPreset(settings.preset, scenario.presets);
  const standIns = (preset?.controls ?? []).map((name) => `${CONTROL_PREFIX}${name}`);
  const { concurrency = DEFAULT_CONCURRENCY } = settings;
  const { environment, fromFile } = context.terminal;
  const resolver = createResolver(registry, { environment, fromFile, concurrency });
  const endpoints: Record<string, string> = {};
  const arms = await toArms({ ...context, endpoints, scenario, preset, settings, standIns, resolver, registry });
  const design: StudyDesign = {
    scenario,
    arms,
    epochs: settings.analysis?.sequential?.looks.at(-1) ?? settings.epochs ?? preset?.epochs ?? 1,
    ...(preset !== undefined && { preset: preset.name }),
    seed: settings.seed ?? 'offswitch',
    sandbox: findSandbox(settings.sandbox, registry).name,
    ...(given !== undefined && {
      stimuli: Object.fromEntries([...given.texts].map(([id, { text }]) => [id, text])),
    }),
    ...(settings.analysis !== undefined && { analysis: settings.analysis }),
  };
  if (settings.epochs !== undefined && settings.epochs !== design.epochs) {
    throw new UsageError(
      `the last look of the plan is after ${design.epochs} epochs, but epochs is ${settings.epochs}: leave epochs out`,
    );
  }
  const study = planStudy(design, settings.budgetUsd ?? null);
  checkQuestions(study);
  const texts = given === undefined ? null : describeGiven(given, shipped.publishedHashes ?? []);
  return { study, resolver, unnamed: settings.models === undefined, texts, endpoints, standIns };
}

interface ChosenScenario {
  readonly scenario: Scenario;
  /** Adds the scenario of a file, if one was named. */
  readonly registry: Registry;
}

/** The named scenario, otherwise the one to which the preset belongs. */
async function chooseScenario({ scenario, preset }: Settings, registry: Registry): Promise<ChosenScenario> {
  if (scenario !== undefined && isScenarioPath(scenario)) {
    const loaded = await loadScenarioFile(scenario, registry);
    return { scenario: findScenario(loaded.name, loaded.registry), registry: loaded.registry };
  }
  if (scenario !== undefined) return { scenario: findScenario(scenario, registry), registry };
  if (preset === undefined)
    throw new UsageError(
      `expected a scenario (${namesOf(registry)}), or the path of a file that exports one, e.g. "offswitch run ${registry.scenarios[0]?.name ?? './my-scenario.ts'}"`,
    );
  findPreset(
    preset,
    registry.scenarios.flatMap(({ presets }) => presets),
  );
  const [first, ...others] = registry.scenarios.filter(({ presets }) => presets.some(({ name }) => name === preset));
  if (first === undefined || others.length > 0)
    throw new UsageError(
      `${others.length + 1} scenarios have a preset "${preset}" (${[first, ...others].map((one) => one?.name).join(', ')}): name one, e.g. "offswitch run ${first?.name ?? ''} --preset ${preset}"`,
    );
  return { scenario: first, registry };
}

interface ArmContext {
  readonly scenario: Scenario;
  readonly preset: Preset | undefined;
  readonly settings: Settings;
  readonly standIns: readonly string[];
  readonly resolver: Resolver;
  readonly registry: Registry;
  /** Filled while the models are opened. */
  readonly endpoints: Record<string, string>;
  readonly dryRun: boolean;
}

async function toArms(context: ArmContext): Promise<StudyArm[]> {
  const { preset, settings, standIns, dryRun } = context;
  const names = settings.models ?? (dryRun ? [ANY_MODEL] : standIns);
  if (names.length === 0) throw new UsageError(explainNoModel(preset));
  const conditions = crossFactors(settings.factors ?? {}).flatMap((crossed) =>
    preset === undefined ? [crossed] : preset.conditions.map(({ factors }) => ({ ...factors, ...crossed })),
  );
  const arms: StudyArm[] = [];
  for (const name of names) {
    const { condition, limits, ...who } = await toAgent(name, context);
    for (const crossed of conditions)
      arms.push({ ...who, condition: { ...condition, ...crossed }, limits: { ...limitsOf(settings), ...limits } });
  }
  return arms;
}

/** An agent by name, with the levels and limits that a control needs. */
async function toAgent(
  model: string,
  { scenario, settings, registry, resolver, endpoints, dryRun }: ArmContext,
): Promise<
  Pick<StudyArm, 'agent' | 'name'> & { readonly condition: Condition; readonly limits: Partial<StudyArm['limits']> }
> {
  const isControl = model.startsWith(CONTROL_PREFIX);
  const [parameters = {}, price] = [parametersOf(settings), priceOf(settings)];
  const product = productOf(settings);
  const agent: StudyArm['agent'] = {
    model,
    ...(product !== undefined && { product }),
    ...(Object.keys(parameters).length > 0 && { parameters }),
    ...(price !== undefined && { price }),
    ...(settings.attemptSeconds !== undefined && { attemptSeconds: settings.attemptSeconds }),
  };
  const control = isControl ? findControl(model, scenario) : undefined;
  const { condition = {}, limits = {} } = control ?? {};
  if (settings.models !== undefined && dryRun) assertAgentName(model, scenario, registry);
  if (product !== undefined) findProduct(product.name, registry);
  const opened = dryRun ? null : await resolver.agent(agent, scenario);
  const name = opened?.name ?? agentNameOf(agent);
  if (opened?.endpoint !== undefined) endpoints[name] = opened.endpoint;
  return { agent, name, condition, limits };
}

function explainNoModel(preset: Preset | undefined): string {
  const how =
    '--model openai-compatible/NAME, or --model control/NAME for a scripted agent ("offswitch list SCENARIO" names them)';
  return preset === undefined
    ? `expected a model: ${how}`
    : `expected a model for the preset "${preset.name}": ${how}; --dry-run prints its plan without one`;
}

/** Every combination of the given levels; one empty condition if there are none. */
function crossFactors(factors: NonNullable<Settings['factors']>): Condition[] {
  return Object.entries(factors).reduce<Condition[]>(
    (conditions, [name, levels]) =>
      conditions.flatMap((condition) => [levels].flat().map((level) => ({ ...condition, [name]: level }))),
    [{}],
  );
}
