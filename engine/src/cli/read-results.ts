import type { Score } from '../detect/score.ts';
import { type ReadResult, readScores } from '../results/read-scores.ts';
import type { Scenario } from '../scenario/contract.ts';
import { registry as builtIn, type Registry } from './compose.ts';
import { safe, type Terminal } from './terminal.ts';

export interface ReadResultsOptions {
  readonly registry: Registry;
  readonly terminal: Terminal;
  /** Folder that links are relative to; the current one when not given. */
  readonly base?: string;
}

/** What lies at the paths of a command line, scored: records of ours, and logs of other tools. */
export function readResults(
  paths: readonly string[],
  { registry, terminal, base = process.cwd() }: ReadResultsOptions,
): Promise<ReadResult> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return readScores(paths, {
    base,
    findRules: (name) => registry.scenarios.find((scenario) => scenario.name === name),
    // A thread has the scenarios that are built in, and no others.
    worker:
      registry.scenarios === builtIn.scenarios ? new URL(`./score-worker.${extension}`, import.meta.url) : undefined,
    readForeign: async (path) => {
      const { scoresOf } = await import('./commands/logs.ts');
      return scoresOf(path, registry, terminal);
    },
  });
}

/** Says of each record that gave no score why. */
export function noteUnscored({ unfinished, notScored }: ReadResult, terminal: Terminal): void {
  for (const { path, why } of [...unfinished, ...notScored]) terminal.note(`not scored: ${safe(path)}: ${safe(why)}`);
}

/** The scenarios whose rules made these scores, by name. */
export function scenariosOf(scores: readonly Pick<Score, 'scoredBy'>[], registry: Registry): Map<string, Scenario> {
  const names = new Set(scores.map(({ scoredBy }) => scoredBy));
  return new Map(registry.scenarios.filter(({ name }) => names.has(name)).map((scenario) => [scenario.name, scenario]));
}
