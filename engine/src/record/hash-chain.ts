import canonicalize from 'canonicalize';

import { sha256 } from '../base/sha256.ts';

/** Chain hash before the first line. */
export const GENESIS = '0'.repeat(64);

/** Maximum length of a line, far above what the limits of a trial allow. A longer one is neither written nor read. */
export const LINE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * A line of version 2 is `{"chain":"H",` followed by the event in canonical JSON (RFC 8785) without its first brace. H is
 * the SHA-256 of the previous line's hash and everything in the line after the comma. So the bytes of a line are hashed
 * directly, and an edit, a removed line or a reordering breaks every later line.
 */
const CHAIN_START = '{"chain":"';
/** Byte offsets of the hash, and of the rest of the event. */
const HASH_AT = CHAIN_START.length;
const REST_AT = HASH_AT + 64 + 2;

/** The line of an event, and its chain hash. Throws a `TypeError` if the event is not a JSON value. */
export function writeChainedLine(previous: string, event: object): { readonly line: string; readonly head: string } {
  const text = canonicalize(event);
  if (text === undefined) throw new TypeError('an event must be a JSON value');
  const rest = text.slice(1);
  const head = sha256(previous + rest);
  return { line: `${CHAIN_START}${head}",${rest}`, head };
}

/** A line that keeps the chain hash of the line in whose place it stands. */
export function writeLineInPlace(hashOfOriginal: string, content: object): string {
  const text = canonicalize(content);
  if (text === undefined) throw new TypeError('the content of a line must be a JSON value');
  return `${CHAIN_START}${hashOfOriginal}",${text.slice(1)}`;
}

export interface ChainedLine {
  /** The correct chain hash of the line, and the one in the line. */
  readonly expected: string;
  readonly named: string;
  /** JSON text of the event, without its chain. */
  readonly event: string;
}

/** Parses a line. Null if it does not begin with "chain". Overwrites `line` to avoid a copy. */
export function readChainedLine(previous: string, line: Buffer): ChainedLine | null {
  const start = line.toString('latin1', 0, REST_AT);
  if (line.length <= REST_AT || !start.startsWith(CHAIN_START) || !start.endsWith('",')) return null;
  const named = start.slice(HASH_AT, -2);
  line.write(previous, REST_AT - 64, 'latin1');
  const expected = sha256(line.subarray(REST_AT - 64));
  line.write('{', REST_AT - 1, 'latin1');
  return { expected, named, event: line.toString('utf8', REST_AT - 1) };
}

/** Chain hash of a line of version 1: SHA-256 of the previous line's hash, a newline, and the event in canonical JSON. */
export function chainHashOfVersion1(previous: string, event: unknown): string {
  const text = canonicalize(event);
  if (text === undefined) throw new TypeError('an event must be a JSON value');
  return sha256(`${previous}\n${text}`);
}
