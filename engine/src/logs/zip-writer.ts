import { closeSync, fsyncSync, linkSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';

import { syncDirectory } from '../base/atomic-write.ts';
import { LogError } from './contract.ts';

/**
 * A ZIP archive as the readers of Inspect want it: deflate, sizes in the local headers (no data descriptors), nothing
 * behind the end record. The file appears under its name when it is whole.
 */
export interface ZipWriter {
  readonly add: (name: string, text: string) => void;
  /** Writes the directory and gives the file its name. Returns its size. */
  readonly finish: () => number;
  /** Removes what was written so far. Idempotent, and nothing after `finish`. */
  readonly abort: () => void;
}

interface Entry {
  readonly name: Buffer;
  readonly crc: number;
  readonly packed: number;
  readonly bytes: number;
  readonly offset: number;
}

/** 1980-01-01, the first day of ZIP: the time is in the log itself. */
const DOS_TIME = 0;
const DOS_DATE = 0x21;
const UTF8_NAME = 0x0800;
const MAX_32 = 0xffffffff;

export function createZip(path: string): ZipWriter {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = attempt(path, () => openSync(temporary, 'wx', 0o644));
  const entries: Entry[] = [];
  let size = 0;
  let open = true;

  const put = (bytes: Buffer): void => {
    for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
    size += bytes.length;
  };
  const add = (name: string, text: string): void => {
    const bytes = Buffer.from(text);
    const data = deflateRawSync(bytes, { level: 6 });
    const entry = {
      name: Buffer.from(name),
      crc: crc32(bytes),
      packed: data.length,
      bytes: bytes.length,
      offset: size,
    };
    attempt(path, () => put(Buffer.concat([localHeader(entry), data])));
    entries.push(entry);
  };
  const finish = (): number => {
    attempt(path, () => {
      const from = size;
      for (const entry of entries) put(centralHeader(entry));
      put(endRecords(entries.length, { from, bytes: size - from }));
      fsyncSync(file);
      closeSync(file);
      open = false;
      // Fails when the name is taken, where a rename would write over it.
      linkSync(temporary, path);
      rmSync(temporary);
      syncDirectory(dirname(path));
    });
    return size;
  };
  const abort = (): void => {
    if (open) closeSync(file);
    open = false;
    rmSync(temporary, { force: true });
  };
  return { add, finish, abort };
}

function localHeader({ name, crc, packed, bytes }: Entry): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(UTF8_NAME, 6);
  header.writeUInt16LE(8, 8);
  header.writeUInt16LE(DOS_TIME, 10);
  header.writeUInt16LE(DOS_DATE, 12);
  header.writeUInt32LE(crc, 14);
  header.writeUInt32LE(packed, 18);
  header.writeUInt32LE(bytes, 22);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name]);
}

function centralHeader({ name, crc, packed, bytes, offset }: Entry): Buffer {
  const header = Buffer.alloc(46);
  const far = offset >= MAX_32;
  const extra = Buffer.alloc(far ? 12 : 0);
  if (far) {
    extra.writeUInt16LE(0x0001, 0);
    extra.writeUInt16LE(8, 2);
    extra.writeBigUInt64LE(BigInt(offset), 4);
  }
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(far ? 45 : 20, 4);
  header.writeUInt16LE(far ? 45 : 20, 6);
  header.writeUInt16LE(UTF8_NAME, 8);
  header.writeUInt16LE(8, 10);
  header.writeUInt16LE(DOS_TIME, 12);
  header.writeUInt16LE(DOS_DATE, 14);
  header.writeUInt32LE(crc, 16);
  header.writeUInt32LE(packed, 20);
  header.writeUInt32LE(bytes, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE(far ? MAX_32 : offset, 42);
  return Buffer.concat([header, name, extra]);
}

function endRecords(count: number, directory: { readonly from: number; readonly bytes: number }): Buffer {
  const { from, bytes } = directory;
  const far = count >= 0xffff || from >= MAX_32 || bytes >= MAX_32;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(far ? 0xffff : count, 8);
  end.writeUInt16LE(far ? 0xffff : count, 10);
  end.writeUInt32LE(far ? MAX_32 : bytes, 12);
  end.writeUInt32LE(far ? MAX_32 : from, 16);
  if (!far) return end;
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50, 0);
  end64.writeBigUInt64LE(44n, 4);
  end64.writeUInt16LE(45, 12);
  end64.writeUInt16LE(45, 14);
  end64.writeBigUInt64LE(BigInt(count), 24);
  end64.writeBigUInt64LE(BigInt(count), 32);
  end64.writeBigUInt64LE(BigInt(bytes), 40);
  end64.writeBigUInt64LE(BigInt(from), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(from + bytes), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([end64, locator, end]);
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const reason = error instanceof Error ? error.message : String(error);
    throw taken
      ? new LogError('exists', `${path} is there already: logs are never written over; choose another name`, {
          cause: error,
        })
      : new LogError('unreadable', `could not write ${path}: ${reason}`, { cause: error });
  }
}
