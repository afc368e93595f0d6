import { isAbsolute, normalize } from 'node:path';

import { type SandboxFolder, SandboxError } from '../contract.ts';
import { HOME } from '../guest.ts';
import { statsOf } from '../processes.ts';

/** Places that belong to the machine. */
const TAKEN = [
  HOME,
  '/tmp',
  '/proc',
  '/dev',
  '/sys',
  '/run',
  '/usr',
  '/bin',
  '/lib',
  '/lib64',
  '/sbin',
  '/etc/hosts',
  '/init',
];

/** Throws `open-failed` if a folder cannot be mounted. */
export function assertFolders(folders: readonly SandboxFolder[] = []): void {
  const isPlain = (path: string): boolean =>
    isAbsolute(path) && normalize(path) === path && path !== '/' && !path.endsWith('/') && !/[\u0000:]/.test(path);
  const isBelow = (path: string, folder: string): boolean => `${path}/`.startsWith(`${folder}/`);
  for (const { from, at } of folders) {
    if (!isAbsolute(from) || statsOf(from)?.isDirectory() !== true)
      throw new SandboxError(
        'open-failed',
        `expected the absolute path of a folder to mount, got ${JSON.stringify(from)}`,
      );
    if (!isPlain(at) || TAKEN.some((taken) => isBelow(at, taken) || isBelow(taken, at)))
      throw new SandboxError(
        'open-failed',
        `expected a place of its own for ${from} in the machine, e.g. /opt/agent, got ${JSON.stringify(at)}`,
      );
  }
}

/** The entry for the details of a sandbox; empty if there are no folders. Never where they lie on this computer. */
export function folderDetails(folders: readonly SandboxFolder[] = []): Record<string, string> {
  return folders.length === 0 ? {} : { folders: `read-only: ${folders.map(({ at }) => at).join(', ')}` };
}
