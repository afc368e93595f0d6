import { hash } from 'node:crypto';

import canonicalize from 'canonicalize';

/** Chain hash before the first line. */
export const GENESIS = '0'.repeat(64);

/**
 * A line of version 2 is `{"chain":"H",` followed by the event in canonical JSON (RFC 8785) without its first brace, where
 * H is the SHA-256 of the hash of the line before and everything in the line after the comma. So a line is hashed as it
 * lies: an edit, a cut in the middle or a reorder breaks every later line.
 */
const CHAIN_START = '{"chain":"';
/** Bytes before the hash, and before the rest of the event. */
const HASH_AT = CHAIN_START.length;
const REST_AT = HASH_AT + 64 + 2;

/** The line of an event, and its chain hash. Throws a `TypeError` for what is no JSON value. */
export function writeChainedLine(previous: string, event: object): { readonly line: string; readonly head: string } {
  const text = canonicalize(event);
  if (text === undefined) throw new TypeError('an event must be a JSON value');
  const rest = text.slice(1);
  const head = sha256(previous + rest);
  return { line: `${CHAIN_START}${head}",${rest}`, head };
}

export interface ChainedLine {
  /** Chain hash that fits the line, and the one that it names. */
  readonly expected: string;
  readonly named: string;
  /** JSON text of the event, without its chain. */
  readonly event: string;
}

/** Takes a line apart. Null where it does not begin with its chain. `line` is written over: nothing is copied. */
export function readChainedLine(previous: string, line: Buffer): ChainedLine | null {
  if (line.length <= REST_AT || line.toString('latin1', 0, HASH_AT) !== CHAIN_START) return null;
  if (line.toString('latin1', HASH_AT + 64, REST_AT) !== '",') return null;
  const named = line.toString('latin1', HASH_AT, HASH_AT + 64);
  line.write(previous, REST_AT - 64, 'latin1');
  const expected = hash('sha256', line.subarray(REST_AT - 64));
  line.write('{', REST_AT - 1, 'latin1');
  return { expected, named, event: line.toString('utf8', REST_AT - 1) };
}

/** Chain hash of a line of version 1: SHA-256 over the hash of the line before, a newline, and the event in canonical JSON. */
export function chainHashOfVersion1(previous: string, event: unknown): string {
  const text = canonicalize(event);
  if (text === undefined) throw new TypeError('an event must be a JSON value');
  return sha256(`${previous}\n${text}`);
}

/** SHA-256 of a text's UTF-8 bytes, as hexadecimal digits. */
export function sha256(text: string): string {
  return hash('sha256', text);
}
