import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { PassThrough, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw, createZstdDecompress } from 'node:zlib';

import { type Entry, fromFdPromise, validateFileName, type ZipFile } from 'yauzl';
import { ZipFile as ZipOutput } from 'yazl';

import { openPlainFile } from '../../../base/read-plain-file.ts';
import type { LogLimits } from '../../limits.ts';
import { LogError, tooLarge, unreadable } from '../../log-error.ts';
import { openNewFile } from '../../new-file.ts';

/**
 * ZIP archives by ranges: only the directory and the members asked for are read. Sizes in headers are claims of whoever
 * made the file, so everything is counted again while it is unpacked.
 */
export interface ZipReader extends Disposable {
  /** In the order of the directory; of a name that occurs more than once, the last. */
  readonly members: ReadonlyMap<string, ZipMember>;
  /** Names that lead out of the archive. Nothing is read under them. */
  readonly traps: readonly string[];
  /** Text of one member; at most `bytesMax` of it is ever unpacked. Rejects with a `LogError`. */
  readonly readText: (member: ZipMember, bytesMax: number) => Promise<string>;
}

export interface ZipMember {
  readonly name: string;
  readonly bytes: number;
  readonly entry: Entry;
}

const DIRECTORY_BYTES_MAX = 256 * 1024 * 1024;
/** V8 holds no longer text. */
const TEXT_BYTES_MAX = 512 * 1024 * 1024 - 32;
const RATIO_ASKED_FROM = 1024 * 1024;

export async function openZip(path: string, limits: LogLimits): Promise<ZipReader> {
  // Names as bytes: one bad name must not hide the other members.
  const file = open(path);
  const zip = await fromFdPromise(file, { autoClose: false, decodeStrings: false }).catch((error: unknown) => {
    closeSync(file);
    if (error instanceof Error && 'syscall' in error) throw unreadable(path, error);
    throw damaged(
      'expected a ZIP archive (.eval) with a directory at its end, got none: it was cut, or is something else',
      error,
    );
  });
  try {
    const { members, traps } = await listMembers(zip, limits);
    let budget = limits.totalBytesMax;
    const readText = async (member: ZipMember, bytesMax: number): Promise<string> => {
      const bytes = await unpack({ zip, member, limits, bytesMax: Math.min(bytesMax, budget, TEXT_BYTES_MAX) });
      budget -= bytes.length;
      return bytes.toString('utf8');
    };
    return { members, traps, readText, [Symbol.dispose]: () => zip.close() };
  } catch (error) {
    zip.close();
    throw error instanceof LogError ? error : damaged('the directory of the archive cannot be read', error);
  }
}

function open(path: string): number {
  try {
    return openPlainFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function listMembers(zip: ZipFile, limits: LogLimits): Promise<Pick<ZipReader, 'members' | 'traps'>> {
  if (zip.entryCount > limits.membersMax) throw tooLarge('the archive', `${limits.membersMax} members`, zip.entryCount);
  const members = new Map<string, ZipMember>();
  const traps: string[] = [];
  let directoryBytes = 0;
  let packedBytes = 0;
  for await (const entry of zip.eachEntry()) {
    directoryBytes += 46 + entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength;
    if (directoryBytes > DIRECTORY_BYTES_MAX)
      throw tooLarge('the directory of the archive', `${DIRECTORY_BYTES_MAX} bytes`, directoryBytes);
    // Members that share their bytes could unpack to any size.
    packedBytes += entry.compressedSize;
    if (packedBytes > zip.fileSize)
      throw damaged('the members of the archive are together larger than the archive: they overlap, and none is read');
    const name = entry.fileNameRaw.toString('utf8');
    if (validateFileName(name) !== null || name.includes('\0')) traps.push(name);
    else {
      // Deleted first, so that the order is that of the last one.
      members.delete(name);
      members.set(name, { name, bytes: entry.uncompressedSize, entry });
    }
  }
  return { members, traps };
}

interface UnpackTask {
  readonly zip: ZipFile;
  readonly member: ZipMember;
  readonly limits: LogLimits;
  readonly bytesMax: number;
}

async function unpack({ zip, member, limits, bytesMax }: UnpackTask): Promise<Buffer> {
  const { entry, bytes } = member;
  const what = `member "${member.name.slice(0, 200)}"`;
  if (entry.isEncrypted()) throw damaged(`${what} is encrypted: Inspect writes none such, so it is not read`);
  if (bytes > bytesMax) throw tooLarge(what, `${bytesMax} bytes`, bytes);
  const decoder = createDecoder(entry, what);
  const chunks: Buffer[] = [];
  let total = 0;
  let checksum = 0;
  const keep = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of source) {
      total += chunk.length;
      if (total > bytesMax) throw tooLarge(what, `${bytesMax} bytes`, total);
      if (total > RATIO_ASKED_FROM && total > limits.ratioMax * Math.max(1, entry.compressedSize))
        throw new LogError(
          'too-large',
          `${what} unpacks to more than ${limits.ratioMax} times its size: it looks like a bomb and is not read`,
        );
      checksum = crc32(chunk, checksum);
      chunks.push(chunk);
    }
  };
  try {
    await pipeline(await zip.openReadStreamPromise(entry, { decodeFileData: false }), decoder, keep);
  } catch (error) {
    if (error instanceof LogError) throw error;
    throw damaged(`${what} cannot be unpacked`, error);
  }
  if (total !== bytes)
    throw damaged(`${what}: expected ${bytes} bytes as its header says, got ${total}; the file lies or was changed`);
  if (checksum !== entry.crc32) throw damaged(`${what}: its checksum does not fit; the file was changed`);
  return Buffer.concat(chunks, total);
}

function damaged(sentence: string, cause?: unknown): LogError {
  const reason = cause instanceof Error ? ` (${cause.message})` : '';
  return new LogError('damaged', `${sentence}${reason}`, { cause });
}

/** Stored, deflate and zstd (many frames behind one another): the three that Inspect has written. */
function createDecoder({ compressionMethod }: Entry, what: string): Transform {
  if (compressionMethod === 0) return new PassThrough();
  if (compressionMethod === 8) return createInflateRaw();
  if (compressionMethod === 93) return createZstdDecompress();
  throw damaged(
    `${what}: expected packing method 0, 8 or 93, got ${compressionMethod}; write the log again with Inspect`,
  );
}

/**
 * A ZIP archive as the readers of Inspect want it: deflate, sizes in the local headers (no data descriptors), nothing
 * behind the end record. The file appears under its name when it is whole.
 */
export interface ZipWriter {
  /** Resolves when the member is on its way to the disk: one is in memory at a time. */
  readonly add: (name: string, text: string) => Promise<void>;
  /** Writes the directory and gives the file its name. Returns its size. */
  readonly finish: () => Promise<number>;
  /** Removes what was written so far. Idempotent, and nothing after `finish`. */
  readonly abort: () => void;
}

/** 1980-01-01, the first day of ZIP: the time is in the log itself. */
const FIRST_DAY = new Date(1980, 0, 1);

export function createZip(path: string): ZipWriter {
  const file = openNewFile(path);
  const zip = new ZipOutput();
  const written = new Promise<void>((resolve, reject) => {
    zip.on('error', reject);
    zip.outputStream.on('end', resolve).on('data', (block: Buffer) => {
      try {
        file.write(block);
      } catch (error) {
        reject(error);
      }
    });
  });
  // Whoever waits next is told.
  written.catch(() => {});
  return {
    add: async (name, text) => {
      zip.addBuffer(Buffer.from(text), name, { mtime: FIRST_DAY, forceDosTimestamp: true });
      // The first block of a member comes when all of it is packed.
      await Promise.race([once(zip.outputStream, 'data'), written]);
    },
    finish: async () => {
      zip.end();
      await written;
      return file.finish();
    },
    abort: file.abort,
  };
}
