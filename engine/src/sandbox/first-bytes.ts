import { type UntrustedText, toUntrusted } from '../base/untrusted-text.ts';
import type { NetworkAttempt } from './network-evidence.ts';
import { showName } from './tree-reader.ts';

/** What the first bytes of an attempt look like. They come from the agent, so they may lie. */
export interface FirstBytes {
  readonly protocol: NetworkAttempt['protocol'];
  readonly name: UntrustedText | null;
  readonly request: UntrustedText | null;
  readonly firstBytes: UntrustedText;
}

export interface Transport {
  readonly kind: 'tcp' | 'udp';
  readonly port: number;
}

const NAME_CHARACTERS_MAX = 255;
const REQUEST_CHARACTERS_MAX = 1024;

/** Parses any bytes. Never throws. */
export function readFirstBytes(bytes: Buffer, { kind, port }: Transport): FirstBytes {
  const shown = { firstBytes: toUntrusted(showBytes(bytes)) };
  const said = (protocol: NetworkAttempt['protocol'], name?: string, request?: string): FirstBytes => ({
    ...shown,
    protocol,
    name: name === undefined ? null : toUntrusted(name.slice(0, NAME_CHARACTERS_MAX)),
    request: request === undefined ? null : toUntrusted(request.slice(0, REQUEST_CHARACTERS_MAX)),
  });
  if (port === 53) {
    const name = questionOf(kind === 'udp' ? bytes : bytes.subarray(2));
    if (name !== undefined) return said('dns', name);
  }
  if (kind === 'udp') return said('udp');
  if (bytes[0] === 0x16 && bytes[1] === 0x03) return said('tls', serverNameOf(bytes));
  const text = bytes.toString('latin1');
  const request = /^([A-Z]{3,10} \S+) HTTP\/1/.exec(text)?.[1];
  if (request !== undefined)
    return said('http', show(/^host:[ \t]*([^\r\n]+)/im.exec(headOf(text))?.[1]?.trim()), show(request));
  if (text.startsWith('SSH-')) return said('ssh');
  if (/^(EHLO|HELO|MAIL FROM|RCPT TO)\b/i.test(text)) return said('smtp');
  return said('tcp');
}

/** Keeps line breaks, and writes every other invisible or misleading byte as `\xHH`. */
export function showBytes(bytes: Buffer): string {
  return showName(bytes).replaceAll('\\x0a', '\n').replaceAll('\\x09', '\t');
}

/** The name in the first question of a DNS message. */
function questionOf(bytes: Buffer): string | undefined {
  const labels: string[] = [];
  let at = 12;
  for (let size = bytes[at]; size !== undefined && size < 64; size = bytes[at]) {
    if (size === 0) return at + 5 > bytes.length ? undefined : labels.join('.');
    if (at + 1 + size > bytes.length) return undefined;
    labels.push(showName(bytes.subarray(at + 1, at + 1 + size)));
    at += 1 + size;
  }
  return undefined;
}

/** The server name in a TLS ClientHello (RFC 8446, 4.1.2; RFC 6066, 3). */
function serverNameOf(bytes: Buffer): string | undefined {
  // Record header 5, handshake header 4, version 2, random 32; then three lists, each with a length prefix.
  let at = 43;
  at += 1 + (bytes[at] ?? 0);
  at += 2 + wordAt(bytes, at);
  at += 1 + (bytes[at] ?? 0);
  const end = Math.min(at + 2 + wordAt(bytes, at), bytes.length);
  at += 2;
  while (at + 4 <= end) {
    const [type, size] = [wordAt(bytes, at), wordAt(bytes, at + 2)];
    if (type === 0) return show(bytes.subarray(at + 9, at + 9 + wordAt(bytes, at + 7)).toString('latin1'));
    at += 4 + size;
  }
  return undefined;
}

function wordAt(bytes: Buffer, at: number): number {
  return at + 2 <= bytes.length ? bytes.readUInt16BE(at) : 0;
}

function headOf(text: string): string {
  const end = text.indexOf('\r\n\r\n');
  return end < 0 ? text : text.slice(0, end);
}

function show(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : showName(Buffer.from(text, 'latin1'));
}
