import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { UsageError, unknownNameError } from '../base/usage-error.ts';
import { type Score, scoreRecord } from '../detect/score.ts';
import type { LogReader, ReadLogOptions } from '../interop/contract.ts';
import { writeImportedSample } from '../interop/write-sample.ts';
import { readRecord } from '../record/journal-reader.ts';
import type { Scenario } from '../scenario/contract.ts';
import { findScenario } from '../study/registry.ts';
import type { Registry } from './compose.ts';
import { safe, type Terminal } from './terminal.ts';

/**
 * The scenario whose rules score imported trials. Without a name: the one that has a detector for them.
 * Throws a `UsageError` where that is none, or several.
 */
export function findScorer(name: string | undefined, registry: Pick<Registry, 'scenarios'>): Scenario {
  if (name !== undefined) return findScenario(name, registry);
  const [first, ...others] = registry.scenarios.filter(readsImported);
  if (first === undefined)
    throw new UsageError('no scenario here has a detector for imported trials: name one with --as');
  if (others.length > 0)
    throw new UsageError(
      `${others.length + 1} scenarios have a detector for imported trials (${[first, ...others].map((one) => one.name).join(', ')}): import with --as and the name of one`,
    );
  return first;
}

function readsImported({ detectors }: Scenario): boolean {
  return detectors.some(({ reads }) => reads?.includes('imported') === true);
}

export interface FoundLog {
  readonly path: string;
  readonly reader: LogReader;
}

/** Every log that the paths name; of a folder that is no log itself, the files in it that are. */
export async function findLogs(
  paths: readonly string[],
  format: string | undefined,
  registry: Pick<Registry, 'logReaders'>,
): Promise<FoundLog[]> {
  const found: FoundLog[] = [];
  for (const path of paths) {
    const isFolder = existsSync(path) && statSync(path).isDirectory();
    const whole = isFolder && format === undefined ? await recognise(path, registry) : undefined;
    if (whole !== undefined || !isFolder)
      found.push({ path, reader: whole ?? (await findReader(path, format, registry)) });
    else {
      const inside: FoundLog[] = [];
      for (const name of readdirSync(path).toSorted()) {
        const file = join(path, name);
        if (!statSync(file).isFile()) continue;
        const reader =
          format === undefined ? await recognise(file, registry) : await findReader(file, format, registry);
        if (reader !== undefined) inside.push({ path: file, reader });
      }
      if (inside.length === 0)
        throw new UsageError(`${path} holds no log that can be read: expected one of ${namesOf(registry).join(', ')}`);
      found.push(...inside);
    }
  }
  return found;
}

async function findReader(
  path: string,
  format: string | undefined,
  registry: Pick<Registry, 'logReaders'>,
): Promise<LogReader> {
  if (!existsSync(path)) throw new UsageError(`there is nothing at ${path}: expected a log, or a folder of logs`);
  if (format !== undefined) {
    const named = registry.logReaders.find(({ name }) => name === format);
    if (named === undefined) throw unknownNameError('log format', format, namesOf(registry));
    return named;
  }
  const reader = await recognise(path, registry);
  if (reader !== undefined) return reader;
  throw new UsageError(
    `${path} is no log that can be read: expected one of ${namesOf(registry).join(', ')}; name it with --format`,
  );
}

async function recognise(path: string, { logReaders }: Pick<Registry, 'logReaders'>): Promise<LogReader | undefined> {
  for (const reader of logReaders) if (await reader.recognises(path)) return reader;
  return undefined;
}

function namesOf({ logReaders }: Pick<Registry, 'logReaders'>): string[] {
  return logReaders.map(({ name }) => name);
}

export interface ScoreLogsOptions {
  readonly registry: Registry;
  readonly terminal: Terminal;
  /** Name of the scenario whose rules score them; see `findScorer`. */
  readonly as?: string | undefined;
}

/** Scores of logs of other tools. They are imported on the way, and not kept. */
export async function scoreLogs(path: string, { registry, terminal, as }: ScoreLogsOptions): Promise<Score[]> {
  const logs = await findLogs([path], undefined, registry);
  const scenario = findScorer(as, registry);
  const options: ReadLogOptions = {
    scoredBy: scenario.name,
    onProblem: (sentence) => terminal.note(`not read: ${safe(sentence)}`),
    onNote: (sentence) => terminal.note(safe(sentence)),
  };
  const folder = mkdtempSync(join(tmpdir(), 'offswitch-import-'));
  try {
    const scores: Score[] = [];
    for (const log of logs) {
      for await (const sample of log.reader.read(log.path, options)) {
        const record = join(folder, 'record.jsonl');
        writeImportedSample({ record, beside: null }, sample);
        scores.push(scoreRecord(readRecord(record), scenario));
        rmSync(record);
      }
    }
    return scores;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
