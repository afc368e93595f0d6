import { UsageError } from '../base/usage-error.ts';
import type { Score } from '../detect/score.ts';
import type { Condition } from '../record/events.ts';
import { labelsOf } from '../results/published-numbers.ts';
import { type ReadResult, readScores } from '../results/read-scores.ts';
import { isOurs } from '../results/records.ts';
import { sayRedacted } from '../results/trial-context.ts';
import type { Scenario } from '../scenario/contract.ts';
import { readStudyFile } from '../study/log-folder.ts';
import type { StudyFile } from '../study/plan.ts';
import { findScenario } from '../study/registry.ts';
import { registry as builtIn, type Registry } from './compose.ts';
import { scoreLogs } from './foreign-logs.ts';
import { safe, type Terminal } from './terminal.ts';

export interface ReadResultsOptions {
  readonly registry: Registry;
  readonly terminal: Terminal;
  /** Folder to which links are relative. Default: the current folder. */
  readonly base?: string;
  /** Scenario whose rules score imported logs; see `findScorer`. A record names its own. */
  readonly as?: string | undefined;
}

/** Scores everything at the paths of a command line: records, and logs of other tools. */
export function readResults(
  paths: readonly string[],
  { registry, terminal, base = process.cwd(), as }: ReadResultsOptions,
): Promise<ReadResult> {
  if (as !== undefined && paths.every(isOurs))
    throw new UsageError('--as is for logs of other tools: a record names the scenario whose rules score it');
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return readScores(paths, {
    base,
    findRules: (name) => registry.scenarios.find((scenario) => scenario.name === name),
    // A thread has only the built-in scenarios.
    worker:
      registry.scenarios === builtIn.scenarios ? new URL(`./score-worker.${extension}`, import.meta.url) : undefined,
    readForeign: (path) => scoreLogs(path, { registry, terminal, as }),
  });
}

/** Prints why records were not scored, and which have redacted lines. */
export function noteUnscored({ unfinished, notScored, contexts }: ReadResult, terminal: Terminal): void {
  const redacted = sayRedacted(contexts);
  if (redacted !== null) terminal.note(safe(redacted));
  for (const { path, why } of [...unfinished, ...notScored]) terminal.note(`not scored: ${safe(path)}: ${safe(why)}`);
}

/** The study of a log folder; null if there is none. */
export function studyIn(path: string): StudyFile | null {
  return isOurs(path) ? readStudyFile(path) : null;
}

/** What the preset of a study calls a condition; without a preset, nothing. */
export function labelsIn(study: StudyFile | null, registry: Registry): (condition: Condition) => string | null {
  return study?.preset === undefined ? () => null : labelsOf(study.preset, findScenario(study.scenario.name, registry));
}

/** The scenarios whose rules gave these scores, by name. */
export function scenariosOf(scores: readonly Pick<Score, 'scoredBy'>[], registry: Registry): Map<string, Scenario> {
  const names = new Set(scores.map(({ scoredBy }) => scoredBy));
  return new Map(registry.scenarios.filter(({ name }) => names.has(name)).map((scenario) => [scenario.name, scenario]));
}
