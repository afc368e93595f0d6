import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { UsageError } from '../base/usage-error.ts';
import type { Detector } from '../detect/contract.ts';
import type { JudgeQuestion } from '../judge/contract.ts';
import type { ModelProvider } from '../model/contract.ts';
import type { SandboxProvider } from '../sandbox/contract.ts';
import { assertScenario } from '../scenario/assert-scenario.ts';
import type { Scenario } from '../scenario/contract.ts';
import type { Registry } from './compose.ts';
import { isCode, loadData, loadModule } from './load-module.ts';
import { parseSettings, type Settings, type StudyInput } from './settings.ts';

/** What `offswitch.config.ts` adds to the built-in registry. All of it is optional. */
export interface Config {
  readonly scenarios?: readonly Scenario[];
  /** Each is added to every scenario whose vocabulary defines all its behaviours. */
  readonly detectors?: readonly Detector[];
  readonly sandboxes?: readonly SandboxProvider[];
  /** They can be measured, and can judge. */
  readonly models?: readonly ModelProvider[];
  /** For `offswitch judge`. */
  readonly questions?: readonly JudgeQuestion[];
  /** Default settings of `offswitch run`. */
  readonly study?: StudyInput;
}

/** Distinguishes a config from a study, even if two copies of this package are loaded. */
const CONFIG = Symbol.for('offswitch.config');

/** `export default defineConfig({ ... })` in `offswitch.config.ts`. */
export function defineConfig(config: Config): Config {
  return Object.assign({ ...config }, { [CONFIG]: true });
}

function isConfig(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && CONFIG in value;
}

export interface UserConfig {
  /** Path of the file. */
  readonly path: string;
  readonly config: Config;
  /** The study in it; may be empty. */
  readonly settings: Settings;
}

const CODE_NAMES = ['ts', 'mts', 'js', 'mjs'].map((kind) => `offswitch.config.${kind}`);
const NAMES = [...CODE_NAMES, ...['yaml', 'yml', 'json'].map((kind) => `offswitch.config.${kind}`)];

/**
 * The config of a folder, or undefined. Throws a `UsageError` if there are several.
 * @param only `code`: leaves out data files, which can only have a study
 */
export function findConfigFile(folder: string, only: 'code' | 'all' = 'all'): string | undefined {
  const found = (only === 'code' ? CODE_NAMES : NAMES).filter((name) => existsSync(join(folder, name)));
  if (found.length > 1)
    throw new UsageError(`${found.join(' and ')} both exist: choose one with --config, or neither with --no-config`);
  return found[0];
}

/** Reads a config or a study file. Rejects with a `UsageError` that names the file, the key and what was expected. */
export async function readConfigFile(path: string): Promise<UserConfig> {
  if (!isCode(path)) return { path, config: {}, settings: parseSettings(await loadData(path), path) };
  const { default: value } = await loadModule(path);
  if (value === undefined)
    throw new UsageError(
      `${path}: expected "export default defineConfig({ ... })" or "export default defineStudy(...)"`,
    );
  if (!isConfig(value)) return { path, config: {}, settings: parseSettings(value, path) };
  return { path, config: value, settings: parseSettings(value.study ?? {}, path) };
}

/**
 * The registry with the additions of a config. Throws a `UsageError` on a name that is taken, and on an invalid
 * scenario.
 */
export function extendRegistry(registry: Registry, { path, config }: Pick<UserConfig, 'path' | 'config'>): Registry {
  const { scenarios = [], detectors = [], sandboxes = [], models = [], questions = [] } = config;
  for (const scenario of scenarios) check(scenario, path);
  const add = <T>(kind: string, known: readonly T[], own: readonly T[], nameOf: (one: T) => string): readonly T[] => {
    own.forEach((one, index) => {
      const name = nameOf(one);
      if ([...known, ...own.slice(0, index)].some((other) => nameOf(other) === name))
        throw new UsageError(`${path}: there are two ${kind} named "${name}": give this one another name`);
    });
    return own.length === 0 ? known : [...known, ...own];
  };
  const all = add('scenarios', registry.scenarios, scenarios, ({ name }) => name);
  return {
    ...registry,
    scenarios: detectors.length === 0 ? all : withDetectors(all, detectors, path),
    sandboxes: add('sandboxes', registry.sandboxes, sandboxes, ({ name }) => name),
    models: add('model providers', registry.models, models, ({ prefix }) => prefix),
    questions: add('questions', registry.questions, questions, ({ id }) => id),
  };
}

/** Adds a detector to the scenarios that define its behaviours. */
function withDetectors(
  scenarios: readonly Scenario[],
  detectors: readonly Detector[],
  path: string,
): readonly Scenario[] {
  const fits = ({ vocabulary }: Scenario, { behaviours }: Detector): boolean =>
    behaviours.every((behaviour) => Object.hasOwn(vocabulary.behaviours, behaviour));
  for (const detector of detectors) {
    if (!scenarios.some((scenario) => fits(scenario, detector)))
      throw new UsageError(
        `${path}: no scenario defines the behaviours of the detector "${detector.id}" (${detector.behaviours.join(', ')}): add them to the vocabulary of yours`,
      );
    const taken = scenarios.find(({ detectors: own }) => own.some(({ id }) => id === detector.id));
    if (taken !== undefined)
      throw new UsageError(
        `${path}: the scenario "${taken.name}" already has a detector "${detector.id}": rename yours`,
      );
  }
  return scenarios.map((scenario) => {
    const more = detectors.filter((detector) => fits(scenario, detector));
    return more.length === 0 ? scenario : { ...scenario, detectors: [...scenario.detectors, ...more] };
  });
}

/** Whether the word names a file, not a known scenario. */
export function isScenarioPath(word: string): boolean {
  return /^\.{0,2}[/\\]/.test(word) || isCode(word);
}

/**
 * Adds the scenario that a file exports to the registry, and returns both. Rejects with a `UsageError` that names the
 * file.
 */
export async function loadScenarioFile(
  path: string,
  registry: Registry,
): Promise<{ readonly registry: Registry; readonly name: string }> {
  if (!existsSync(path))
    throw new UsageError(
      `there is no file ${path}: expected one that exports a scenario, or the name of one (${namesOf(registry)})`,
    );
  const module = await loadModule(path);
  const scenario = module['default'] ?? module['scenario'];
  if (scenario === undefined)
    throw new UsageError(
      `${path} exports no scenario: expected "export default defineScenario({ ... })", or an export named "scenario"`,
    );
  check(scenario, path);
  // The config may name the same scenario, and add detectors to it.
  if (registry.scenarios.some(({ name, setUp }) => name === scenario.name && setUp === scenario.setUp))
    return { registry, name: scenario.name };
  return { registry: extendRegistry(registry, { path, config: { scenarios: [scenario] } }), name: scenario.name };
}

export function namesOf({ scenarios }: Pick<Registry, 'scenarios'>): string {
  return scenarios.map(({ name }) => name).join(', ');
}

function check(value: unknown, path: string): asserts value is Scenario {
  try {
    assertScenario(value);
  } catch (error) {
    throw new UsageError(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
