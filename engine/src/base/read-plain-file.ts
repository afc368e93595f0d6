import { closeSync, constants, createReadStream, fstatSync, openSync, readSync } from 'node:fs';

/**
 * Opens a file of which nobody knows what it is, to read it. A pipe or a device throws: reading one may never end, and
 * opening one may wait for ever. A folder is refused by the first read.
 */
export function openPlainFile(path: string): number {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile() && !stats.isDirectory()) throw new Error('it is a pipe or a device, expected a plain file');
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** The bytes of a plain file. Throws if there are more than `bytesMax`, and then holds none of them in memory. */
export function readPlainFile(path: string, bytesMax: number): Buffer {
  const file = openPlainFile(path);
  try {
    const stats = fstatSync(file);
    const size = stats.isFile() ? stats.size : 0;
    if (size > bytesMax) throw new Error(tooLarge(bytesMax));
    const parts: Buffer[] = [];
    let bytes = 0;
    // Files of the kernel have a size of 0 and some text; others grow while they are read.
    for (;;) {
      const part = Buffer.allocUnsafe(Math.max(BLOCK_BYTES_MIN, Math.min(size, bytesMax) + 1 - bytes));
      const read = readSync(file, part, 0, part.length, null);
      if (read === 0) return Buffer.concat(parts);
      bytes += read;
      if (bytes > bytesMax) throw new Error(tooLarge(bytesMax));
      parts.push(part.subarray(0, read));
    }
  } finally {
    closeSync(file);
  }
}

/**
 * The bytes of a plain file, piece by piece, as far as it went when it was opened: it may grow faster than it is read. A file
 * of the kernel has a size of 0, and so no bytes.
 */
export async function* streamPlainFile(path: string): AsyncGenerator<Buffer> {
  const fd = openPlainFile(path);
  const { size } = fstatSync(fd);
  // The stream closes it, also where nobody reads to the end. With no byte to read, it does not take the end.
  if (size === 0) closeSync(fd);
  else yield* createReadStream(path, { fd, end: size - 1 }) as AsyncIterable<Buffer>;
}

/** The same as UTF-8 text, without a byte order mark. */
export async function* streamPlainText(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const bytes of streamPlainFile(path)) yield decoder.decode(bytes, { stream: true });
  yield decoder.decode();
}

const BLOCK_BYTES_MIN = 4096;

function tooLarge(bytesMax: number): string {
  return `it is larger than ${bytesMax} bytes`;
}

/** The same as UTF-8 text. */
export function readPlainText(path: string, bytesMax: number): string {
  return readPlainFile(path, bytesMax).toString('utf8');
}

/** Why a file that the user named could not be read, for the end of a sentence: words instead of a code of the system. */
export function whyUnread(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return IN_WORDS[code] ?? error.message;
}

const IN_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file, because a part of its path is no folder',
  EISDIR: 'it is a folder, expected a file',
  EACCES: 'this user may not read it',
  ELOOP: 'its links lead in a circle',
};
