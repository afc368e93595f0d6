import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

import { syncDirectory } from '../base/atomic-write.ts';
import { LogError } from './log-error.ts';

/** A file that appears under its name when it is whole. Everything here throws `LogError`s. */
export interface NewFile {
  readonly write: (bytes: Uint8Array) => void;
  /** Gives the file its name, and returns its size. */
  readonly finish: () => number;
  /** Removes what was written so far. Idempotent, and nothing after `finish`. */
  readonly abort: () => void;
}

/** A file of that name is left as it is, and the new one fails; with `replace` the new one takes its place. */
export function openNewFile(path: string, { replace = false }: { readonly replace?: boolean } = {}): NewFile {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = attempt(path, () => openSync(temporary, replace ? 'w' : 'wx', 0o644));
  let size = 0;
  let open = true;
  const close = (): void => {
    if (open) closeSync(file);
    open = false;
  };
  return {
    write: (bytes) =>
      attempt(path, () => {
        for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
        size += bytes.length;
      }),
    finish: () =>
      attempt(path, () => {
        fsyncSync(file);
        close();
        // A link fails when the name is taken, where a rename would write over it.
        (replace ? renameSync : linkSync)(temporary, path);
        rmSync(temporary, { force: true });
        syncDirectory(dirname(path));
        return size;
      }),
    abort: () => {
      close();
      rmSync(temporary, { force: true });
    },
  };
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const taken = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw taken
      ? new LogError('exists', `${path} is there already: logs are never written over; choose another name`, { cause })
      : new LogError('unreadable', `could not write ${path}: ${reason}`, { cause });
  }
}
