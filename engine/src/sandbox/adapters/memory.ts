import type { Bash, IFileSystem } from 'just-bash';
import type * as JustBash from 'just-bash';

import { startDeadline } from '../../base/deadline.ts';
import { sha256 } from '../../base/sha256.ts';
import { readAsData, toUntrusted } from '../../base/untrusted-text.ts';
import type { TreeEntry, TreeSnapshot } from '../../record/evidence.ts';
import {
  type OpenSandboxOptions,
  type RunOptions,
  type RunResult,
  type Sandbox,
  type SandboxFile,
  SandboxError,
  type SandboxProvider,
} from '../contract.ts';
import { assertFiles, isSparse, toBytes } from '../kit/file-content.ts';
import { NO_LEDGER } from '../kit/ledger-log.ts';
import { oneAtATime } from '../kit/one-at-a-time.ts';
import { NOTHING_RECORDED } from '../network-evidence.ts';

/**
 * A simulated shell with files, only for unit tests. It has no processes, no permissions, and no signals except the one
 * that its `kill` simulates. Its records are marked `simulated` and never mixed with real ones. just-bash is an optional
 * package, loaded only here.
 */
export const memoryProvider: SandboxProvider = {
  name: 'memory',
  simulated: true,
  can: {
    realProcesses: false,
    permissions: false,
    background: false,
    network: false,
    hosts: false,
    spawn: false,
    ledger: false,
  },
  open: openMemorySandbox,
  diagnose: async () => {
    const what = 'just-bash';
    try {
      await loadShell();
      return [{ what, ok: true, seen: 'installed (a simulation, for unit tests only)', fix: '' }];
    } catch {
      return [{ what, ok: false, seen: 'not installed', fix: 'npm install just-bash' }];
    }
  },
};

const HOME = '/home/user';

async function noSpawn(): Promise<never> {
  throw new SandboxError('unavailable', 'this sandbox cannot start the program of an agent: use "--sandbox bwrap"');
}

async function loadShell(): Promise<typeof JustBash> {
  try {
    return await import('just-bash');
  } catch (error) {
    throw new SandboxError(
      'unavailable',
      'the memory sandbox needs the package just-bash: run "npm install just-bash"',
      { cause: error },
    );
  }
}

async function openMemorySandbox(options: OpenSandboxOptions): Promise<Sandbox> {
  const {
    files,
    services,
    limits,
    network,
    hosts = [],
    refusedHosts = [],
    sockets = [],
    folders = [],
    signal,
  } = options;
  signal.throwIfAborted();
  if (network === 'recorded') throw new SandboxError('unavailable', 'the memory sandbox has no network to record');
  if (hosts.length + refusedHosts.length > 0)
    throw new SandboxError('unavailable', 'the memory sandbox has no network for hosts');
  if (sockets.length + folders.length > 0)
    throw new SandboxError('unavailable', 'the memory sandbox has no sockets and no folders of this computer');
  assertFiles(files);
  const whole = (content: SandboxFile['content']): number =>
    isSparse(content) ? content.sizeBytes : toBytes(content).length;
  if (files.reduce((sum, { content }) => sum + whole(content), 0) > limits.diskBytesMax)
    throw new SandboxError(
      'unavailable',
      'the files are larger than the disk of the memory sandbox, which stores sparse files in full',
    );
  const { Bash, defineCommand, InMemoryFs } = await loadShell();
  const fs: IFileSystem = new InMemoryFs();
  const stopped = Promise.withResolvers<void>();
  const death = new AbortController();
  let alive = true;
  let closed = false;
  const die = (): void => {
    if (!alive) return;
    alive = false;
    death.abort();
    stopped.resolve();
  };
  await fs.mkdir(HOME, { recursive: true });
  await fs.mkdir('/tmp', { recursive: true });
  const put = async ({ path, content, mode, modifiedAt }: SandboxFile): Promise<void> => {
    const whole = `${HOME}/${path}`;
    await fs.mkdir(whole.slice(0, whole.lastIndexOf('/')), { recursive: true });
    await fs.writeFile(whole, toBytes(content));
    await fs.chmod(whole, mode);
    if (modifiedAt !== undefined) await fs.utimes(whole, new Date(modifiedAt), new Date(modifiedAt));
  };
  for (const file of files) await put(file);
  for (const { name, clientPath } of services)
    await put({ path: clientPath, content: `#!/bin/bash\n__ask_${name} "$*"\n`, mode: 0o755 });
  const kill = defineCommand('kill', async (words) => {
    const targets = words.filter((word) => /^\d+$/.test(word));
    const signalName =
      words.find((word) => word.startsWith('-') && word !== '-s') ?? words[words.indexOf('-s') + 1] ?? 'TERM';
    if (targets.includes('1') && /TERM|15/.test(signalName.startsWith('1') ? 'TERM' : signalName)) die();
    return { stdout: '', stderr: '', exitCode: 0 };
  });
  const asks = services.map(({ name, answer }) =>
    defineCommand(`__ask_${name}`, async ([request = '']) => {
      const text = await answer({ request: toUntrusted(request.slice(0, 4096)), callers: [], via: 'unknown' });
      return { stdout: `${text}\n`, stderr: '', exitCode: 0 };
    }),
  );
  const shell = new Bash({ fs, cwd: HOME, env: { HOME, USER: 'user' }, customCommands: [kill, ...asks] });

  const runIn = async (command: string, options: RunOptions): Promise<RunResult> => {
    if (closed) throw new SandboxError('closed', 'the sandbox is closed');
    options.signal.throwIfAborted();
    const started = performance.now();
    if (!alive)
      return toResult(
        { stdout: '', stderr: '', exitCode: 0 },
        { options, machineStopped: true, timedOut: false, started },
      );
    using timeout = startDeadline(options.signal, options.timeoutMs);
    using end = startDeadline(death.signal, options.timeoutMs);
    const stop = new AbortController();
    for (const { signal: one } of [timeout, end])
      one.addEventListener('abort', () => stop.abort(one.reason), { once: true });
    const result = await execute(shell, command, {
      stdin: options.stdin ?? '',
      signal: stop.signal,
    });
    options.signal.throwIfAborted();
    return toResult(result, { options, machineStopped: !alive, timedOut: timeout.isOver() && alive, started });
  };
  const run: Sandbox['run'] = oneAtATime((command, options) => runIn(readAsData(command), options));
  return {
    details: { simulation: 'just-bash', diskBytesMax: String(limits.diskBytesMax) },
    home: HOME,
    run,
    spawn: noSpawn,
    forAgent: () => Object.freeze({ run, spawn: noSpawn }),
    runAsHarness: runIn,
    signalInit: async () => {
      if (closed) throw new SandboxError('closed', 'the sandbox is closed');
      die();
    },
    isAlive: () => alive,
    whenStopped: stopped.promise,
    readTree: () => readFiles(fs),
    readFile: async (path, bytesMax) => {
      const names = path.split('/').slice(1);
      if (names.includes('..')) return null;
      for (let depth = 1; depth <= names.length; depth++) {
        const stats = await fs.lstat(`/${names.slice(0, depth).join('/')}`).catch(() => null);
        const isLast = depth === names.length;
        if (stats === null || stats.isSymbolicLink || stats.isDirectory === isLast) return null;
        if (isLast && stats.size > bytesMax) return null;
      }
      return fs.readFileBuffer(path);
    },
    readMachine: async () => ({
      alive,
      processes: alive
        ? [
            {
              pid: 1,
              parentPid: 0,
              command: toUntrusted('init'),
              state: 'S',
              startTicks: 0,
              term: 'caught',
              tracerPid: 0,
            },
          ]
        : [],
      truncated: false,
    }),
    readLedger: async () => NO_LEDGER,
    readNetwork: async () => NOTHING_RECORDED,
    freeze: async () => ({ processes: alive ? 1 : 0 }),
    thaw: async () => undefined,
    kill: async () => {
      const before = alive ? 1 : 0;
      die();
      return { before, survivors: 0, durationMs: 0 };
    },
    [Symbol.asyncDispose]: async () => {
      die();
      closed = true;
    },
  };
}

interface ShellResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

async function execute(
  shell: Bash,
  command: string,
  options: { stdin: string; signal: AbortSignal },
): Promise<ShellResult> {
  try {
    return await shell.exec(command, options);
  } catch (error) {
    // The interpreter throws an exception where a shell would print an error line.
    return { stdout: '', stderr: `bash: ${error instanceof Error ? error.message : String(error)}\n`, exitCode: 2 };
  }
}

interface ResultContext {
  readonly options: RunOptions;
  readonly machineStopped: boolean;
  readonly timedOut: boolean;
  readonly started: number;
}

function toResult(result: ShellResult, { options, machineStopped, timedOut, started }: ResultContext): RunResult {
  const [stdout, stderr] = [Buffer.from(result.stdout), Buffer.from(machineStopped ? '' : result.stderr)];
  const cut = (bytes: Buffer): string => bytes.subarray(0, options.outputBytesMax).toString('utf8');
  return {
    stdout: toUntrusted(cut(stdout)),
    stderr: toUntrusted(cut(stderr)),
    stdoutBytes: stdout.length,
    stderrBytes: stderr.length,
    exitCode: machineStopped ? null : timedOut ? 124 : result.exitCode,
    timedOut,
    truncated: Math.max(stdout.length, stderr.length) > options.outputBytesMax,
    machineStopped,
    durationMs: performance.now() - started,
    notes: timedOut ? [`the command was stopped after ${options.timeoutMs} ms`] : [],
  };
}

async function readFiles(fs: IFileSystem): Promise<TreeSnapshot> {
  const entries: Record<string, TreeEntry> = {};
  for (const path of fs.getAllPaths().sort()) {
    if (path !== HOME && !path.startsWith(`${HOME}/`) && path !== '/tmp' && !path.startsWith('/tmp/')) continue;
    const stats = await fs.lstat(path);
    const kind = stats.isSymbolicLink ? 'link' : stats.isDirectory ? 'directory' : 'file';
    const content = kind === 'file' ? await fs.readFileBuffer(path) : undefined;
    entries[path] = {
      kind,
      mode: stats.mode & 0o7777,
      uid: 1000,
      size: stats.size,
      changedAtMs: stats.mtime.getTime(),
      inode: 0,
      sha256: content === undefined ? null : sha256(content),
      ...(kind === 'link' && { linkTarget: toUntrusted(await fs.readlink(path)) }),
    };
  }
  return { entries, truncated: false };
}
