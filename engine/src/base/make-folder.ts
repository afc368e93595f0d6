import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { syncDirectory } from './atomic-write.ts';

/**
 * Creates a folder and its missing parents, also so that a loss of power leaves them there. Node's own `recursive` does the same, but never returns where the kernel answers
 * "no such file" for a new name in an existing folder, as it does below `/proc`.
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let folder = resolve(path); !isThere(folder); folder = dirname(folder)) missing.push(folder);
  for (const folder of missing.toReversed()) {
    makeOne(folder);
    syncParent(folder);
  }
  if (!statSync(path).isDirectory()) throw new Error(`${path} is not a folder`);
}

function syncParent(folder: string): void {
  try {
    syncDirectory(dirname(folder));
  } catch (error) {
    // Some file systems cannot do it, and some parents must not be read. All else is a failing disk.
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!['EINVAL', 'ENOTSUP', 'EACCES', 'EPERM'].includes(code)) throw error;
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function makeOne(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process has created it in the meantime.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
