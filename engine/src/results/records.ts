import { closeSync, existsSync, readSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';

import { openPlainFile } from '../base/read-plain-file.ts';
import { readAsData } from '../base/untrusted-text.ts';
import { UsageError } from '../base/usage-error.ts';
import type { MessagePart, TrialEvent } from '../record/events.ts';
import { readEvents, readLines, readRecord, RecordFormatError } from '../record/journal-reader.ts';
import type { KeyedRecord } from '../study/key.ts';
import { listRecords, namesIn } from '../study/log-folder.ts';

/** A record, or all records of a folder. Throws a `UsageError` if there are none, or none can be read. */
export function recordsAt(path: string): string[] {
  if (!lookAt(path, 'a record (.jsonl) or a log folder').isDirectory()) return [path];
  const records = listRecords(path);
  if (records.length > 0) return records;
  const [below] = logFoldersIn(path);
  const hint =
    below === undefined
      ? ''
      : `: it has log folders: name one, e.g. ${below}, or several where a command takes them, e.g. ${path}/*`;
  throw new UsageError(`${path} has no records (.jsonl)${hint}`);
}

/** The log folders directly below a folder, e.g. one for each scenario of a demo. */
export function logFoldersIn(path: string): string[] {
  return namesIn(path)
    .toSorted()
    .map((name) => join(path, name))
    .filter((below) => isFolder(join(below, 'trials')));
}

/** The trial of a record, and the plan it was run under; undefined if its first line cannot be read. */
export function readKey(path: string): KeyedRecord | undefined {
  try {
    for (const event of readEvents(readLines(path)))
      return event.kind === 'trial-start' ? { trialId: event.trialId, studyKey: event.studyKey ?? null } : undefined;
  } catch (error) {
    if (!(error instanceof RecordFormatError)) throw error;
  }
  return undefined;
}

/** What the first agent of a record was told before its first answer; empty if that cannot be read. */
export function readPrompt(path: string | undefined): { readonly role: string; readonly text: string }[] {
  const told: { readonly role: string; readonly text: string }[] = [];
  if (path === undefined) return told;
  try {
    for (const event of readEvents(readLines(path))) {
      if (event.kind === 'model-call') break;
      if (event.kind !== 'message' || event.seat !== undefined) continue;
      if (event.role !== 'system' && event.role !== 'user') break;
      told.push({ role: event.role, text: textOf(event.parts) });
    }
  } catch (error) {
    if (!(error instanceof RecordFormatError)) throw error;
  }
  return told;
}

const PROMPT_CHARACTERS_MAX = 20_000;

function textOf(parts: readonly MessagePart[]): string {
  const text = parts.flatMap((part) => (part.type === 'text' ? [readAsData(part.text)] : [])).join('\n');
  return text.length > PROMPT_CHARACTERS_MAX ? `${text.slice(0, PROMPT_CHARACTERS_MAX)} … (cut)` : text;
}

/** Finds one record: a file, a folder with a single trial, or a trial id below `logs/`. */
export function oneRecordAt(trial: string): string {
  if (existsSync(trial)) {
    const [first = trial, ...others] = recordsAt(trial);
    if (others.length === 0) return first;
    throw new UsageError(`${trial} has ${others.length + 1} trials: name one of them, e.g. ${first}`);
  }
  const found = isFolder('logs')
    ? namesIn('logs')
        .map((name) => join('logs', name, 'trials', `${trial}.jsonl`))
        .filter((path) => existsSync(path))
    : [];
  const [first, ...others] = found;
  if (first === undefined)
    throw new UsageError(
      `there is no trial "${trial}": expected the path of a record (.jsonl), of a folder with one, or the id of a trial below logs/`,
    );
  if (others.length > 0)
    throw new UsageError(`"${trial}" is in ${found.length} log folders: give the path, e.g. ${first}`);
  return first;
}

/** Events of a record that must be intact. Throws a `UsageError` that names the record. */
export function readWhole(path: string): TrialEvent[] {
  try {
    return readRecord(path);
  } catch (error) {
    if (!(error instanceof RecordFormatError)) throw error;
    throw new UsageError(`${path}: ${error.message}`, { cause: error });
  }
}

/** Whether a path is a record or log folder of Offswitch, not a log of another tool. */
export function isOurs(path: string): boolean {
  if (lookAt(path, 'a record (.jsonl), a log folder, or a log of another tool').isDirectory()) {
    if (existsSync(join(path, 'trials')) || existsSync(join(path, 'study.json'))) return true;
    // A folder of log folders has nothing to import: reading it as records says which to name.
    return namesIn(path).length === 0 || logFoldersIn(path).some((below) => existsSync(join(below, 'study.json')));
  }
  let file: number;
  try {
    file = openPlainFile(path);
  } catch {
    // Unknown: reading it as a record reports why it cannot be read.
    return true;
  }
  try {
    const head = Buffer.alloc(512);
    return head.toString('utf8', 0, readSync(file, head)).includes('"offswitch-record"');
  } catch {
    return true;
  } finally {
    closeSync(file);
  }
}

function lookAt(path: string, expected: string): Stats {
  try {
    const seen = statSync(path, { throwIfNoEntry: false });
    if (seen !== undefined) return seen;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${path} cannot be read (${reason}): expected ${expected}`, { cause: error });
  }
  throw new UsageError(`there is nothing at ${path}: expected ${expected}`);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
