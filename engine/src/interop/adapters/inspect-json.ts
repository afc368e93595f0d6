import { Tokenizer, TokenParser, TokenType } from '@streamparser/json';

import { streamPlainText } from '../../base/read-plain-file.ts';
import type { ImportedSample, LogReader, ReadLogOptions } from '../contract.ts';
import { checkFileSize, isOfFormat } from '../json-lines.ts';
import { limitsOf } from '../limits.ts';
import { LogError, tooLarge } from '../log-error.ts';
import { createNumberFilter, toWellFormed } from '../python-json.ts';
import { sourceOf } from '../transcript.ts';
import { toImportedSample } from './inspect/sample.ts';
import { type InspectHeader, noSamples, parseHeader } from './inspect/schema.ts';

const NAME = 'inspect-json';
const BLOCK_BYTES = 64 * 1024;
const HEADER = ['$.version', '$.status', '$.eval'];

/** Logs of Inspect written with `--log-format json`: one JSON object with all samples in it. */
export const inspectJsonReader: LogReader = {
  name: NAME,
  title: 'Inspect log (.json)',
  recognises: (path) =>
    isOfFormat(
      {
        extension: '.json',
        looksRight: (head) => /^\s*\{[^]*"eval"\s*:\s*\{/.test(head) && /"(?:status|version)"\s*:/.test(head),
      },
      path,
    ),
  read: readJson,
};

async function* readJson(path: string, options: ReadLogOptions): AsyncGenerator<ImportedSample> {
  await checkFileSize(path, limitsOf(options).totalBytesMax);
  const source = { header: await readHeader(path, HEADER, options), software: await sourceOf(NAME, path) };
  let found = 0;
  try {
    for await (const { key, value } of readValues(path, ['$.samples.*'], options)) {
      found++;
      const sample = toSample(value, source, options);
      if (typeof sample === 'string') options.onProblem(`sample ${key} is left out: ${sample}`);
      else yield sample;
    }
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    options.onProblem(`${error.message}; the samples before it are read`);
    return;
  }
  if (found > 0) return;
  const header = await readHeader(path, [...HEADER, '$.error'], { ...options, onNote: () => {} });
  (options.onNote ?? options.onProblem)(noSamples(header));
}

/** A sentence where it is none. */
function toSample(
  value: unknown,
  source: Parameters<typeof toImportedSample>[1],
  options: ReadLogOptions,
): ImportedSample | string {
  try {
    return toImportedSample(toWellFormed(value), source, options);
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    return error.message;
  }
}

/** In a pass of its own, so that no order of the keys is taken for granted. */
async function readHeader(path: string, paths: string[], options: ReadLogOptions): Promise<InspectHeader> {
  const found = new Map<string, unknown>();
  try {
    for await (const { key, value } of readValues(path, paths, options))
      if (found.set(key, toWellFormed(value)).size === paths.length) break;
  } catch (error) {
    // Said once, when the samples are read.
    if (!(error instanceof LogError) || !found.has('eval')) throw error;
  }
  return parseHeader(Object.fromEntries(found), options);
}

interface FoundValue {
  readonly key: string;
  readonly value: unknown;
}

/**
 * The values at the given places, one after the other; everything else is let go as soon as it was read. Rejects with a
 * `LogError` at the first value that is too large or too deep, and where the text is no JSON or ends too soon.
 */
async function* readValues(path: string, paths: string[], options: ReadLogOptions): AsyncGenerator<FoundValue> {
  const { sampleBytesMax, depthMax } = limitsOf(options);
  const found: FoundValue[] = [];
  const parser = new TokenParser({ paths, keepStack: false });
  const tokenizer = new Tokenizer({ stringBufferSize: BLOCK_BYTES });
  let depth = 0;
  /** Bytes until here, and until the end of the last value. */
  let at = 0;
  let last = 0;
  const checkSize = (until: number): void => {
    if (until - last > sampleBytesMax) throw tooLarge('a part of the log', `${sampleBytesMax} bytes`, 'more');
  };
  parser.onValue = ({ key, value }) => {
    checkSize(at);
    last = at;
    found.push({ key: String(key), value });
  };
  tokenizer.onToken = (token) => {
    at = token.offset;
    if (token.token === TokenType.LEFT_BRACE || token.token === TokenType.LEFT_BRACKET) depth++;
    if (token.token === TokenType.RIGHT_BRACE || token.token === TokenType.RIGHT_BRACKET) depth--;
    if (depth > depthMax + 2) throw tooLarge('a sample', `${depthMax} nested levels`, 'more');
    parser.write(token);
  };
  const filter = createNumberFilter();
  let fed = 0;
  const write = (text: string): LogError | null => {
    try {
      fed += Buffer.byteLength(text);
      tokenizer.write(text);
      // A text that goes on for ever gives no token.
      checkSize(fed - BLOCK_BYTES);
      return null;
    } catch (error) {
      if (error instanceof LogError) return error;
      return new LogError('damaged', 'expected JSON, got text that is none: the log was cut or changed', {
        cause: error,
      });
    }
  };
  for await (const block of streamPlainText(path)) {
    options.signal?.throwIfAborted();
    const problem = write(filter(block, false));
    yield* found.splice(0);
    if (problem !== null) throw problem;
  }
  const problem = write(filter('', true));
  yield* found;
  if (problem !== null) throw problem;
  if (!parser.isEnded)
    throw new LogError('damaged', 'expected the end of a JSON object, got the end of the file: the log was cut');
}
