import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';

import { type ImportedSample, limitsOf, LogError, type LogReader, type ReadLogOptions } from '../contract.ts';
import { toHeader } from '../inspect-header.ts';
import { toImportedSample } from '../inspect-sample.ts';
import type { InspectHeader } from '../inspect-schema.ts';
import { type JsonPiece, splitJson } from '../json-split.ts';
import { parsePythonJson } from '../python-json.ts';
import { sourceOf } from '../transcript.ts';

const NAME = 'inspect-json';
const HEAD_BYTES = 64 * 1024;

/** Logs of Inspect written with `--log-format json`: one JSON object with all samples in it. */
export const inspectJsonReader: LogReader = {
  name: NAME,
  title: 'Inspect log (.json)',
  recognises: async (path) => path.endsWith('.json') && (await startsLikeLog(path)),
  read: readJson,
};

async function startsLikeLog(path: string): Promise<boolean> {
  try {
    await using file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = buffer.toString('utf8', 0, bytesRead);
    return /^\s*\{/.test(head) && /"eval"\s*:\s*\{/.test(head) && /"(?:status|version)"\s*:/.test(head);
  } catch {
    return false;
  }
}

async function* readJson(path: string, options: ReadLogOptions): AsyncGenerator<ImportedSample> {
  const { sampleBytesMax, depthMax } = limitsOf(options);
  await checkSize(path, options);
  const software = await sourceOf(NAME, path);
  // Twice over the file, so that no order of the keys is taken for granted and one sample is in memory at a time.
  const header = await readHeader(path, options);
  const pieces = splitJson(createReadStream(path), {
    arrays: new Set(['samples']),
    skip: new Set(HEADER_KEYS),
    charactersMax: sampleBytesMax,
    onTooLong: (_key, index) =>
      options.onProblem(
        `sample ${String(index)} is left out: expected at most ${sampleBytesMax} characters; raise the limit if the log is yours`,
      ),
  });
  for await (const piece of untilCut(pieces, options)) {
    options.signal?.throwIfAborted();
    if (piece.key !== 'samples' || piece.index === null) continue;
    const what = `sample ${piece.index}`;
    try {
      yield toImportedSample(parsePythonJson(piece.text, { what, depthMax }), { header, software }, options);
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      options.onProblem(`${what} is left out: ${error.message}`);
    }
  }
}

async function checkSize(path: string, options: ReadLogOptions): Promise<void> {
  const { totalBytesMax } = limitsOf(options);
  const size = await stat(path).then(
    (found) => found.size,
    (error: unknown) => {
      throw new LogError(
        'unreadable',
        `could not open the log ${path}: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    },
  );
  if (size > totalBytesMax)
    throw new LogError(
      'too-large',
      `expected a log of at most ${totalBytesMax} bytes, got ${size}; raise the limit if the log is yours`,
    );
}

const HEADER_KEYS: readonly string[] = ['version', 'status', 'eval', 'plan', 'results', 'stats', 'error', 'reductions'];
const HEADER_WANTED: ReadonlySet<string> = new Set(['version', 'status', 'eval']);

async function readHeader(path: string, options: ReadLogOptions): Promise<InspectHeader> {
  const { depthMax } = limitsOf(options);
  const found = new Map<string, unknown>();
  const pieces = splitJson(createReadStream(path), {
    arrays: new Set(),
    skip: new Set(['samples', 'reductions', 'results', 'plan', 'stats']),
    charactersMax: 64 * 1024 * 1024,
    onTooLong: () => {},
  });
  for await (const { key, text } of untilCut(pieces, null)) {
    if (HEADER_WANTED.has(key)) found.set(key, parsePythonJson(text, { what: `"${key}"`, depthMax }));
    if (found.size === HEADER_WANTED.size) break;
  }
  return toHeader(Object.fromEntries(found), options);
}

/** A log that was cut still has the samples before the cut; `null`: say nothing of it. */
async function* untilCut(pieces: AsyncGenerator<JsonPiece>, options: ReadLogOptions | null): AsyncGenerator<JsonPiece> {
  try {
    yield* pieces;
  } catch (error) {
    if (!(error instanceof LogError) || error.code !== 'damaged') throw error;
    options?.onProblem(`${error.message}; what stands before it is read`);
  }
}
