import { StringDecoder } from 'node:string_decoder';

import { LogError } from './contract.ts';

/** One value of the outermost object: a whole value, or one element of an array that was asked for by its key. */
export interface JsonPiece {
  readonly key: string;
  /** Place in the array; null for a whole value. */
  readonly index: number | null;
  readonly text: string;
}

export interface SplitOptions {
  /** Keys whose arrays are given element by element. */
  readonly arrays: ReadonlySet<string>;
  /** Keys whose values are passed over without being kept. */
  readonly skip: ReadonlySet<string>;
  /** Characters of one piece. */
  readonly charactersMax: number;
  /** Called for a piece that is longer; it is passed over. */
  readonly onTooLong: (key: string, index: number | null) => void;
}

/**
 * Cuts one large JSON object into the texts of its values without holding it whole. It counts brackets and strings only:
 * each piece is parsed, and judged, by whoever takes it. Throws a `LogError` when the text ends too soon.
 */
export async function* splitJson(blocks: AsyncIterable<Uint8Array>, options: SplitOptions): AsyncGenerator<JsonPiece> {
  const decoder = new StringDecoder('utf8');
  const splitter = createSplitter(options);
  for await (const block of blocks) yield* splitter.feed(decoder.write(Buffer.from(block)));
  yield* splitter.feed(decoder.end());
  if (!splitter.done())
    throw new LogError('damaged', 'expected the end of a JSON object, got the end of the file: the log was cut');
}

interface Splitter {
  readonly feed: (text: string) => JsonPiece[];
  readonly done: () => boolean;
}

function createSplitter({ arrays, skip, charactersMax, onTooLong }: SplitOptions): Splitter {
  let depth = 0;
  let inString = false;
  let escaped = false;
  let ended = false;
  let key: string | null = null;
  let index: number | null = null;
  /** Text of the key or piece so far; null while nothing is being kept. */
  let kept: string[] | null = null;
  let keptLength = 0;
  let tooLong = false;

  const start = (): void => {
    kept = [];
    keptLength = 0;
    tooLong = false;
  };
  const keep = (text: string): void => {
    if (kept === null || text === '') return;
    keptLength += text.length;
    if (keptLength > charactersMax) {
      kept = [''];
      tooLong = true;
    } else kept.push(text);
  };
  const take = (): JsonPiece[] => {
    const text = (kept ?? []).join('').trim();
    const piece = { key: key ?? '', index, text };
    if (index !== null) index++;
    start();
    if (tooLong) return [];
    return text === '' || skip.has(piece.key) ? [] : [piece];
  };
  const close = (): JsonPiece[] => {
    if (tooLong && !skip.has(key ?? '')) onTooLong(key ?? '', index);
    return take();
  };

  const feed = (text: string): JsonPiece[] => {
    const pieces: JsonPiece[] = [];
    let from = 0;
    const flush = (to: number): void => {
      if (kept !== null && !(key !== null && skip.has(key))) keep(text.slice(from, to));
      from = to;
    };
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (inString) {
        if (escaped) escaped = false;
        else if (code === 0x5c) escaped = true;
        else if (code === 0x22) inString = false;
        continue;
      }
      if (code === 0x22) {
        inString = true;
        if (depth === 1 && key === null && kept === null) {
          from = at;
          start();
        }
        continue;
      }
      const level = index === null ? 1 : 2;
      if (code === 0x3a && depth === 1 && key === null) {
        flush(at);
        key = readKey((kept ?? []).join(''));
        from = at + 1;
        start();
      } else if (code === 0x5b || code === 0x7b) {
        depth++;
        if (depth === 2 && code === 0x5b && key !== null && index === null && arrays.has(key)) {
          index = 0;
          from = at + 1;
          start();
        }
      } else if (code === 0x2c && depth === level) {
        flush(at);
        pieces.push(...close());
        from = at + 1;
        if (index === null) {
          key = null;
          kept = null;
        }
      } else if (code === 0x5d || code === 0x7d) {
        if (depth === level) {
          flush(at);
          pieces.push(...close());
          from = at + 1;
          if (index !== null) kept = [];
          index = null;
        }
        depth--;
        if (depth === 0) ended = true;
      }
      if (depth < 0 || (depth === 0 && !ended && code > 0x20)) {
        throw new LogError('wrong-format', 'expected one JSON object, got something else: this is no log of Inspect');
      }
    }
    flush(text.length);
    return pieces;
  };
  return { feed, done: () => ended };
}

function readKey(text: string): string {
  try {
    const key: unknown = JSON.parse(text);
    return typeof key === 'string' ? key : '';
  } catch {
    throw new LogError('damaged', 'expected a key in quotes, got something else: the log was changed');
  }
}
