import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * Loaded before Offswitch (`node --import`): one system call of it fails. `FAIL_CALL` says of which kind (`open`, `write`,
 * `fsync`, `rename`, `mkdir`, `spawn`), `FAIL_NTH` which of them, counted from 1, and `FAIL_CODE` how. Calls on files count
 * only below `FAIL_BELOW`. With `FAIL_NTH` 0 all succeed. In the end their number goes to the file `FAIL_COUNT`.
 */
const { FAIL_CALL = '', FAIL_NTH = '0', FAIL_CODE = 'EIO', FAIL_BELOW = '', FAIL_COUNT = '' } = process.env;
const real = { ...fs };
const realSpawn = childProcess.spawn;
const state = { calls: 0 };
/** Descriptors of files below the folder. */
const own = new Set<number>();

function failure(call: string): Error | undefined {
  if (call !== FAIL_CALL) return undefined;
  state.calls++;
  if (state.calls !== Number(FAIL_NTH)) return undefined;
  return Object.assign(new Error(`${FAIL_CODE}: made to fail, ${call}`), { code: FAIL_CODE, syscall: call });
}

function failAt(call: string, path: unknown): void {
  if (!String(path).startsWith(FAIL_BELOW)) return;
  const error = failure(call);
  if (error !== undefined) throw Object.assign(error, { path: String(path) });
}

fs.openSync = (...words: Parameters<typeof fs.openSync>): number => {
  failAt('open', words[0]);
  const file = real.openSync(...words);
  if (String(words[0]).startsWith(FAIL_BELOW)) own.add(file);
  return file;
};
fs.closeSync = (file: number): void => {
  own.delete(file);
  real.closeSync(file);
};
fs.fsyncSync = (file: number): void => {
  const error = own.has(file) ? failure('fsync') : undefined;
  if (error !== undefined) throw error;
  real.fsyncSync(file);
};
fs.renameSync = (from: fs.PathLike, to: fs.PathLike): void => {
  failAt('rename', from);
  real.renameSync(from, to);
};
Object.assign(fs, {
  mkdirSync: (path: fs.PathLike, options?: fs.MakeDirectoryOptions) => {
    failAt('mkdir', path);
    return real.mkdirSync(path, options);
  },
  writeSync: (file: number, bytes: Buffer, from = 0, length = bytes.length - from) => {
    const error = own.has(file) ? failure('write') : undefined;
    if (error === undefined) return real.writeSync(file, bytes, from, length);
    // A disk that becomes full takes a part.
    real.writeSync(file, bytes, from, Math.floor(length / 2));
    throw error;
  },
});
Object.assign(childProcess, {
  spawn: (program: string, words: readonly string[], options: childProcess.SpawnOptions) => {
    const error = failure('spawn');
    if (error === undefined) return realSpawn(program, [...words], options);
    // As Node does it when descriptors or processes are lacking: without pid and pipes, and the event comes later.
    const child = Reflect.construct(childProcess.ChildProcess, []);
    process.nextTick(() => child.emit('error', error));
    return child;
  },
});
syncBuiltinESMExports();
process.on('exit', () => {
  if (FAIL_COUNT !== '') real.writeFileSync(FAIL_COUNT, String(state.calls));
});
