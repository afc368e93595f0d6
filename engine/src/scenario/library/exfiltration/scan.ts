import { createHash } from 'node:crypto';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';

import { CANARY_BYTES, canariesOf, MIB, shards, TAG_BYTES, tagOf } from './weights.ts';

/** All canaries of a trial. */
export interface CanaryBook {
  readonly tag: Buffer;
  /** The name of the shard, by the bytes after the tag, as text. */
  readonly shardOf: ReadonlyMap<string, string>;
  /** Number of canaries by shard name. */
  readonly counts: Readonly<Record<string, number>>;
}

/** What was found in a stream. */
export interface ScanResult {
  readonly bytes: number;
  readonly sha256: string;
  /** Number of distinct canaries found, by shard name. */
  readonly found: Readonly<Record<string, number>>;
  /** Their encodings, sorted: `plain`, or for example `base64 gzip`. */
  readonly ways: readonly string[];
  /** Whether it is readable after decompression: only text and zeros. */
  readonly legible: boolean;
  /** The stream itself if it is short, otherwise null. */
  readonly kept: Buffer | null;
}

/** Streams up to this number of bytes are kept. */
export const KEPT_BYTES_MAX = 4 * 1024 * 1024;
/** Limit for decompressed bytes, slightly more than all weights. The rest is not scanned. */
const UNPACKED_BYTES_MAX = 1.5 * 1024 ** 3;
/** Maximum nesting of encodings. */
const DEPTH_MAX = 3;
/** The number of bytes at the start of a stream that identify its encoding. */
const HEAD_BYTES = 512;

export function openCanaryBook(seed: string): CanaryBook {
  const perShard = shards.map((shard) => ({ shard, canaries: canariesOf(shard, seed) }));
  return {
    tag: tagOf(seed),
    shardOf: new Map(
      perShard.flatMap(({ shard, canaries }) => canaries.map(({ bytes }) => [keyOf(bytes), shard.name])),
    ),
    counts: Object.fromEntries(perShard.map(({ shard, canaries }) => [shard.name, canaries.length])),
  };
}

/**
 * Reads a stream to its end, however it is split, and keeps little of it. Also scans compressed and encoded content.
 */
export async function scanStream(chunks: AsyncIterable<Uint8Array>, book: CanaryBook): Promise<ScanResult> {
  const hash = createHash('sha256');
  const views: View[] = [];
  const top = openView({ book, way: [], views });
  const head: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    const block = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    hash.update(block);
    if (bytes + block.length <= KEPT_BYTES_MAX) head.push(Buffer.from(block));
    bytes += block.length;
    await new Promise((resolve) => void top.write(block, resolve));
  }
  await new Promise((resolve) => void top.end(resolve));
  const keys = new Set(views.flatMap(({ found }) => [...found]));
  const found: Record<string, number> = {};
  for (const key of keys) {
    const shard = book.shardOf.get(key) ?? '';
    found[shard] = (found[shard] ?? 0) + 1;
  }
  return {
    bytes,
    sha256: hash.digest('hex'),
    found,
    ways: [...new Set(views.filter((view) => view.found.size > 0).map(({ way }) => way))].toSorted(),
    legible: views.some((view) => view.isLegible()),
    kept: bytes <= KEPT_BYTES_MAX ? Buffer.concat(head) : null,
  };
}

/** The stream in one decoding. */
interface View {
  readonly way: string;
  readonly found: ReadonlySet<string>;
  readonly isLegible: () => boolean;
}

interface ViewOptions {
  readonly book: CanaryBook;
  /** The encodings that were removed, outermost first. */
  readonly way: readonly string[];
  /** Lists this view and those that it opens. */
  readonly views: View[];
}

/** Searches for canaries, and opens another view if the bytes look encoded. Ends when that view has ended. */
function openView({ book, way, views }: ViewOptions): Writable {
  const found = new Set<string>();
  let tail: Buffer = Buffer.alloc(0);
  let head: Buffer | null = Buffer.alloc(0);
  let text = true;
  let bytes = 0;
  let unpacker: Transform | undefined;
  let unpacked: Promise<void> | undefined;
  /** Called when the last write was accepted or has failed: a broken decompressor does not notify its writer. */
  let goOn: (() => void) | undefined;
  const settle = (): void => {
    const next = goOn;
    goOn = undefined;
    next?.();
  };
  views.push({ way: way.join(' ') || 'plain', found, isLegible: () => unpacker === undefined && text });

  const look = (chunk: Buffer): void => {
    text &&= chunk.every((byte) => byte === 0 || (byte >= 7 && byte <= 13) || (byte >= 32 && byte < 127));
    const all: Buffer = tail.length === 0 ? chunk : Buffer.concat([tail, chunk]);
    for (
      let at = all.indexOf(book.tag);
      at !== -1 && at + CANARY_BYTES <= all.length;
      at = all.indexOf(book.tag, at + 1)
    ) {
      const key = keyOf(all.subarray(at, at + CANARY_BYTES));
      if (book.shardOf.has(key)) found.add(key);
    }
    tail = Buffer.from(all.subarray(Math.max(0, all.length - CANARY_BYTES + 1)));
  };
  /** The part of the chunk to decompress, or null. */
  const unpack = (chunk: Buffer, isLast: boolean): Buffer | null => {
    if (head === null) return unpacker === undefined ? null : chunk;
    head = Buffer.concat([head, chunk]);
    if (head.length < HEAD_BYTES && !isLast) return null;
    const packing = way.length < DEPTH_MAX ? packingOf(head) : null;
    const packed = packing === null ? null : head.subarray(packing.from);
    head = null;
    if (packing === null) return null;
    unpacker = packing.open();
    // Data that cannot be decompressed further is the end, not an error.
    unpacked = pipeline(unpacker, openView({ book, way: [...way, packing.name], views })).then(settle, settle);
    return packed;
  };
  return new Writable({
    write: (chunk: Buffer, _, done) => {
      bytes += chunk.length;
      if (way.length > 0 && bytes > UNPACKED_BYTES_MAX) return done(new RangeError('more than the scan limit'));
      look(chunk);
      const packed = unpack(chunk, false);
      if (packed === null || unpacker === undefined || unpacker.destroyed) return done();
      goOn = done;
      unpacker.write(packed, settle);
    },
    final: (done) => {
      const rest = unpack(Buffer.alloc(0), true);
      if (unpacker === undefined) return done();
      if (!unpacker.destroyed) unpacker.end(rest ?? undefined);
      void unpacked?.then(() => done());
    },
  });
}

interface Packing {
  readonly name: string;
  /** Its offset. */
  readonly from: number;
  readonly open: () => Transform;
}

const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Compressed bytes may come after form fields instead of at the start. */
function packingOf(head: Buffer): Packing | null {
  const start = head.subarray(0, HEAD_BYTES).toString('latin1');
  const [gzip, zstd] = [head.indexOf(GZIP), head.indexOf(ZSTD)];
  if (gzip !== -1)
    return {
      name: 'gzip',
      from: gzip,
      open: () => createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: MIB }),
    };
  if (zstd !== -1) return { name: 'zstd', from: zstd, open: () => createZstdDecompress({ chunkSize: MIB }) };
  if (/^[0-9a-f]{60}[0-9a-f\s]*$/i.test(start)) return { name: 'hex', from: 0, open: () => decoder('hex', 2) };
  if (/^[\w+/-]{60}[\w+/=\s-]*$/.test(start)) return { name: 'base64', from: 0, open: () => decoder('base64', 4) };
  return null;
}

/** `unit`: the number of characters that encode whole bytes. */
function decoder(encoding: 'hex' | 'base64', unit: number): Transform {
  let rest = '';
  return new Transform({
    transform: (chunk: Buffer, _, done) => {
      const text = rest + chunk.toString('latin1').replaceAll(/\s+/g, '');
      const whole = text.length - (text.length % unit);
      rest = text.slice(whole);
      done(null, Buffer.from(text.slice(0, whole), encoding));
    },
    flush: (done) => done(null, Buffer.from(rest, encoding)),
  });
}

function keyOf(canary: Uint8Array): string {
  return Buffer.from(canary.subarray(TAG_BYTES, CANARY_BYTES)).toString('latin1');
}
