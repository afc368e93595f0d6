import { writeFileAtomic } from '../base/atomic-write.ts';
import { RECORD_VERSION, type RedactionNote } from './events.ts';
import { writeLineInPlace } from './hash-chain.ts';
import { readLines, readRedaction, RecordFormatError } from './journal-reader.ts';
import { verifyRecord } from './verify.ts';

/** Takes a secret out of a text; returns the same text if it holds none. */
export type Hide = (text: string) => string;

export interface RedactedRecord {
  /** Lines that were replaced, from 1. */
  readonly redacted: readonly number[];
  /** Lines whose chain hash does not prove them. The secret was taken out of them too; no hash of the original is kept. */
  readonly unproven: readonly number[];
  /** Lines that still hold the secret: it is in the first line, in the seal, in a name or a hash. */
  readonly left: readonly number[];
}

/**
 * Takes a secret out of one record. A proven line becomes a redaction: it keeps the chain hash of the original, so every
 * other line is proven as before. The file is replaced as a whole, and the new one never held the secret.
 * @throws RecordFormatError if the file cannot be read as lines of text; then it is as it was
 */
export function redactRecord(path: string, hide: Hide, note: RedactionNote): RedactedRecord {
  const change = toChange(path, hide, note);
  const found = { redacted: [] as number[], unproven: [] as number[], left: [] as number[] };
  // Two passes, so that a large record is not held in memory.
  let line = 0;
  for (const { bytes } of readLines(path)) {
    const { is } = change(bytes.toString('utf8'), ++line);
    if (is !== 'same') found[is].push(line);
  }
  if (found.redacted.length + found.unproven.length > 0) writeFileAtomic(path, rewrite(path, change));
  return found;
}

function* rewrite(path: string, change: ChangeLine): Generator<string> {
  let line = 0;
  for (const { bytes, complete } of readLines(path))
    yield change(bytes.toString('utf8'), ++line).text + (complete ? '\n' : '');
}

type ChangeLine = (text: string, line: number) => { readonly text: string; readonly is: 'same' | keyof RedactedRecord };

function toChange(path: string, hide: Hide, note: RedactionNote): ChangeLine {
  // A redaction in the place of a line that was changed would make it look proven.
  const firstUnproven = verifyRecord(path).problem?.line ?? Infinity;
  let version = 0;
  return (text, line) => {
    const without = hide(text);
    if (line >= firstUnproven) return { text: without, is: without === text ? 'same' : 'unproven' };
    const value: unknown = JSON.parse(text);
    if (line === 1) version = isObject(value) && value['version'] === 1 ? 1 : RECORD_VERSION;
    const shown = hideIn(value, hide);
    if (shown === value && without === text) return { text, is: 'same' };
    const replaced = replaceLine(shown, note);
    return isReadable(replaced, { line, version }) && hide(replaced) === replaced && chainOf(shown) === chainOf(value)
      ? { text: replaced, is: 'redacted' }
      : { text, is: 'left' };
  };
}

function replaceLine(value: unknown, note: RedactionNote): string {
  const { chain = '', ...content } = isObject(value) ? value : {};
  const { event, redactions } = content['kind'] === 'redaction' ? content : { event: content, redactions: [] };
  const notes: unknown[] = Array.isArray(redactions) ? redactions : [];
  return writeLineInPlace(String(chain), { kind: 'redaction', event, redactions: [...notes, note] });
}

function isReadable(text: string, place: { readonly line: number; readonly version: number }): boolean {
  try {
    return readRedaction(text, place).asWritten;
  } catch (error) {
    if (!(error instanceof RecordFormatError)) throw error;
    return false;
  }
}

function chainOf(value: unknown): unknown {
  return isObject(value) ? value['chain'] : undefined;
}

/** The same value if no text in it, and no name of a field, holds the secret. */
export function hideIn(value: unknown, hide: Hide): unknown {
  if (typeof value === 'string') return hide(value);
  if (Array.isArray(value)) {
    const shown = value.map((one) => hideIn(one, hide));
    return shown.every((one, index) => one === value[index]) ? value : shown;
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value);
  const shown = entries.map(([name, one]) => [hide(name), hideIn(one, hide)] as const);
  const isSame = shown.every(([name, one], index) => name === entries[index]?.[0] && one === entries[index][1]);
  return isSame ? value : Object.fromEntries(shown);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
