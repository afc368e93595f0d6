import { closeSync, readSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';

import { openPlainFile, readPlainText, streamPlainText } from '../base/read-plain-file.ts';
import type { ImportedSample, ReadLogOptions } from './contract.ts';
import { limitsOf } from './limits.ts';
import { LogError, tooLarge, unreadable } from './log-error.ts';
import { parsePythonJson } from './python-json.ts';
import { show } from './transcript.ts';

/** Logs of JSON lines, mostly one file a trial: what is the same for all of them. */
export interface JsonLinesFormat {
  /** `robot log`, for sentences. */
  readonly title: string;
  readonly extension: string;
  /** Other ends of names that files of the format have. */
  readonly otherExtensions?: readonly string[];
  /** Whether the first 64 KiB look like this format. */
  readonly looksRight: (head: string) => boolean;
  /** Ends of names that are left out of a folder. */
  readonly leaveOut?: readonly string[];
  /** `id` is the place below the folder, without the extension. */
  readonly readFile: (
    path: string,
    id: string,
    options: ReadLogOptions,
  ) => Promise<ImportedSample> | AsyncIterable<ImportedSample>;
}

const HEAD_BYTES = 64 * 1024;
/** Files looked at before a folder counts as one of another format. */
const LOOKED_AT_MAX = 1000;

/** A file of the format, or a folder with at least one below it. */
export async function recognisesFiles(format: JsonLinesFormat, path: string): Promise<boolean> {
  try {
    if (!(await stat(path)).isDirectory()) return await isOfFormat(format, path);
    let looked = 0;
    for await (const file of findFiles(format, path, LOOKED_AT_MAX)) {
      if (await isOfFormat(format, file)) return true;
      if (++looked === LOOKED_AT_MAX) return false;
    }
    return false;
  } catch {
    return false;
  }
}

/** One sample of a file, or of each file below a folder, in the order of the names. */
export async function* readFiles(
  format: JsonLinesFormat,
  path: string,
  options: ReadLogOptions,
): AsyncGenerator<ImportedSample> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!found.isDirectory()) {
    if (!(await isOfFormat(format, path)))
      throw new LogError(
        'wrong-format',
        `expected a ${format.title} (${format.extension}), got something else; name a file of that kind, or another format`,
      );
    yield* toSamples(format.readFile(path, withoutExtension(format, basename(path)), options));
    return;
  }
  for await (const file of findFiles(format, path, limitsOf(options).filesMax)) {
    options.signal?.throwIfAborted();
    if (options.passOver?.has(file) === true) continue;
    const id = withoutExtension(format, relative(path, file)).split(sep).join('/');
    if (!(await isOfFormat(format, file))) {
      options.onProblem(`"${show(relative(path, file))}" does not begin as a ${format.title} does: it is left out`);
      continue;
    }
    try {
      yield* toSamples(format.readFile(file, id, options));
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      options.onProblem(`"${show(relative(path, file))}" is left out: ${error.message}`);
    }
  }
}

async function* toSamples(
  read: Promise<ImportedSample> | AsyncIterable<ImportedSample>,
): AsyncGenerator<ImportedSample> {
  if (read instanceof Promise) yield await read;
  else yield* read;
}

type Extensions = Pick<JsonLinesFormat, 'extension' | 'otherExtensions'>;

function extensionsOf({ extension, otherExtensions = [] }: Extensions): readonly string[] {
  return [extension, ...otherExtensions];
}

function withoutExtension(format: Extensions, name: string): string {
  const extension = extensionsOf(format).find((end) => name.endsWith(end));
  return extension === undefined ? name : name.slice(0, -extension.length);
}

/** Looks at the name and the first 64 KiB. */
export async function isOfFormat(
  { looksRight, ...format }: Pick<JsonLinesFormat, 'extension' | 'otherExtensions' | 'looksRight'>,
  path: string,
): Promise<boolean> {
  if (!extensionsOf(format).some((extension) => path.endsWith(extension))) return false;
  try {
    const file = openPlainFile(path);
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      return looksRight(head.toString('utf8', 0, readSync(file, head)).replace(/^\uFEFF/, ''));
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
}

/** Links are not followed. */
async function* findFiles(
  { leaveOut = [], ...format }: JsonLinesFormat,
  folder: string,
  filesMax: number,
): AsyncGenerator<string> {
  const waiting = [folder];
  let files = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const entries = await readdir(next, { withFileTypes: true });
    const folders: string[] = [];
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      const isNamedSo = extensionsOf(format).some((extension) => entry.name.endsWith(extension));
      if (!entry.isFile() || !isNamedSo || leaveOut.some((end) => entry.name.endsWith(end))) continue;
      if (++files > filesMax) throw tooLarge('the folder', `${filesMax} logs`, 'more');
      yield path;
    }
    waiting.push(...folders.toReversed());
  }
}

/** Values of the lines of one file. A line that is no JSON is said and left out: the last one of a cut log is such a line. */
export async function* readJsonLines(path: string, id: string, options: ReadLogOptions): AsyncGenerator {
  const { sampleBytesMax, depthMax } = limitsOf(options);
  // One trial is one file, so its size bounds the longest line too.
  await checkFileSize(path, sampleBytesMax);
  let number = 0;
  try {
    for await (const text of readLines(path)) {
      number++;
      options.signal?.throwIfAborted();
      if (text.trim() === '') continue;
      try {
        yield parsePythonJson(text, { what: `line ${number}`, depthMax });
      } catch (error) {
        if (!(error instanceof LogError) || error.code === 'too-large') throw error;
        options.onProblem(`"${show(id)}", ${error.message}; the line is left out`);
      }
    }
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw unreadable(path, error);
    throw error;
  }
}

/**
 * Lines end at `\n` and nowhere else. A text in JSON may hold U+2028, at which other readers of lines would cut it in two.
 * The `\r` of a line that ends with `\r\n` is white space to JSON.
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  let pieces: string[] = [];
  for await (const block of streamPlainText(path)) {
    const [first = '', ...others] = block.split('\n');
    pieces.push(first);
    for (const other of others) {
      yield pieces.join('');
      pieces = [other];
    }
  }
  yield pieces.join('');
}

/** The text of a log that is one document, without a byte order mark. */
export async function readWholeText(path: string, bytesMax: number): Promise<string> {
  await checkFileSize(path, bytesMax);
  try {
    return readPlainText(path, bytesMax).replace(/^\uFEFF/, '');
  } catch (error) {
    throw unreadable(path, error);
  }
}

export async function checkFileSize(path: string, bytesMax: number): Promise<void> {
  const { size } = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (size > bytesMax) throw tooLarge('the log', `${bytesMax} bytes`, size);
}
