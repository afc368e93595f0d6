import { hash } from 'node:crypto';

import canonicalize from 'canonicalize';

/** Chain hash before the first line. */
export const GENESIS = '0'.repeat(64);

/**
 * Chain hash of one line: SHA-256 over the hash of the line before, a newline, and the event in canonical JSON
 * (RFC 8785, without its own `chain`). An edit, a cut in the middle or a reorder breaks every later line.
 */
export function chainHash(previous: string, event: unknown): string {
  const text = canonicalize(event);
  if (text === undefined) throw new TypeError('an event must be a JSON value');
  return sha256(`${previous}\n${text}`);
}

/** SHA-256 of a text's UTF-8 bytes, as hexadecimal digits. */
export function sha256(text: string): string {
  return hash('sha256', text);
}
