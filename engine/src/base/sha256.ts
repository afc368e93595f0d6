import { hash } from 'node:crypto';

import canonicalize from 'canonicalize';

/** SHA-256 of bytes, or of a text's UTF-8 bytes, as hexadecimal digits. */
export function sha256(content: string | Uint8Array): string {
  return hash('sha256', content);
}

/** The same of a JSON value in its canonical form (RFC 8785), so that the order of keys does not matter. */
export function sha256OfJson(value: unknown): string {
  return sha256(canonicalize(value) ?? '');
}
