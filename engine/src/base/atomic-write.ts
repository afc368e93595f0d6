import { closeSync, fsyncSync, openSync, renameSync, rmSync, type Stats, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a whole file atomically: a reader sees the old text or the new one, never a part, also after a loss of power.
 * A file that is there keeps its permissions. The temporary file is beside the target (a rename across file systems is not atomic) and is removed on failure.
 * Throws an error that names the path and has the system's code.
 */
export function writeFileAtomic(path: string, text: string | Uint8Array | Iterable<string>): void {
  const temporary = `${path}.${process.pid}.tmp`;
  const there = statSync(path, { throwIfNoEntry: false });
  assertReplaceable(path, there);
  try {
    const file = openSync(temporary, 'w', (there?.mode ?? 0o644) & 0o777);
    try {
      for (const part of typeof text === 'string' || text instanceof Uint8Array ? [text] : text) {
        const bytes = typeof part === 'string' ? Buffer.from(part) : part;
        for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    syncDirectory(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw withPath(error, path);
  }
}

/** A rename would put a plain file in the place of a device such as `/dev/stdout`. */
function assertReplaceable(path: string, there: Stats | undefined): void {
  if (there !== undefined && !there.isFile() && !there.isDirectory())
    throw Object.assign(new Error(`could not write ${path}: it is a device or a pipe, expected a plain file`), {
      code: 'EEXIST',
      path,
    });
}

/** What the system says of an open file, e.g. that the disk is full, names no path. */
function withPath(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || 'path' in error) return error;
  const code = 'code' in error ? error.code : undefined;
  return Object.assign(new Error(`could not write ${path}: ${error.message}`, { cause: error }), { code, path });
}

/** Makes a rename or a new name in the folder survive power loss. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
