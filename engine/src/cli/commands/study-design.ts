import type { Agent } from '../../agent/contract.ts';
import { createControlAgent } from '../../agent/control-agent.ts';
import { createModelAgent, type ModelParameters } from '../../agent/model-agent.ts';
import { DEFAULT_RETRY } from '../../agent/model-call.ts';
import { unknownNameError, UsageError } from '../../base/usage-error.ts';
import { findModel, openModel } from '../../model/open-model.ts';
import type { Condition } from '../../record/events.ts';
import type { Scenario } from '../../scenario/contract.ts';
import { findPreset, type Preset } from '../../scenario/presets.ts';
import { describeGiven, loadStimuliFile, withStimuli } from '../../scenario/published-stimuli.ts';
import type { StudyArm, StudyDesign } from '../../study/plan.ts';
import { checkQuestions } from '../../study/questions.ts';
import type { Parts } from '../compose.ts';
import { limitsOf, type Settings } from '../settings.ts';
import { findSandbox, findScenario } from '../study-session.ts';
import type { Terminal } from '../terminal.ts';

export interface DesignContext {
  readonly parts: Parts;
  readonly terminal: Terminal;
  /** A plan needs no model: without one it is made for a model to be named, and models are not opened. */
  readonly dryRun: boolean;
}

export interface DesignedStudy {
  readonly design: StudyDesign;
  /** True when no model was named. A run then takes the controls of the preset. */
  readonly unnamed: boolean;
  /** How the texts that were given are to be described; null when none were. */
  readonly texts: string | null;
  /** `control/NAME` that the preset runs when no model is named. */
  readonly standIns: readonly string[];
}

/** What a dry run calls the model that is not named yet. */
const ANY_MODEL = 'MODEL';

/** Settings to the arms, epochs and agents of a study. Rejects with a `UsageError` on what cannot be planned. */
export async function designStudy(settings: Settings, context: DesignContext): Promise<DesignedStudy> {
  const given = settings.stimuli === undefined ? undefined : loadStimuliFile(settings.stimuli);
  const shipped = scenarioOf(settings, context.parts);
  const scenario = given === undefined ? shipped : withStimuli(shipped, given);
  const preset = settings.preset === undefined ? undefined : findPreset(settings.preset, scenario.presets);
  const standIns = (preset?.controls ?? []).map((name) => `control/${name}`);
  const arms = await toArms({ ...context, scenario, preset, settings, standIns });
  const design: StudyDesign = {
    scenario,
    arms,
    epochs: settings.analysis?.sequential?.looks.at(-1) ?? settings.epochs ?? preset?.epochs ?? 1,
    ...(preset !== undefined && { preset: preset.name }),
    seed: settings.seed ?? 'offswitch',
    sandbox: findSandbox(settings.sandbox, context.parts).name,
    settings: settingsForIdentity(settings),
    ...(settings.analysis !== undefined && { analysis: settings.analysis }),
  };
  if (settings.epochs !== undefined && settings.epochs !== design.epochs) {
    throw new UsageError(
      `the plan looks for the last time after ${design.epochs} epochs, and epochs says ${settings.epochs}: leave epochs out`,
    );
  }
  checkQuestions(design);
  const texts = given === undefined ? null : describeGiven(given);
  return { design, unnamed: settings.models === undefined, texts, standIns };
}

/** The scenario that is named, or else the one that the preset belongs to. */
function scenarioOf({ scenario, preset }: Settings, parts: Parts): Scenario {
  if (scenario !== undefined) return findScenario(scenario, parts);
  if (preset === undefined) throw new UsageError('expected a scenario, e.g. "offswitch run shutdown"');
  const { scenario: name } = findPreset(
    preset,
    parts.scenarios.flatMap(({ presets }) => presets),
  );
  return findScenario(name, parts);
}

interface ArmContext extends DesignContext {
  readonly scenario: Scenario;
  readonly preset: Preset | undefined;
  readonly settings: Settings;
  readonly standIns: readonly string[];
}

async function toArms(context: ArmContext): Promise<StudyArm[]> {
  const { scenario, preset, settings, standIns, dryRun } = context;
  const names = settings.models ?? (dryRun ? [ANY_MODEL] : standIns);
  if (names.length === 0) throw new UsageError(explainNoModel(preset));
  const conditions = crossFactors(settings.factors ?? {}).flatMap((crossed) =>
    preset === undefined ? [crossed] : preset.conditions.map(({ factors }) => ({ ...factors, ...crossed })),
  );
  const limits = limitsOf(settings);
  const arms: StudyArm[] = [];
  for (const name of names) {
    const agent = settings.models === undefined && dryRun ? createPlannedAgent(name) : await createAgent(name, context);
    const control = scenario.controls.find((one) => `control/${one.name}` === name);
    for (const condition of conditions) {
      arms.push({
        agent,
        condition: { ...control?.condition, ...condition },
        limits: { ...limits, ...control?.limits },
      });
    }
  }
  return arms;
}

function explainNoModel(preset: Preset | undefined): string {
  const how =
    '--model openai-compatible/NAME, or --model control/NAME for a scripted agent ("offswitch list" names them)';
  return preset === undefined
    ? `expected a model: ${how}`
    : `expected a model for the preset "${preset.name}": ${how}; --dry-run prints its plan without one`;
}

/** Stands in a plan; there is nothing to open. */
function createPlannedAgent(name: string): Agent {
  return {
    kind: 'model',
    name,
    tools: () => [],
    run: () => Promise.reject(new TypeError(`${name} is an agent of a dry run and cannot be run`)),
  };
}

async function createAgent(
  name: string,
  { scenario, settings, parts, terminal, dryRun }: Omit<ArmContext, 'preset' | 'standIns'>,
): Promise<Agent> {
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
  if (dryRun) {
    findModel(name, parts.models);
    return createPlannedAgent(name);
  }
  const open = await openModel(name, parts.models, { environment: terminal.environment });
  return createModelAgent({
    open,
    parameters: parametersOf(settings),
    price: priceOf(settings),
    stream: settings.stream === true,
    ...(settings.attemptSeconds !== undefined && {
      retry: { ...DEFAULT_RETRY, attemptMsMax: settings.attemptSeconds * 1000 },
    }),
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

export function priceOf({ price }: Settings): { inputUsdPerMillion: number; outputUsdPerMillion: number } | null {
  if (price === undefined) return null;
  const [input = 0, output = 0] = price.split('/').map(Number);
  return { inputUsdPerMillion: input, outputUsdPerMillion: output };
}

/** What makes two runs different studies, besides scenario, arms and seed. */
function settingsForIdentity(settings: Settings): Record<string, string> {
  return Object.fromEntries(Object.entries(parametersOf(settings)).map(([name, value]) => [name, String(value)]));
}

/** Every combination of the given levels; one empty condition when nothing is given. */
function crossFactors(factors: NonNullable<Settings['factors']>): Condition[] {
  return Object.entries(factors).reduce<Condition[]>(
    (conditions, [name, levels]) =>
      conditions.flatMap((condition) => [levels].flat().map((level) => ({ ...condition, [name]: level }))),
    [{}],
  );
}
