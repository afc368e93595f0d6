import type { ChildProcess, StdioOptions } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { chmod, type FileHandle, open, utimes } from 'node:fs/promises';
import { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';

import { startDeadline } from '../../../base/deadline.ts';
import { isExhausted } from '../../../base/exhaustion.ts';
import { sleep } from '../../../base/sleep.ts';
import { type OpenSandboxOptions, SandboxError, type SparseContent } from '../../contract.ts';
import { ETC, GUEST_ENVIRONMENT, GUEST_UID, HOME, INIT, IO, RECORDED_ETC, serviceClient } from '../../guest.ts';
import { isSparse } from '../../kit/file-content.ts';
import { hostLines } from '../../kit/host-server.ts';
import { startProgram } from '../../kit/start-program.ts';
import { callFilter } from '../../kit/system-calls.ts';
import { childrenOf } from '../../processes.ts';
import { type ControlGroup, makeControlGroup } from './control-group.ts';

/** A running machine, seen from outside. */
export interface Machine {
  /** Host process id of its PID 1. */
  readonly initPid: number;
  readonly monitor: ChildProcess;
  /** Open handles of directories inside. They stay readable after the machine is gone. */
  readonly home: number;
  readonly temporary: number;
  readonly io: number;
  /** Resolves when the monitor process has ended, and with it every process of the machine. */
  readonly whenStopped: Promise<void>;
  /** Null where none can be made. */
  readonly group: ControlGroup | null;
}

/** Root on the host starts machines as this user, so that root and ordinary users take the same code path. */
const UNPRIVILEGED_UID = 60999;
const IO_BYTES = 8 * 1024 * 1024;
const OPEN_MS_MAX = 20_000;
const BLIND_MS = 20;
const BLIND_LOOKS_MAX = 250;
const ARGUMENTS_FD = 3;
const FIRST_DATA_FD = 4;

/** Owner of the machine's processes on the host. */
export const hostUid: number = process.getuid?.() === 0 ? UNPRIVILEGED_UID : (process.getuid?.() ?? 0);

/** User and group with which `bwrap` and `nsenter` start. */
export const identity: { readonly uid?: number; readonly gid?: number } =
  process.getuid?.() === 0 ? { uid: UNPRIVILEGED_UID, gid: UNPRIVILEGED_UID } : {};

/** Starts a machine, or rejects with a `SandboxError` and leaves nothing behind. */
export async function launchMachine(options: OpenSandboxOptions): Promise<Machine> {
  const data: (string | Uint8Array)[] = [];
  const attach: Attach = (content) => String(FIRST_DATA_FD + data.push(content) - 1);
  const words = machineArguments(options, attach);
  const stdio: StdioOptions = ['pipe', 'pipe', 'pipe', 'pipe', ...data.map(() => 'pipe' as const)];
  const init = ['/bin/bash', '/init', ...options.services.flatMap(({ name }) => [`${name}.ask`, `${name}.answer`])];
  const outside = { ...identity, stdio, detached: true, env: {}, cwd: '/' };
  const monitor = await startProgram('bwrap', ['--args', String(ARGUMENTS_FD), ...init], outside).catch(
    (error: unknown) => {
      throw notStarted(error);
    },
  );
  using deadline = startDeadline(options.signal, OPEN_MS_MAX);
  const problems: Buffer[] = [];
  outputOf(monitor, 2).on('data', (block: Buffer) => {
    if (problems.length < 16) problems.push(block);
  });
  const whenStopped = new Promise<void>((resolve) => {
    monitor.once('exit', () => resolve());
    monitor.once('error', () => resolve());
  });
  const handles: number[] = [];
  const group = await makeControlGroup(options.limits);
  try {
    const failed = new Promise<never>((_, reject) => {
      monitor.once('error', (error) => reject(error));
      monitor.once('exit', (code) => {
        // The last error output may still be in the pipe.
        const refuse = (): void =>
          reject(new Error(`bwrap ended with ${String(code)}: ${Buffer.concat(problems).toString('utf8').trim()}`));
        finished(outputOf(monitor, 2)).then(refuse, refuse);
      });
      deadline.signal.addEventListener('abort', () => {
        reject(new Error(deadline.isOver() ? `the machine was not ready after ${OPEN_MS_MAX} ms` : 'interrupted'));
      });
      options.signal.throwIfAborted();
    });
    // bwrap has started nothing yet: it waits for its arguments.
    await Promise.race([group?.add(monitor.pid), failed]);
    sendAll(inputOf(monitor, ARGUMENTS_FD), words.map((word) => `${word}\u0000`).join(''));
    for (const [index, content] of data.entries()) sendAll(inputOf(monitor, FIRST_DATA_FD + index), content);
    await Promise.race([whenReady(outputOf(monitor, 1)), failed]);
    const initPid = onlyChildOf(monitor);
    failed.catch(() => undefined);
    const openFolder = (path: string): number => {
      const handle = openSync(`/proc/${initPid}/root${path}`, constants.O_RDONLY | constants.O_DIRECTORY);
      handles.push(handle);
      return handle;
    };
    const machine = {
      initPid,
      monitor,
      home: openFolder(HOME),
      temporary: openFolder('/tmp'),
      io: openFolder(IO),
      whenStopped,
      group,
    };
    await finishFiles(machine.home, options.files);
    return machine;
  } catch (error) {
    for (const handle of handles) closeSync(handle);
    await killWithChild(monitor);
    await group?.remove();
    throw notStarted(error);
  }
}

function notStarted(error: unknown): SandboxError {
  const reason = error instanceof Error ? error.message : String(error);
  const [, closed] = /Can't find source path (.{1,4096}): Permission denied/.exec(reason) ?? [];
  return new SandboxError(
    'open-failed',
    closed === undefined
      ? `the sandbox did not start (${reason}): run "offswitch doctor"`
      : `the sandbox did not start: its user may not read ${closed}; move the program to a folder that every user may read, e.g. in /srv, or use one in /usr`,
    { cause: error },
  );
}

/** Kills its child first: bwrap binds the child to its own life only some time after the start. */
async function killWithChild(monitor: ChildProcess): Promise<void> {
  const isRunning = (): boolean => monitor.exitCode === null && monitor.signalCode === null;
  for (let look = 0; look < BLIND_LOOKS_MAX && isRunning(); look++) {
    try {
      for (const child of monitor.pid === undefined ? [] : childrenOf(monitor.pid)) process.kill(child, 'SIGKILL');
      break;
    } catch (error) {
      // Without descriptors the child cannot be found now; one that has just ended is no loss.
      if (!isExhausted(error)) break;
      await sleep(BLIND_MS);
    }
  }
  monitor.kill('SIGKILL');
}

/** Passes content through a new file descriptor, and returns the descriptor number. */
type Attach = (content: string | Uint8Array) => string;

function machineArguments(
  { files, services, limits, network, folders = [], ...hosts }: OpenSandboxOptions,
  attach: Attach,
): string[] {
  const disk = String(limits.diskBytesMax);
  const dataFile = (path: string, content: string, mode: string): string[] => [
    '--perms',
    mode,
    '--ro-bind-data',
    attach(content),
    path,
  ];
  const homeFile = (path: string, content: string | Uint8Array, mode: number): string[] => [
    ...parentsOf(path).flatMap((folder) => ['--dir', `${HOME}/${folder}`]),
    '--perms',
    mode.toString(8).padStart(4, '0'),
    '--file',
    attach(content),
    `${HOME}/${path}`,
  ];
  const etcFiles = { ...ETC, hosts: `${ETC['hosts'] ?? ''}${hostLines(hosts)}` };
  const groups: readonly (readonly string[])[] = [
    ['--unshare-user', '--unshare-all', '--die-with-parent', '--new-session', '--as-pid-1'],
    ['--uid', String(GUEST_UID), '--gid', String(GUEST_UID), '--hostname', 'box', '--cap-drop', 'ALL'],
    ['--clearenv'],
    Object.entries(GUEST_ENVIRONMENT).flatMap(([name, value]) => ['--setenv', name, value]),
    ['--ro-bind', '/usr', '/usr'],
    ['bin', 'lib', 'lib64', 'sbin'].flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`]),
    [
      '--ro-bind-try',
      '/etc/ld.so.cache',
      '/etc/ld.so.cache',
      '--ro-bind-try',
      '/etc/alternatives',
      '/etc/alternatives',
    ],
    Object.entries({ ...etcFiles, ...(network === 'recorded' && RECORDED_ETC) }).flatMap(([name, content]) =>
      dataFile(`/etc/${name}`, content, '0644'),
    ),
    dataFile('/init', INIT, '0755'),
    ['--proc', '/proc', '--tmpfs', '/dev'],
    ['null', 'zero', 'full', 'random', 'urandom'].flatMap((name) => ['--dev-bind', `/dev/${name}`, `/dev/${name}`]),
    ['--symlink', '/proc/self/fd', '/dev/fd', '--dir', '/dev/pts', '--symlink', 'pts/ptmx', '/dev/ptmx'],
    // What programs share in memory counts as files, and is evidence as they are.
    ['--dev-bind-try', '/dev/tty', '/dev/tty', '--symlink', '/tmp', '/dev/shm'],
    ['stdin', 'stdout', 'stderr'].flatMap((name, fd) => ['--symlink', `/proc/self/fd/${fd}`, `/dev/${name}`]),
    ['--size', disk, '--tmpfs', HOME, '--size', disk, '--tmpfs', '/tmp', '--size', String(IO_BYTES), '--tmpfs', IO],
    files.flatMap(({ path, content, mode }) => homeFile(path, isSparse(content) ? '' : content, mode)),
    services.flatMap(({ name, clientPath }) => homeFile(clientPath, serviceClient(name), 0o755)),
    folders.flatMap(({ from, at }) => ['--ro-bind', from, at]),
    ['--seccomp', attach(callFilter(false))],
    ['--chdir', HOME, '--remount-ro', '/dev', '--remount-ro', '/'],
  ];
  return groups.flat();
}

/**
 * Writes sparse files through the handle of the home, and sets times. No process of the agent runs yet. The sparse files
 * already exist and are empty, because root of the host does not exist in the machine and cannot create files there.
 */
async function finishFiles(home: number, files: OpenSandboxOptions['files']): Promise<void> {
  for (const { path, content, mode, modifiedAt } of files) {
    if (!isSparse(content) && modifiedAt === undefined) continue;
    const real = `/proc/self/fd/${home}/${path}`;
    if (isSparse(content)) {
      await chmod(real, 0o600);
      await using file = await open(real, constants.O_WRONLY | constants.O_NOFOLLOW);
      await file.truncate(content.sizeBytes);
      for (const { offset, bytes } of content.blocks) await writeAt(file, { offset, bytes });
      await chmod(real, mode);
    }
    if (modifiedAt !== undefined) await utimes(real, modifiedAt / 1000, modifiedAt / 1000);
  }
}

async function writeAt(file: FileHandle, { offset, bytes }: SparseContent['blocks'][number]): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
}

function parentsOf(path: string): string[] {
  const folders = path.split('/').slice(0, -1);
  return folders.map((_, index) => folders.slice(0, index + 1).join('/'));
}

function sendAll(stream: Writable, content: string | Uint8Array): void {
  // bwrap may already have ended. Its exit is a better error than a broken pipe.
  stream.on('error', () => undefined);
  stream.end(content);
}

/** Resolves when init reports that it is ready. Never rejects: if bwrap ends first, its exit is the error. */
function whenReady(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    let text = '';
    const look = (block: Buffer): void => {
      text += block.toString('utf8');
      if (!text.startsWith('ready\n')) return;
      stream.off('data', look).resume();
      resolve();
    };
    stream.on('data', look);
  });
}

/**
 * The machine's PID 1, from the kernel's own list. bwrap could report it through a pipe (`--json-status-fd`). But if the
 * harness were killed during the start, that pipe would kill bwrap and leave a child that waits for it forever.
 */
function onlyChildOf({ pid }: ChildProcess): number {
  const [child, ...others] = pid === undefined ? [] : childrenOf(pid);
  if (child === undefined || others.length > 0)
    throw new Error(`expected bwrap to have one child, it has ${others.length + (child === undefined ? 0 : 1)}`);
  return child;
}

/** Streams of the extra descriptors. They exist because of the `stdio` option above. */
export function outputOf(child: ChildProcess, fd: number): Readable {
  const stream = child.stdio[fd];
  if (!(stream instanceof Readable))
    throw new SandboxError('open-failed', `no pipe from descriptor ${fd} of the child`);
  return stream;
}
export function inputOf(child: ChildProcess, fd: number): Writable {
  const stream = child.stdio[fd];
  if (!(stream instanceof Writable)) throw new SandboxError('open-failed', `no pipe to descriptor ${fd} of the child`);
  return stream;
}
