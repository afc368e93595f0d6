import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { UsageError, unknownNameError } from '../base/usage-error.ts';
import { type Score, scoreRecord } from '../detect/score.ts';
import type { LogReader, ReadLogOptions } from '../interop/contract.ts';
import { writeImportedSample } from '../interop/write-sample.ts';
import { readRecord } from '../record/journal-reader.ts';
import type { ForeignScores } from '../results/read-scores.ts';
import type { Scenario } from '../scenario/contract.ts';
import { findScenario } from '../study/registry.ts';
import type { Registry } from './compose.ts';
import { safe, type Terminal } from './terminal.ts';

/**
 * The scenario whose rules score imported trials. Without a name, the only one with a detector for them. Throws a
 * `UsageError` if there is none, or several.
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
  /** Of a folder: files that are read as logs of another kind, or are none. */
  readonly passOver?: ReadonlySet<string>;
}

export interface FoundLogs {
  readonly logs: readonly FoundLog[];
  /** Files of the folders that no reader knows. */
  readonly unknown: readonly string[];
}

/** Files looked at in one folder; past it, it is no folder of logs. */
const FILES_MAX = 100_000;

/** Every log that the paths name. In a folder each file is asked for itself: it may hold logs of several kinds. */
export async function findLogs(
  paths: readonly string[],
  format: string | undefined,
  registry: Pick<Registry, 'logReaders'>,
): Promise<FoundLogs> {
  const logs: FoundLog[] = [];
  const unknown: string[] = [];
  for (const path of paths) {
    if (!existsSync(path) || !statSync(path).isDirectory()) {
      logs.push({ path, reader: await findReader(path, format, registry) });
      continue;
    }
    const readers = format === undefined ? registry.logReaders : [await findReader(path, format, registry)];
    const inside = await findInside(path, readers);
    if (inside.logs.length === 0)
      throw new UsageError(`${path} holds no log that can be read: expected one of ${namesOf(registry).join(', ')}`);
    logs.push(...inside.logs);
    unknown.push(...inside.unknown);
  }
  return { logs, unknown };
}

async function findInside(folder: string, readers: readonly LogReader[]): Promise<FoundLogs> {
  const files = listFiles(folder);
  const byReader = new Map<LogReader, string[]>();
  const unknown: string[] = [];
  for (const file of files) {
    const reader = await recognise(file, { logReaders: readers });
    if (reader === undefined) unknown.push(file);
    else {
      const own = byReader.get(reader);
      if (own === undefined) byReader.set(reader, [file]);
      else own.push(file);
    }
  }
  const logs: FoundLog[] = [];
  for (const [reader, own] of byReader) {
    // A reader of folders knows what in them belongs together, and names trials by their place.
    if (await reader.recognises(folder)) {
      const mine = new Set(own);
      logs.push({ path: folder, reader, passOver: new Set(files.filter((file) => !mine.has(file))) });
    } else logs.push(...own.map((path) => ({ path, reader })));
  }
  return { logs, unknown };
}

/** In the order of their names. Links are not followed. */
function listFiles(folder: string): string[] {
  const files: string[] = [];
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const entries = readdirSync(next, { withFileTypes: true }).toSorted((one, other) =>
      one.name < other.name ? -1 : 1,
    );
    for (const entry of entries) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile()) files.push(path);
    }
    if (files.length > FILES_MAX)
      throw new UsageError(`${folder} holds more than ${FILES_MAX} files: name a smaller folder`);
  }
  return files.toSorted();
}

const UNKNOWN_SHOWN_MAX = 20;

/** One sentence for each file that is no log, and one for the rest of many. */
export function describeUnknown(unknown: readonly string[]): string[] {
  const told = unknown.slice(0, UNKNOWN_SHOWN_MAX).map((path) => `${path} is no log of a known format: it is not read`);
  const more = unknown.length - told.length;
  return more > 0 ? [...told, `${more} more files are no logs of a known format: they are not read`] : told;
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
    `${path} is not a readable log: expected one of ${namesOf(registry).join(', ')}; name it with --format`,
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

const PROBLEMS_NAMED_MAX = 20;

/** Scores of logs of other tools. The imported records are not kept. */
export async function scoreLogs(path: string, { registry, terminal, as }: ScoreLogsOptions): Promise<ForeignScores> {
  const { logs, unknown } = await findLogs([path], undefined, registry);
  for (const sentence of describeUnknown(unknown)) terminal.note(safe(sentence));
  const scenario = findScorer(as, registry);
  const problems = new Set<string>();
  let more = 0;
  const options: ReadLogOptions = {
    scoredBy: scenario.name,
    onProblem: (sentence) => {
      if (problems.size < PROBLEMS_NAMED_MAX) problems.add(sentence);
      else if (!problems.has(sentence)) more++;
    },
    onNote: (sentence) => terminal.note(safe(sentence)),
  };
  const folder = mkdtempSync(join(tmpdir(), 'offswitch-import-'));
  try {
    const scores: Score[] = [];
    for (const log of logs) {
      for await (const sample of log.reader.read(log.path, { ...options, ...passOverOf(log) })) {
        const record = join(folder, 'record.jsonl');
        writeImportedSample({ record, beside: null }, sample);
        scores.push(scoreRecord(readRecord(record), scenario));
        rmSync(record);
      }
    }
    return { scores, problems: [...problems, ...(more > 0 ? [`${more} more parts could not be read`] : [])] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function passOverOf({ passOver }: FoundLog): Pick<ReadLogOptions, 'passOver'> {
  return passOver === undefined ? {} : { passOver };
}
