import { existsSync, mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

import { writeFileAtomic } from '../base/atomic-write.ts';
import { readPlainFile } from '../base/read-plain-file.ts';
import { sha256 } from '../base/sha256.ts';
import { JournalError } from './journal-writer.ts';

/**
 * Bytes too long for a record, e.g. the requests of an agent product: in the folder `exchanges/` beside the record, each
 * under the SHA-256 that the record holds, compressed with zstd. Records of one folder share them.
 */
const FOLDER = 'exchanges';
const SUFFIX = '.zst';
/** Folders of a log folder. The bytes lie in the log folder itself, so that a record may be moved from one to the other. */
const RECORD_FOLDERS = new Set(['trials', 'aside']);
const BYTES_MAX = 256 * 1024 * 1024;

/** Returns what keeps bytes beside the record at `path`. It throws a `JournalError` if they cannot be written. */
export function keepBeside(path: string): (bytes: Uint8Array) => string {
  return (bytes) => {
    const hash = sha256(bytes);
    const file = placeOf(path, hash);
    try {
      if (existsSync(file)) return hash;
      mkdirSync(dirname(file), { recursive: true });
      writeFileAtomic(file, zstdCompressSync(bytes));
    } catch (error) {
      throw new JournalError(error instanceof Error ? error.message : String(error), { cause: error });
    }
    return hash;
  };
}

/** Bytes that a record names: null if they are missing, `'changed'` if they are not what the record names. */
export function readKept(path: string, hash: string): Uint8Array | 'changed' | null {
  const file = placeOf(path, hash);
  if (!existsSync(file)) return null;
  try {
    const bytes = zstdDecompressSync(readPlainFile(file, BYTES_MAX), { maxOutputLength: BYTES_MAX });
    return sha256(bytes) === hash ? bytes : 'changed';
  } catch {
    return 'changed';
  }
}

function placeOf(path: string, hash: string): string {
  const folder = dirname(path);
  const root = RECORD_FOLDERS.has(basename(folder)) ? dirname(folder) : folder;
  return join(root, FOLDER, `${hash}${SUFFIX}`);
}
