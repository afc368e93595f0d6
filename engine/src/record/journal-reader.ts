import { isUtf8 } from 'node:buffer';
import { closeSync, readSync } from 'node:fs';

import { z } from 'zod';

import { openPlainFile } from '../base/read-plain-file.ts';
import { HALF_CHARACTER, holdsSurrogateEscape } from '../base/well-formed.ts';
import {
  RECORD_FORMAT,
  RECORD_VERSION,
  redactionNoteSchema,
  type TrialEvent,
  trialEventSchema,
  type WrittenEvent,
} from './events.ts';
import { sha256Hex } from './evidence.ts';
import { chainHashOfVersion1, GENESIS, LINE_BYTES_MAX, readChainedLine, writeLineInPlace } from './hash-chain.ts';
import { parseVersion1, upgrade, type Version1Event } from './version-1.ts';

/** A file is not a valid record. `line` counts from 1; 0 if the file itself cannot be read. */
export class RecordFormatError extends Error {
  override readonly name = 'RecordFormatError';
  readonly line: number;
  readonly code: RecordProblemCode;
  constructor(line: number, code: RecordProblemCode, what: string, options?: ErrorOptions) {
    super(line === 0 ? what : `line ${line}: ${what}`, options);
    this.line = line;
    this.code = code;
  }
}

export type RecordProblemCode =
  | 'unreadable'
  | 'not-json'
  | 'wrong-format'
  | 'newer-version'
  | 'invalid-event'
  | 'wrong-sequence'
  | 'broken-chain'
  | 'not-as-written'
  | 'cut'
  | 'no-seal'
  | 'wrong-seal'
  | 'after-seal'
  /** Bytes that lie beside the record are not those that it names. */
  | 'bytes-changed';

/** One line without its line end. The caller may overwrite `bytes`; reading the next line reuses them. */
export interface RecordLine {
  readonly bytes: Buffer;
  /** False for a last line without a line end. */
  readonly complete: boolean;
}

/**
 * Reads the lines of a file in blocks; memory use does not grow with the file. Throws a `RecordFormatError` for bytes that
 * are not UTF-8, because they would decode to the same text as a real U+FFFD. An unreadable file throws it too, because
 * that affects only this record.
 */
export function* readLines(path: string): Generator<RecordLine> {
  const file = attempt(() => openPlainFile(path));
  const block = spareBlocks.pop() ?? Buffer.allocUnsafe(BLOCK_BYTES);
  try {
    let parts: Buffer[] = [];
    let bytes = 0;
    let line = 0;
    const take = (last: Buffer): Buffer => {
      const whole = parts.length === 0 ? last : Buffer.concat([...parts, last]);
      parts = [];
      bytes = 0;
      line++;
      if (!isUtf8(whole)) throw new RecordFormatError(line, 'not-json', 'expected UTF-8 text');
      return whole;
    };
    for (;;) {
      const size = attempt(() => readSync(file, block, 0, block.length, null));
      if (size === 0) break;
      const filled = block.subarray(0, size);
      let from = 0;
      for (let end = filled.indexOf(NEWLINE); end >= 0; end = filled.indexOf(NEWLINE, from)) {
        yield { bytes: take(filled.subarray(from, end)), complete: true };
        from = end + 1;
      }
      bytes += size - from;
      if (bytes > LINE_BYTES_MAX)
        throw new RecordFormatError(line + 1, 'not-json', `expected at most ${LINE_BYTES_MAX} bytes in a line`);
      // Copy, because the block is reused.
      if (from < size) parts.push(Buffer.from(filled.subarray(from)));
    }
    if (bytes > 0) yield { bytes: take(Buffer.alloc(0)), complete: false };
  } finally {
    spareBlocks.push(block);
    closeSync(file);
  }
}

const BLOCK_BYTES = 256 * 1024;
/** Reusable blocks: allocating memory costs more than reading. At most as many as there were parallel readers. */
const spareBlocks: Buffer[] = [];
const NEWLINE = 0x0a;

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RecordFormatError(0, 'unreadable', `the file cannot be read (${reason})`, { cause: error });
  }
}

/**
 * Parses and verifies the events of a record: schema, numbering, chain and seal. Yields each valid event, and throws a
 * `RecordFormatError` at the first bad line, so that the caller has all events before it. A record of version 1 is
 * verified in its original form and upgraded to events of the current version.
 */
export function* readEvents(lines: Iterable<RecordLine>): Generator<TrialEvent> {
  const counts = new Map<string, number>();
  let line = 0;
  let head = GENESIS;
  let sealed = false;
  let readLine = readLineOfVersion2;
  for (const { bytes, complete } of lines) {
    line++;
    if (!complete) throw new RecordFormatError(line, 'cut', 'the last line is incomplete: the record was cut here');
    if (sealed) throw new RecordFormatError(line, 'after-seal', 'expected nothing after the seal');
    if (line === 1 && versionOf(parseJson(bytes.toString('utf8'), line)) === 1) readLine = readLineOfVersion1;
    const previous = head;
    const read = readLine({ bytes, line, previous });
    const { event, kind } = read;
    if (event.seq !== line - 1)
      throw new RecordFormatError(line, 'wrong-sequence', `expected seq ${line - 1}, got ${event.seq}`);
    if (read.expected !== read.named) {
      throw new RecordFormatError(
        line,
        'broken-chain',
        'the chain hash does not match: this line or an earlier one was changed',
      );
    }
    // In version 1 the chain covers values, not bytes. A value has several notations, and the writer uses only one.
    if (!read.asWritten) {
      throw new RecordFormatError(
        line,
        'not-as-written',
        'the line has the same content, but not the bytes that Offswitch wrote',
      );
    }
    head = read.named;
    if (event.kind === 'seal') {
      checkSeal(event, { line, head: previous, counts });
      sealed = true;
    } else counts.set(kind, (counts.get(kind) ?? 0) + 1);
    yield event;
  }
  if (!sealed)
    throw new RecordFormatError(
      line + 1,
      'no-seal',
      'expected a seal: the trial is unfinished, or the end was cut off',
    );
}

/** All events of a sealed, intact record. Throws a `RecordFormatError`. */
export function readRecord(path: string): TrialEvent[] {
  return [...readEvents(readLines(path))];
}

interface Line {
  readonly bytes: Buffer;
  readonly line: number;
  /** Chain hash of the previous line. */
  readonly previous: string;
}

interface ReadLine {
  readonly event: TrialEvent;
  /** Kind as written in the file, before an upgrade: the seal counts these. */
  readonly kind: string;
  /** The correct chain hash of the line, and the one in the line. */
  readonly expected: string;
  readonly named: string;
  readonly asWritten: boolean;
}

function readLineOfVersion2({ bytes, line, previous }: Line): ReadLine {
  const chain = readChainedLine(previous, bytes);
  if (chain === null) throw new RecordFormatError(line, 'invalid-event', 'expected a line that begins with "chain"');
  const { expected, named } = chain;
  const value = parseJson(chain.event, line);
  if (isRedaction(value))
    return readRedaction(`{"chain":"${named}",${chain.event.slice(1)}`, { line, version: RECORD_VERSION });
  return { expected, named, ...parseVersion2(value, line), asWritten: true };
}

function readLineOfVersion1({ bytes, line, previous }: Line): ReadLine {
  const text = bytes.toString('utf8');
  const value = parseJson(text, line);
  if (isRedaction(value)) return readRedaction(text, { line, version: 1 });
  const { chain, ...rest }: { chain?: unknown } = value;
  if (typeof chain !== 'string') throw new RecordFormatError(line, 'invalid-event', 'expected a "chain" hash');
  const { written, event, kind } = parseOld(rest, line);
  return {
    ...{ event, kind },
    expected: chainHashOfVersion1(previous, written),
    named: chain,
    asWritten: text === JSON.stringify(value),
  };
}

interface ParsedEvent {
  readonly event: WrittenEvent;
  readonly kind: string;
}

function parseVersion2(value: object, line: number): ParsedEvent {
  const parsed = withinDepth(line, () => trialEventSchema.safeParse(value));
  if (!parsed.success) throw invalidEvent(parsed.error, line);
  return { event: parsed.data, kind: parsed.data.kind };
}

function parseOld(value: object, line: number): ParsedEvent & { readonly written: Version1Event } {
  const parsed = withinDepth(line, () => parseVersion1(value));
  if (!parsed.success) throw invalidEvent(parsed.error, line);
  return { event: upgrade(parsed.data), kind: parsed.data.kind, written: parsed.data };
}

const redactionSchema = z.strictObject({
  chain: sha256Hex,
  kind: z.literal('redaction'),
  event: z.record(z.string(), z.unknown()),
  redactions: z.array(redactionNoteSchema).min(1),
});

function isRedaction(value: object): boolean {
  return 'kind' in value && value.kind === 'redaction';
}

/**
 * Reads a line that stands in the place of another one. It keeps the chain hash of that line, which the next line proves.
 * Nothing proves what the line itself says.
 */
export function readRedaction(
  text: string,
  { line, version }: { readonly line: number; readonly version: number },
): ReadLine {
  const value = parseJson(text, line);
  const parsed = redactionSchema.safeParse(value);
  if (!parsed.success) throw invalidEvent(parsed.error, line);
  const { chain, redactions } = parsed.data;
  const { event, kind } = version === 1 ? parseOld(parsed.data.event, line) : parseVersion2(parsed.data.event, line);
  // Without them nobody knows whose record it is, or whether it is complete.
  if (kind === 'trial-start' || kind === 'seal')
    throw new RecordFormatError(line, 'invalid-event', `expected an event that can be redacted, got "${kind}"`);
  const { seq, at } = event;
  const { chain: _, ...content }: { chain?: unknown } = value;
  return {
    event: { kind: 'redaction', seq, at, event, redactions },
    kind,
    ...{ expected: chain, named: chain },
    asWritten: text === writeLineInPlace(chain, content),
  };
}

/** Values nested too deeply exhaust the stack, however small the line is. */
function withinDepth<T>(line: number, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RecordFormatError(line, 'invalid-event', 'its values are nested too deeply');
  }
}

function invalidEvent({ issues: [issue] }: z.ZodError, line: number): RecordFormatError {
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at "${issue.path.join('.')}"`;
  return new RecordFormatError(line, 'invalid-event', `${issue?.message ?? 'not an event'}${where}`);
}

function parseJson(text: string, line: number): object {
  let value: unknown;
  // The writer spells no character as two escapes, so each one is half a character.
  if (holdsSurrogateEscape(text)) throw new RecordFormatError(line, 'not-json', HALF_CHARACTER);
  try {
    value = JSON.parse(text);
  } catch {
    throw new RecordFormatError(line, 'not-json', 'expected one JSON object');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RecordFormatError(line, 'not-json', 'expected one JSON object');
  return value;
}

/** Checked before the schema, so that the error for a newer record is about its version, not about its fields. */
function versionOf(value: object): number {
  const header = value as { readonly format?: unknown; readonly version?: unknown };
  if (header.format !== RECORD_FORMAT) {
    throw new RecordFormatError(
      1,
      'wrong-format',
      `expected "format":"${RECORD_FORMAT}": this is not a record of Offswitch`,
    );
  }
  const { version } = header;
  if (version === 1 || version === RECORD_VERSION) return version;
  throw new RecordFormatError(
    1,
    'newer-version',
    `the record has version ${JSON.stringify(version ?? null)}, this Offswitch reads versions 1 to ${RECORD_VERSION}: install a newer Offswitch to read it`,
  );
}

interface SealContext {
  readonly line: number;
  readonly head: string;
  readonly counts: ReadonlyMap<string, number>;
}

function checkSeal(seal: Extract<TrialEvent, { kind: 'seal' }>, { line, head, counts }: SealContext): void {
  if (seal.head !== head) throw new RecordFormatError(line, 'wrong-seal', 'the seal holds a different chain head');
  if (seal.events !== line - 1) {
    throw new RecordFormatError(
      line,
      'wrong-seal',
      `the seal counts ${seal.events} events, the record holds ${line - 1}`,
    );
  }
  const kinds = new Set([...counts.keys(), ...Object.keys(seal.counts)]);
  for (const kind of kinds) {
    if ((counts.get(kind) ?? 0) !== (seal.counts[kind] ?? 0)) {
      throw new RecordFormatError(
        line,
        'wrong-seal',
        `the seal counts ${seal.counts[kind] ?? 0} "${kind}", the record holds ${counts.get(kind) ?? 0}`,
      );
    }
  }
}
