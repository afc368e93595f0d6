import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { z } from 'zod';

import { UsageError } from '../base/usage-error.ts';
import type { TrialLimits } from '../record/events.ts';
import { analysisPlanSchema, levelSchema } from '../study/plan.ts';
import { explainSetting } from './explain-setting.ts';

// By names of their own, so that the JSON Schema can say what names there are.
export const scenarioName = z.string();
export const presetName = z.string();
export const sandboxName = z.string();
export const modelName = z.string();
export const factorsSchema = z.record(
  z.string(),
  z.union(
    [levelSchema, z.array(levelSchema).min(1, 'expected at least one level')],
    'expected a level, or a list of levels that is not empty',
  ),
);

/**
 * What `offswitch run` can be told, by flags or by a study file (`--config`: TypeScript, YAML or JSON); flags win.
 * Unknown keys are errors. The JSON Schema for editors is made from this (study-schema.ts).
 */
export const settingsSchema = z.strictObject({
  $schema: z.string().optional().describe('Address of the JSON Schema, for editors.'),
  scenario: scenarioName.optional().describe('Scenario, e.g. shutdown.'),
  /** Hypotheses and how they are tested; part of the hash that is fixed before the first trial. */
  analysis: analysisPlanSchema.optional().describe('What is looked for and how: fixed before the first trial.'),
  /** US dollars over all trials; no trial is started when they are spent. */
  budgetUsd: z.number().positive().optional().describe('US dollars over all trials of the study.'),
  models: z.array(modelName).min(1).optional().describe('Agents under test: provider/model, or control/name.'),
  epochs: z.int().min(1).max(100_000).optional(),
  preset: presetName
    .optional()
    .describe('Conditions that belong together, e.g. palisade-2025; "offswitch list" names them.'),
  stimuli: z.string().optional().describe('JSON file from text id to text: texts to be used exactly as they are.'),
  /** Level or levels by factor; several levels are crossed. */
  factors: factorsSchema.optional().describe('Levels of factors; several levels are crossed.'),
  seed: z
    .union([z.string().min(1), z.number()], 'expected a text that is not empty')
    .transform(String)
    .optional()
    .describe('Same seed, same items.'),
  sandbox: sandboxName.optional(),
  concurrency: z.int().min(1).max(256).optional(),
  logDir: z.string().min(1).optional(),
  turns: z.int().min(1).optional(),
  tokens: z.int().min(1).optional(),
  minutes: z.number().positive().optional(),
  maxCost: z.number().min(0).optional(),
  /** US dollars per million tokens, input and output: `3/15`. */
  price: z
    .string()
    .regex(/^\d+(\.\d+)?\/\d+(\.\d+)?$/, 'expected input/output in US dollars per million tokens, e.g. 3/15')
    .optional(),
  attemptSeconds: z
    .number()
    .positive()
    .max(86_400)
    .optional()
    .describe('Seconds without an answer of the server, or without a piece of it; then the question is asked again.'),
  stream: z.boolean().optional().describe('Ask for answers in pieces; a server that falls silent is noticed.'),
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().min(0).max(1).optional(),
  maxOutputTokens: z.int().min(1).optional(),
  modelSeed: z.int().optional(),
});
export type Settings = z.output<typeof settingsSchema>;

export const DEFAULT_LIMITS: TrialLimits = {
  turnsMax: 30,
  tokensMax: 200_000,
  durationMsMax: 10 * 60_000,
  costUsdMax: 1,
  commandMsMax: 15_000,
  outputBytesMax: 64 * 1024,
  idleTurnsMax: 3,
};

/** Typed identity for study files: `export default defineStudy({ ... })`. */
export function defineStudy(study: z.input<typeof settingsSchema>): z.input<typeof settingsSchema> {
  return study;
}

const FILE_NAMES = ['ts', 'mts', 'js', 'mjs', 'yaml', 'yml', 'json'].map((kind) => `offswitch.config.${kind}`);

/** The study file of a folder, or undefined. Throws a `UsageError` when there are several. */
export function findSettingsFile(folder: string): string | undefined {
  const found = FILE_NAMES.filter((name) => existsSync(join(folder, name)));
  if (found.length > 1)
    throw new UsageError(`${found.join(' and ')} are both here: say which with --config, or --no-config for neither`);
  return found[0];
}

/** Reads a study file. Rejects with a `UsageError` that names the file, the key and what was expected. */
export async function readSettingsFile(path: string): Promise<Settings> {
  return parseSettings(await readValue(path), path);
}

async function readValue(path: string): Promise<unknown> {
  const kind = extname(path);
  try {
    if (kind === '.ts' || kind === '.mts' || kind === '.js' || kind === '.mjs') {
      offerOwnPackage();
      const module: unknown = await import(pathToFileURL(resolve(path)).href);
      if (typeof module === 'object' && module !== null && 'default' in module) return module.default;
      throw new UsageError(`${path}: expected "export default defineStudy({ ... })"`);
    }
    const text = readFileSync(path, 'utf8');
    if (kind === '.yaml' || kind === '.yml') {
      const { parse } = await import('yaml');
      const value: unknown = parse(text);
      return value;
    }
    const value: unknown = JSON.parse(text);
    return value;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    const problem = error instanceof SyntaxError || (error instanceof Error && error.name === 'YAMLParseError');
    throw new UsageError(
      problem ? `${path} cannot be parsed: ${reason}` : `cannot read the config ${path}: ${reason}`,
      { cause: error },
    );
  }
}

let offered = false;

/** A study file imports `offswitch`; it gets the very one that runs it, wherever it lies. */
function offerOwnPackage(): void {
  if (offered) return;
  offered = true;
  const url = new URL(import.meta.url.endsWith('.ts') ? '../index.ts' : '../index.js', import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'offswitch' ? { url, shortCircuit: true } : next(specifier, context),
  });
}

/** Where settings come from that were given as flags: what is wrong with one is said of the flag. */
export const THE_COMMAND_LINE = 'the command line';

export function parseSettings(value: unknown, where: string): Settings {
  const parsed = settingsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue === undefined) throw new UsageError(`${where}: not a config`);
  const problem = { schema: settingsSchema, value, issue };
  if (where === THE_COMMAND_LINE) throw new UsageError(explainSetting(toFlag(issue.path[0]), problem));
  const path = issue.path.join('.');
  throw new UsageError(`${where}: ${explainSetting(path === '' ? '' : `"${path}"`, problem)}`);
}

/** `maxOutputTokens` is `--max-output-tokens`. */
function toFlag(key: PropertyKey | undefined): string {
  const name = { models: 'model', factors: 'factor' }[String(key)] ?? String(key);
  return key === undefined ? '' : `--${name.replaceAll(/[A-Z]/g, (char) => `-${char.toLowerCase()}`)}`;
}

export function limitsOf({ turns, tokens, minutes, maxCost }: Settings): TrialLimits {
  return {
    ...DEFAULT_LIMITS,
    ...(turns !== undefined && { turnsMax: turns }),
    ...(tokens !== undefined && { tokensMax: tokens }),
    ...(minutes !== undefined && { durationMsMax: Math.round(minutes * 60_000) }),
    ...(maxCost !== undefined && { costUsdMax: maxCost }),
  };
}
