import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

import { isOwnExhaustion } from '../base/exhaustion.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

export interface RootHandle {
  /** Path inside the sandbox. */
  readonly path: string;
  readonly handle: number;
}

/**
 * Reads a plain file from a tree that an adversary controls. It uses open handles, follows no links, and opens nothing but
 * plain files. Null if `path` is not a plain file of at most `bytesMax`, or reading is forbidden.
 */
export function readInside(roots: readonly RootHandle[], path: string, bytesMax: number): Uint8Array | null {
  const root = roots.find((one) => path.startsWith(`${one.path}/`));
  if (root === undefined) return null;
  const names = path.slice(root.path.length + 1).split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..')) return null;
  const opened: number[] = [];
  try {
    let handle = root.handle;
    for (const [index, name] of names.entries()) {
      const isLast = index === names.length - 1;
      handle = openSync(
        `/proc/self/fd/${handle}/${name}`,
        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | (isLast ? 0 : O_DIRECTORY),
      );
      opened.push(handle);
    }
    const stats = fstatSync(handle);
    if (!stats.isFile() || stats.size > bytesMax) return null;
    const bytes = Buffer.alloc(stats.size);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(handle, bytes, length, bytes.length - length, length);
    return bytes.subarray(0, length);
  } catch (error) {
    if (isOwnExhaustion(error)) throw error;
    return null;
  } finally {
    for (const handle of opened) closeSync(handle);
  }
}
