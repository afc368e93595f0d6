import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';

import type { z } from 'zod';

import { RECORD_FORMAT, RECORD_VERSION, type TrialEvent, trialEventSchema } from './events.ts';
import { chainHashOfVersion1, GENESIS, readChainedLine } from './hash-chain.ts';
import { parseVersion1, upgrade } from './version-1.ts';

/** A record that cannot be read as one. `line` counts from 1; 0 when the file itself cannot be read. */
export class RecordFormatError extends Error {
  override readonly name = 'RecordFormatError';
  readonly line: number;
  readonly code: RecordProblemCode;
  constructor(line: number, code: RecordProblemCode, what: string) {
    super(line === 0 ? what : `line ${line}: ${what}`);
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
  | 'after-seal';

/** A line may not be longer: 64 MiB, far above what the writer's own bounds allow. */
const LINE_BYTES_MAX = 64 * 1024 * 1024;

/** One line, without its end. `bytes` may be written over, and are read into again for the next line. */
export interface RecordLine {
  readonly bytes: Buffer;
  /** False for a last line without an end. */
  readonly complete: boolean;
}

/**
 * Lines of a file, read in blocks; memory does not grow with the file. The last one says whether it was whole.
 * Throws a `RecordFormatError` at bytes that are not UTF-8: shown as U+FFFD, they would pass for a text that holds one;
 * and where the system does not let the file be read: that too is a fault of this one record, and not of the others.
 */
export function* readLines(path: string): Generator<RecordLine> {
  const file = attempt(() => openSync(path, 'r'));
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
      // Copied, since the block is read into again.
      if (from < size) parts.push(Buffer.from(filled.subarray(from)));
    }
    if (bytes > 0) yield { bytes: take(Buffer.alloc(0)), complete: false };
  } finally {
    spareBlocks.push(block);
    closeSync(file);
  }
}

const BLOCK_BYTES = 256 * 1024;
/** To be used again: fresh memory costs more than reading into it. As many as there were readers at once. */
const spareBlocks: Buffer[] = [];
const NEWLINE = 0x0a;

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RecordFormatError(0, 'unreadable', `the file cannot be read (${reason})`);
  }
}

/**
 * Events of a record, parsed and proven: form, numbering, chain and seal. Yields as it goes and throws a
 * `RecordFormatError` at the first line that is wrong, so a reader that wants everything up to there has it.
 * A record of version 1 is proven as it was written, and comes as events of the present version.
 */
export function* readEvents(lines: Iterable<RecordLine>): Generator<TrialEvent> {
  const counts = new Map<string, number>();
  let line = 0;
  let head = GENESIS;
  let sealed = false;
  let readLine = readLineOfVersion2;
  for (const { bytes, complete } of lines) {
    line++;
    if (!complete) throw new RecordFormatError(line, 'cut', 'the last line has no end: the record was cut here');
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
        'the chain hash does not fit: this line, or one before it, was changed',
      );
    }
    // The chain of version 1 is over values. The same value can be written in several ways, and only one of them is ours.
    if (!read.asWritten) {
      throw new RecordFormatError(
        line,
        'not-as-written',
        'the line says the same, but was written anew by something else',
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
  /** Chain hash of the line before. */
  readonly previous: string;
}

interface ReadLine {
  readonly event: TrialEvent;
  /** Kind as it was written: the seal counts by it. */
  readonly kind: string;
  /** Chain hash that fits the line, and the one that it names. */
  readonly expected: string;
  readonly named: string;
  readonly asWritten: boolean;
}

function readLineOfVersion2({ bytes, line, previous }: Line): ReadLine {
  const chain = readChainedLine(previous, bytes);
  if (chain === null)
    throw new RecordFormatError(line, 'invalid-event', 'expected a line that begins with its "chain"');
  const { expected, named } = chain;
  const parsed = trialEventSchema.safeParse(parseJson(chain.event, line));
  if (!parsed.success) throw invalidEvent(parsed.error, line);
  return { expected, named, event: parsed.data, kind: parsed.data.kind, asWritten: true };
}

function readLineOfVersion1({ bytes, line, previous }: Line): ReadLine {
  const text = bytes.toString('utf8');
  const value = parseJson(text, line);
  const { chain, ...rest }: { chain?: unknown } = value;
  if (typeof chain !== 'string') throw new RecordFormatError(line, 'invalid-event', 'expected a "chain" hash');
  const parsed = parseVersion1(rest);
  if (!parsed.success) throw invalidEvent(parsed.error, line);
  const event = parsed.data;
  return {
    event: upgrade(event),
    kind: event.kind,
    expected: chainHashOfVersion1(previous, event),
    named: chain,
    asWritten: text === JSON.stringify(value),
  };
}

function invalidEvent({ issues: [issue] }: z.ZodError, line: number): RecordFormatError {
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at "${issue.path.join('.')}"`;
  return new RecordFormatError(line, 'invalid-event', `${issue?.message ?? 'not an event'}${where}`);
}

function parseJson(text: string, line: number): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RecordFormatError(line, 'not-json', 'expected one JSON object');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RecordFormatError(line, 'not-json', 'expected one JSON object');
  return value;
}

/** Looked at before the schema, so that a newer record gets a sentence about its version and not about its fields. */
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
  if (seal.head !== head) throw new RecordFormatError(line, 'wrong-seal', 'the seal names another chain head');
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
