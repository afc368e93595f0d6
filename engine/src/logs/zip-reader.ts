import { type FileHandle, open } from 'node:fs/promises';
import { PassThrough, Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw, createZstdDecompress } from 'node:zlib';

import { LogError } from './contract.ts';
import type { LogLimits } from './limits.ts';

/**
 * ZIP archives by ranges: only the directory and the members asked for are read. Sizes in headers are claims of whoever
 * made the file, so everything is counted again while it is unpacked.
 */
export interface ZipReader extends AsyncDisposable {
  /** In the order of the directory; of a name that occurs more than once, the last. */
  readonly members: ReadonlyMap<string, ZipMember>;
  /** True when the directory was missing (a file cut short) and the members were found one after the other. */
  readonly recovered: boolean;
  /** Text of one member; at most `bytesMax` of it is ever unpacked. Rejects with a `LogError`. */
  readonly readText: (member: ZipMember, bytesMax: number) => Promise<string>;
}

export interface ZipMember {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc32: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly offset: number;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const END_BYTES = 22;
/** The end record, the largest comment behind it, and the 64-bit locator before it. */
const TAIL_BYTES = END_BYTES + 0xffff + 20;
const DIRECTORY_BYTES_MAX = 256 * 1024 * 1024;
/** V8 holds no longer text. */
const TEXT_BYTES_MAX = 512 * 1024 * 1024 - 32;
const RATIO_ASKED_FROM = 1024 * 1024;

export async function openZip(path: string, limits: LogLimits): Promise<ZipReader> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    const found = await readDirectory(file, size, limits);
    const listed = found ?? (await walkMembers(file, size, limits));
    const members = new Map<string, ZipMember>();
    for (const member of listed) {
      // Deleted first, so that the order is that of the last one.
      members.delete(member.name);
      members.set(member.name, member);
    }
    let budget = limits.totalBytesMax;
    const readText = async (member: ZipMember, bytesMax: number): Promise<string> => {
      const bytes = await unpack({ file, size, member, limits, bytesMax: Math.min(bytesMax, budget, TEXT_BYTES_MAX) });
      budget -= bytes.length;
      return bytes.toString('utf8');
    };
    return { members, recovered: found === null, readText, [Symbol.asyncDispose]: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw new LogError(
      'unreadable',
      `could not open the log ${path}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

async function readRange(file: FileHandle, from: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.max(0, length));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Null when the file has no directory at its end. */
async function readDirectory(file: FileHandle, size: number, limits: LogLimits): Promise<readonly ZipMember[] | null> {
  const tailFrom = Math.max(0, size - TAIL_BYTES);
  const tail = await readRange(file, tailFrom, size - tailFrom);
  const end = findEnd(tail);
  if (end === null) return null;
  let count = tail.readUInt16LE(end + 10);
  let bytes = tail.readUInt32LE(end + 12);
  let from = tail.readUInt32LE(end + 16);
  if (count === 0xffff || bytes === 0xffffffff || from === 0xffffffff) {
    const end64 = await readEnd64(file, tail, end);
    if (end64 !== null) ({ count, bytes, from } = end64);
  }
  if (count > limits.membersMax || bytes > DIRECTORY_BYTES_MAX) {
    throw new LogError(
      'too-large',
      `the archive claims ${count} members: at most ${limits.membersMax} are read; raise the limit if the log is yours`,
    );
  }
  if (from + bytes > size)
    throw new LogError('damaged', 'the archive claims a directory beyond its own end: the file was cut or changed');
  return parseDirectory(await readRange(file, from, bytes), count);
}

function findEnd(tail: Buffer): number | null {
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) === END && at + END_BYTES + tail.readUInt16LE(at + 20) === tail.length) return at;
  }
  return null;
}

async function readEnd64(
  file: FileHandle,
  tail: Buffer,
  end: number,
): Promise<{ count: number; bytes: number; from: number } | null> {
  const locator = end - 20;
  if (locator < 0 || tail.readUInt32LE(locator) !== LOCATOR_64) return null;
  const record = await readRange(file, toNumber(tail.readBigUInt64LE(locator + 8)), 56);
  if (record.length < 56 || record.readUInt32LE(0) !== END_64) return null;
  return {
    count: toNumber(record.readBigUInt64LE(32)),
    bytes: toNumber(record.readBigUInt64LE(40)),
    from: toNumber(record.readBigUInt64LE(48)),
  };
}

/** A 64-bit claim that no file can fulfil becomes infinite, and fails every bound. */
function toNumber(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(value);
}

function parseDirectory(directory: Buffer, count: number): readonly ZipMember[] {
  const members: ZipMember[] = [];
  let at = 0;
  for (let number = 0; number < count; number++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== CENTRAL) {
      throw new LogError(
        'damaged',
        `the archive claims ${count} members, its directory holds ${number}: the file was cut or changed`,
      );
    }
    const nameBytes = directory.readUInt16LE(at + 28);
    const extraBytes = directory.readUInt16LE(at + 30);
    const extra = directory.subarray(at + 46 + nameBytes, at + 46 + nameBytes + extraBytes);
    const sizes = read64(extra, [
      directory.readUInt32LE(at + 24),
      directory.readUInt32LE(at + 20),
      directory.readUInt32LE(at + 42),
    ]);
    members.push({
      name: directory.toString('utf8', at + 46, at + 46 + nameBytes),
      method: directory.readUInt16LE(at + 10),
      encrypted: (directory.readUInt16LE(at + 8) & 1) !== 0,
      crc32: directory.readUInt32LE(at + 16),
      bytes: sizes[0] ?? 0,
      packedBytes: sizes[1] ?? 0,
      offset: sizes[2] ?? 0,
    });
    at += 46 + nameBytes + extraBytes + directory.readUInt16LE(at + 32);
  }
  return members;
}

/** Replaces the numbers that are 0xffffffff by those of the 64-bit extra field, which holds only them, in this order. */
function read64(extra: Buffer, small: readonly number[]): readonly number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 0x0001) continue;
    let next = at + 4;
    return small.map((value) => {
      if (value !== 0xffffffff || next + 8 > extra.length) return value;
      next += 8;
      return toNumber(extra.readBigUInt64LE(next - 8));
    });
  }
  return small;
}

/** Members from the first byte on, for a file that has lost its directory. Stops at the first that is not whole. */
async function walkMembers(file: FileHandle, size: number, limits: LogLimits): Promise<readonly ZipMember[]> {
  const members: ZipMember[] = [];
  for (let offset = 0; offset + 30 <= size && members.length < limits.membersMax;) {
    const header = await readRange(file, offset, 30);
    if (header.length < 30 || header.readUInt32LE(0) !== LOCAL) break;
    const flags = header.readUInt16LE(6);
    // Sizes behind the data: where the member ends cannot be known without the directory.
    if ((flags & 8) !== 0) break;
    const nameBytes = header.readUInt16LE(26);
    const extraBytes = header.readUInt16LE(28);
    const rest = await readRange(file, offset + 30, nameBytes + extraBytes);
    const sizes = read64(rest.subarray(nameBytes), [header.readUInt32LE(22), header.readUInt32LE(18)]);
    const packedBytes = sizes[1] ?? 0;
    const next = offset + 30 + nameBytes + extraBytes + packedBytes;
    if (next > size) break;
    members.push({
      name: rest.toString('utf8', 0, nameBytes),
      method: header.readUInt16LE(8),
      encrypted: (flags & 1) !== 0,
      crc32: header.readUInt32LE(14),
      bytes: sizes[0] ?? 0,
      packedBytes,
      offset,
    });
    offset = next;
  }
  if (members.length === 0) {
    throw new LogError(
      'wrong-format',
      'expected a ZIP archive (.eval), got a file without a directory or a first member',
    );
  }
  return members;
}

interface UnpackTask {
  readonly file: FileHandle;
  readonly size: number;
  readonly member: ZipMember;
  readonly limits: LogLimits;
  readonly bytesMax: number;
}

async function unpack({ file, size, member, limits, bytesMax }: UnpackTask): Promise<Buffer> {
  const what = `member "${member.name.slice(0, 200)}"`;
  if (member.encrypted)
    throw new LogError('damaged', `${what} is encrypted: Inspect writes none such, so it is not read`);
  if (member.bytes > bytesMax) throw tooLarge(what, member.bytes, bytesMax);
  const header = await readRange(file, member.offset, 30);
  if (header.length < 30 || header.readUInt32LE(0) !== LOCAL) {
    throw new LogError(
      'damaged',
      `${what}: the directory points to a place where no member begins; the file was cut or changed`,
    );
  }
  const from = member.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (from + member.packedBytes > size)
    throw new LogError('damaged', `${what} claims bytes beyond the end of the file: it was cut or changed`);
  const chunks: Buffer[] = [];
  let total = 0;
  let checksum = 0;
  const keep = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of source) {
      total += chunk.length;
      if (total > bytesMax) throw tooLarge(what, total, bytesMax);
      if (total > RATIO_ASKED_FROM && total > limits.ratioMax * Math.max(1, member.packedBytes)) {
        throw new LogError(
          'too-large',
          `${what} unpacks to more than ${limits.ratioMax} times its size: it looks like a bomb and is not read`,
        );
      }
      checksum = crc32(chunk, checksum);
      chunks.push(chunk);
    }
  };
  try {
    await pipeline(Readable.from(readBlocks(file, from, member.packedBytes)), decoderOf(member, what), keep);
  } catch (error) {
    if (error instanceof LogError) throw error;
    throw new LogError(
      'damaged',
      `${what} cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  if (total !== member.bytes)
    throw new LogError(
      'damaged',
      `${what}: expected ${member.bytes} bytes as its header says, got ${total}; the file lies or was changed`,
    );
  if (checksum !== member.crc32)
    throw new LogError('damaged', `${what}: its checksum does not fit; the file was changed`);
  return Buffer.concat(chunks, total);
}

function tooLarge(what: string, bytes: number, bytesMax: number): LogError {
  return new LogError(
    'too-large',
    `${what}: expected at most ${bytesMax} bytes, got ${bytes}; raise the limit if the log is yours`,
  );
}

async function* readBlocks(file: FileHandle, from: number, length: number): AsyncGenerator<Buffer> {
  const block = 256 * 1024;
  for (let done = 0; done < length; done += block)
    yield await readRange(file, from + done, Math.min(block, length - done));
}

/** Stored, deflate and zstd (many frames behind one another): the three that Inspect has written. */
function decoderOf({ method }: ZipMember, what: string): Transform {
  switch (method) {
    case 0:
      return new PassThrough();
    case 8:
      return createInflateRaw();
    case 93:
      return createZstdDecompress();
    default:
      throw new LogError(
        'damaged',
        `${what}: expected packing method 0, 8 or 93, got ${method}; write the log again with Inspect`,
      );
  }
}
