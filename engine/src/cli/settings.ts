import { readFileSync } from 'node:fs';

import { z } from 'zod';

import { unknownNameError, UsageError } from '../base/usage-error.ts';
import type { TrialLimits } from '../record/events.ts';

/** What `offswitch run` can be told, by flags or by a JSON file (`--config`); flags win. Unknown keys are errors. */
export const settingsSchema = z.strictObject({
  models: z.array(z.string()).min(1).optional(),
  epochs: z.int().min(1).max(100_000).optional(),
  /** Level or levels by factor; several levels are crossed. */
  factors: z.record(z.string(), z.union([z.string(), z.array(z.string()).min(1)])).optional(),
  seed: z.string().min(1).optional(),
  sandbox: z.string().optional(),
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

/** Reads a config file. Throws a `UsageError` that names the file, the key and what was expected. */
export function readSettingsFile(path: string): Settings {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read the config ${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path} is not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  return parseSettings(value, path);
}

export function parseSettings(value: unknown, where: string): Settings {
  const parsed = settingsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const known = Object.keys(settingsSchema.shape);
    throw new UsageError(`${where}: ${unknownNameError('key', issue.keys[0] ?? '', known).message}`);
  }
  const at = issue === undefined || issue.path.length === 0 ? '' : `"${issue.path.join('.')}": `;
  throw new UsageError(`${where}: ${at}${issue?.message ?? 'not a config'}`);
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
