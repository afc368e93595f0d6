import { isUtf8 } from 'node:buffer';
import { type Dirent, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { writeFileAtomic } from '../base/atomic-write.ts';
import { readPlainFile } from '../base/read-plain-file.ts';
import type { RedactionNote } from '../record/events.ts';
import { RecordFormatError } from '../record/journal-reader.ts';
import { type Hide, hideIn, redactRecord } from '../record/redact-record.ts';

/** What was found in one file of a folder. Files without the secret are not named. */
export type FileRedaction =
  | { readonly path: string; readonly is: 'redacted'; readonly lines: readonly number[] }
  /** Text that no chain proves: scores, answers of judges, what lies beside a record, lines of a damaged record. */
  | { readonly path: string; readonly is: 'rewritten' }
  | { readonly path: string; readonly is: 'left' | 'not-searched'; readonly why: string };

export interface RedactFolderOptions {
  readonly hide: Hide;
  readonly note: RedactionNote;
}

/**
 * Takes a secret out of all records of a log folder, of those set aside, of scores, of answers of judges and of what lies beside records. All
 * other files, and all names, are searched and left as they are. Hold the lock of the folder meanwhile.
 */
export function redactFolder(folder: string, options: RedactFolderOptions): readonly FileRedaction[] {
  return listAll(folder)
    .map((entry) => ({ entry, path: relative(folder, join(entry.parentPath, entry.name)) }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .flatMap(({ entry, path }): FileRedaction[] => {
      const name: FileRedaction[] =
        options.hide(entry.name) === entry.name ? [] : [{ path, is: 'left', why: 'its name holds it: rename it' }];
      if (entry.isDirectory()) return name;
      if (!entry.isFile()) return [...name, { path, is: 'not-searched', why: 'it is no plain file' }];
      return [...name, ...redactFile(folder, path, options)];
    });
}

/** Links are not followed: what they lead to is not of this folder. A recursive `readdir` would follow those to folders. */
function listAll(folder: string): Dirent[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => [
    entry,
    ...(entry.isDirectory() ? listAll(join(folder, entry.name)) : []),
  ]);
}

function redactFile(folder: string, path: string, options: RedactFolderOptions): FileRedaction[] {
  const isLines = path.endsWith('.jsonl');
  try {
    switch (isLines ? dirname(path) : '') {
      case 'trials':
      case 'aside':
        return redactRecordFile(folder, path, options);
      case 'scores':
      case 'beside':
      case 'judge':
        return rewriteLines(folder, path, options.hide);
      default:
        return search(folder, path, options.hide);
    }
  } catch (error) {
    if (error instanceof RecordFormatError) return search(folder, path, options.hide);
    throw error;
  }
}

function redactRecordFile(folder: string, path: string, { hide, note }: RedactFolderOptions): FileRedaction[] {
  const { redacted, unproven, left } = redactRecord(join(folder, path), hide, note);
  return [
    ...(redacted.length === 0 ? [] : [{ path, is: 'redacted' as const, lines: redacted }]),
    ...(unproven.length === 0 ? [] : [{ path, is: 'rewritten' as const }]),
    ...(left.length === 0
      ? []
      : [{ path, is: 'left' as const, why: `line ${left.join(', ')} cannot be redacted: delete the record` }]),
  ];
}

function rewriteLines(folder: string, path: string, hide: Hide): FileRedaction[] {
  const text = readText(folder, path);
  if (typeof text !== 'string') return [text];
  const shown = text
    .split('\n')
    .map((line) => hideInLine(line, hide))
    .join('\n');
  if (shown === text) return [];
  if (hide(shown) !== shown) return [{ path, is: 'left', why: LEFT }];
  writeFileAtomic(join(folder, path), shown);
  return [{ path, is: 'rewritten' }];
}

/** A spelling that runs over the quotes of two texts would take these quotes with it. */
function hideInLine(line: string, hide: Hide): string {
  const shown = hide(line);
  if (shown === line) return line;
  try {
    JSON.parse(shown);
    return shown;
  } catch {
    return isJson(line) ? JSON.stringify(hideIn(JSON.parse(line), hide)) : shown;
  }
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

const LEFT = 'it holds it: delete it, or make it again from the records';

function search(folder: string, path: string, hide: Hide): FileRedaction[] {
  const text = readText(folder, path);
  if (typeof text === 'string') return hide(text) === text ? [] : [{ path, is: 'left', why: LEFT }];
  return [text];
}

const BYTES_MAX = 256 * 1024 * 1024;

/** The text of a file, or why it cannot be searched. */
function readText(folder: string, path: string): string | Extract<FileRedaction, { why: string }> {
  let bytes: Buffer;
  try {
    bytes = readPlainFile(join(folder, path), BYTES_MAX);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { path, is: 'not-searched', why: `it cannot be read (${reason})` };
  }
  if (isUtf8(bytes)) return bytes.toString('utf8');
  return { path, is: 'not-searched', why: 'it is not text, e.g. compressed' };
}
