/** One server-sent event: its bytes as they came, and its data. Comments have none. */
export interface ReadEvent {
  readonly raw: Buffer;
  readonly data: string;
}

/** The longest event that is waited for: the whole answer of a model. */
const EVENT_BYTES_MAX = 16 * 1024 * 1024;

/** A blank line may begin in the bytes before. */
const OVERLAP = 3;

/** Throws if the stream, or one event of it, is too long. The last event needs no blank line behind it. */
export async function* readEvents(chunks: AsyncIterable<unknown>, bytesMax: number): AsyncGenerator<ReadEvent> {
  let rest = '';
  let looked = 0;
  let bytes = 0;
  const blankLine = /\r\n\r\n|\n\n|\r\r/g;
  for await (const chunk of chunks) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('expected bytes');
    bytes += chunk.length;
    // One character a byte, so that no character is cut in two.
    rest += chunk.toString('latin1');
    let start = 0;
    blankLine.lastIndex = Math.max(0, looked - OVERLAP);
    // `matchAll` looks at a copy, which begins where this one is set to.
    for (const found of rest.matchAll(blankLine)) {
      const end = found.index + found[0].length;
      yield toEvent(rest.slice(start, end));
      start = end;
    }
    rest = rest.slice(start);
    looked = rest.length;
    if (bytes > bytesMax || rest.length > EVENT_BYTES_MAX) throw new TypeError('it is too long');
  }
  if (rest !== '') yield toEvent(rest);
}

function toEvent(text: string): ReadEvent {
  const raw = Buffer.from(text, 'latin1');
  const lines = raw.toString().split(/\r\n|\n|\r/);
  const data = lines.flatMap((line) => (line.startsWith('data:') ? [line.slice(5).replace(/^ /, '')] : []));
  return { raw, data: data.join('\n') };
}
