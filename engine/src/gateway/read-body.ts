import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';

import { holdsSurrogateEscape, isWellFormed } from '../base/well-formed.ts';
import { RefusedRequest } from './refused-request.ts';

const DECODERS = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

export interface Body {
  /** As it came. */
  readonly raw: Buffer;
  /** Without its compression. */
  readonly plain: Buffer;
}

/** Room for the bodies of all requests together, in bytes. */
export interface Room {
  left: number;
}

/** What one request takes of the room, until it is given back. */
export interface Share {
  readonly take: (bytes: number) => void;
  readonly giveBack: () => void;
}

export function createShare(room: Room): Share {
  let taken = 0;
  return {
    take: (bytes) => {
      if (bytes > room.left) throw new RefusedRequest('too many long requests at the same time', 503);
      room.left -= bytes;
      taken += bytes;
    },
    giveBack: () => {
      room.left += taken;
      taken = 0;
    },
  };
}

/** Reads a request's body. Throws a `RefusedRequest` if it is longer than `bytesMax`, before or after it is unpacked. */
export async function readBody(request: IncomingMessage, bytesMax: number, share: Share): Promise<Body> {
  const tooLong = new RefusedRequest(`the request is longer than ${bytesMax} bytes`, 413);
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLong;
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop must not break the connection: the product is told why.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('expected bytes');
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLong;
    share.take(chunk.length);
    chunks.push(chunk);
  }
  const raw = Buffer.concat(chunks);
  const encoding = (request.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity' || raw.length === 0) return { raw, plain: raw };
  const decode = Object.entries(DECODERS).find(([name]) => name === encoding)?.[1];
  if (decode === undefined) throw new RefusedRequest('content-encoding: expected gzip, deflate, br or zstd', 415);
  const plain = await decode(raw, { maxOutputLength: bytesMax }).catch((error: unknown) => {
    throw error instanceof RangeError ? tooLong : new RefusedRequest(`the body is no ${encoding}`);
  });
  share.take(plain.length);
  return { raw, plain };
}

/** Deeper than any tool's schema. What reads JSON deeper than some thousand levels fails, as does what writes it. */
const LEVELS_MAX = 256;
/** A long session has some ten thousand. While the harness reads many more, it can look after nothing else. */
const VALUES_MAX = 100_000;

/** Counts by quotes, backslashes, brackets, braces and commas, before anything is made of them. */
function assertModest(bytes: Uint8Array): void {
  let [levels, values, isText] = [0, 0, false];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 0x22) isText = !isText;
    else if (isText) at += byte === 0x5c ? 1 : 0;
    else if (byte === 0x2c) values++;
    else if (byte === 0x5d || byte === 0x7d) levels--;
    else if (byte === 0x5b || byte === 0x7b) {
      values++;
      levels++;
    }
    if (levels > LEVELS_MAX) throw new RefusedRequest(`the body has more than ${LEVELS_MAX} levels`);
    if (values > VALUES_MAX) throw new RefusedRequest(`the body has more than ${VALUES_MAX} values`);
  }
}

/** Half a surrogate pair, e.g. of a text that the product cut, becomes U+FFFD: it has no form in a record. */
export function parseBody(bytes: Uint8Array): unknown {
  assertModest(bytes);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!holdsSurrogateEscape(text)) return JSON.parse(text);
    const value: unknown = JSON.parse(text, (_key, inner: unknown) =>
      typeof inner === 'string' ? inner.toWellFormed() : inner,
    );
    if (isWellFormed(value)) return value;
  } catch {
    throw new RefusedRequest('the body is no JSON in UTF-8');
  }
  throw new RefusedRequest('a name in the body holds half a surrogate pair');
}
