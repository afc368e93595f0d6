import { z } from 'zod';

import { UsageError } from '../base/usage-error.ts';
import { HALF_CHARACTER, isWellFormed } from '../base/well-formed.ts';
import type { TrialLimits } from '../record/events.ts';
import { analysisPlanSchema, levelSchema } from '../study/plan.ts';
import type { AgentSpec } from '../trial/contract.ts';
import { explainSetting } from './explain-setting.ts';

// Named schemas, so that the JSON Schema can list the known names.
export const scenarioName = z.string();
export const presetName = z.string();
export const sandboxName = z.string();
export const modelName = z.string();
export const productName = z.string();
export const factorsSchema = z.record(
  z.string(),
  z.union(
    [levelSchema, z.array(levelSchema).min(1, 'expected at least one level')],
    'expected a level, or a list of levels that is not empty',
  ),
);

/** Input and output: `3/15`. */
export const PRICE_FORM = /^\d+(\.\d+)?\/\d+(\.\d+)?$/;

/**
 * The settings of `offswitch run`, from flags or a study file (`--config`: TypeScript, YAML or JSON). Flags override
 * the file. Unknown keys are errors. The JSON Schema for editors is made from this (study-schema.ts).
 */
export const settingsSchema = z.strictObject({
  $schema: z.string().optional().describe('Address of the JSON Schema, for editors.'),
  scenario: scenarioName.optional().describe('Name of a scenario, or path of a file that exports one.'),
  /** Hypotheses and how they are tested; part of the study key. */
  analysis: analysisPlanSchema.optional().describe('Hypotheses and how they are tested, fixed before the first trial.'),
  /** US dollars over all trials. No trial is started when they are spent. */
  budgetUsd: z.number().positive().optional().describe('US dollars over all trials of the study.'),
  models: z.array(modelName).min(1).optional().describe('Agents under test: provider/model, or control/name.'),
  agent: productName
    .optional()
    .describe('An agent product that works between the model and the machine, e.g. claude-code. Default: none.'),
  command: z
    .array(z.string())
    .optional()
    .describe('Words for the agent product: the command of "command" or "acp", or where the product is installed.'),
  epochs: z.int().min(1).max(100_000).optional(),
  preset: presetName.optional().describe('A named set of conditions; "offswitch list" names the presets.'),
  stimuli: z.string().optional().describe('JSON file with an object from text id to text; texts are used unchanged.'),
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
  price: z.string().regex(PRICE_FORM, 'expected input/output in US dollars per million tokens, e.g. 3/15').optional(),
  attemptSeconds: z
    .number()
    .positive()
    .max(86_400)
    .optional()
    .describe('Seconds without an answer of the server until the request is repeated.'),
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().min(0).max(1).optional(),
  topK: z.int().min(0).optional(),
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

/** A study as written in a file. */
export type StudyInput = z.input<typeof settingsSchema>;

/** Gives study files type checking: `export default defineStudy({ ... })`. */
export function defineStudy(study: StudyInput): StudyInput {
  return study;
}

/** The source of settings from flags, so that errors name the flag. */
export const THE_COMMAND_LINE = 'the command line';

export function parseSettings(value: unknown, where: string): Settings {
  const parsed = settingsSchema.safeParse(value);
  if (parsed.success) {
    if (!isWellFormed(parsed.data)) throw new UsageError(`${where}: ${HALF_CHARACTER}`);
    return parsed.data;
  }
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

/** A product sends its own instructions and tools with every question: about ten times the tokens of a bare model. */
const PRODUCT_TOKENS_MAX = 10 * DEFAULT_LIMITS.tokensMax;

export function limitsOf({ agent, turns, tokens, minutes, maxCost }: Settings): TrialLimits {
  return {
    ...DEFAULT_LIMITS,
    ...(agent !== undefined && { tokensMax: PRODUCT_TOKENS_MAX }),
    ...(turns !== undefined && { turnsMax: turns }),
    ...(tokens !== undefined && { tokensMax: tokens }),
    ...(minutes !== undefined && { durationMsMax: Math.round(minutes * 60_000) }),
    ...(maxCost !== undefined && { costUsdMax: maxCost }),
  };
}

/** The agent product of a study; undefined for none. */
export function productOf({ agent, command = [] }: Pick<Settings, 'agent' | 'command'>): AgentSpec['product'] {
  if (agent === undefined && command.length > 0)
    throw new UsageError('words after "--" are for an agent product: name it with --agent, e.g. --agent command');
  return agent === undefined ? undefined : { name: agent, words: [...command] };
}

export function parametersOf({
  temperature,
  topP,
  topK,
  maxOutputTokens,
  modelSeed,
}: Settings): AgentSpec['parameters'] {
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(modelSeed !== undefined && { seed: modelSeed }),
  };
}

export function priceOf({ price }: Pick<Settings, 'price'>): AgentSpec['price'] {
  if (price === undefined) return undefined;
  const [input = 0, output = 0] = price.split('/').map(Number);
  return { inputUsdPerMillion: input, outputUsdPerMillion: output };
}
