import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';

import type { Call } from './crash-states.ts';

/**
 * Loaded before Offswitch (`node --import`): each call that changes a file below the folder `TRACE_BELOW`, or makes a change
 * survive a loss of power, becomes a line of the file `TRACE_TO`. What is there at the start comes first, up to `start`.
 */
const { TRACE_BELOW = '', TRACE_TO = '' } = process.env;
const real = { ...fs };
/** Files by their name now, and by descriptor. `null`: a folder. */
const named = new Map<string, number>();
const opened = new Map<number, { readonly path: string; readonly file: number | null; at: number }>();
const state = { files: 0 };

function tell(call: Call): void {
  real.appendFileSync(TRACE_TO, `${JSON.stringify(call)}\n`);
}

function isOwn(path: unknown): boolean {
  return String(path) === TRACE_BELOW || String(path).startsWith(`${TRACE_BELOW}/`);
}

function addFile(path: string): number {
  const file = state.files++;
  named.set(path, file);
  tell({ call: 'create', path, file });
  return file;
}

function tellWhatIsThere(folder: string): void {
  for (const entry of real.readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      tell({ call: 'mkdir', path });
      tellWhatIsThere(path);
    } else tell({ call: 'write', file: addFile(path), at: 0, base64: real.readFileSync(path).toString('base64') });
  }
}

tellWhatIsThere(TRACE_BELOW);
tell({ call: 'start' });

fs.openSync = (...words: Parameters<typeof fs.openSync>): number => {
  const path = String(words[0]);
  const descriptor = real.openSync(...words);
  if (!isOwn(path)) return descriptor;
  const flags = String(words[1]);
  const isFolder = real.fstatSync(descriptor).isDirectory();
  const isNew = flags.startsWith('w') && !named.has(path);
  const file = isFolder ? null : (named.get(path) ?? addFile(path));
  if (file !== null && flags === 'w' && !isNew) tell({ call: 'truncate', file });
  opened.set(descriptor, { path, file, at: 0 });
  return descriptor;
};
fs.closeSync = (descriptor: number): void => {
  opened.delete(descriptor);
  real.closeSync(descriptor);
};
fs.fsyncSync = (descriptor: number): void => {
  real.fsyncSync(descriptor);
  const own = opened.get(descriptor);
  if (own !== undefined)
    tell(own.file === null ? { call: 'sync-folder', path: own.path } : { call: 'sync-file', file: own.file });
};
fs.renameSync = (from: fs.PathLike, to: fs.PathLike): void => {
  real.renameSync(from, to);
  const file = named.get(String(from));
  if (file === undefined) return;
  named.delete(String(from));
  named.set(String(to), file);
  tell({ call: 'rename', from: String(from), path: String(to), file });
};
fs.rmSync = (path: fs.PathLike, options?: fs.RmOptions): void => {
  real.rmSync(path, options);
  if (named.delete(String(path))) tell({ call: 'remove', path: String(path) });
};
Object.assign(fs, {
  mkdirSync: (path: fs.PathLike, options?: fs.MakeDirectoryOptions) => {
    const made = real.mkdirSync(path, options);
    if (isOwn(dirname(String(path)))) tell({ call: 'mkdir', path: String(path) });
    return made;
  },
  writeSync: (descriptor: number, bytes: Buffer, from = 0, length = bytes.length - from) => {
    const written = real.writeSync(descriptor, bytes, from, length);
    const own = opened.get(descriptor);
    if (own !== undefined && own.file !== null) {
      const base64 = Buffer.from(bytes.subarray(from, from + written)).toString('base64');
      tell({ call: 'write', file: own.file, at: own.at, base64 });
      own.at += written;
    }
    return written;
  },
});
syncBuiltinESMExports();
