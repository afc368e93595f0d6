import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { unlinkSync } from 'node:fs';

import { toUntrusted } from '../../../base/untrusted-text.ts';
import {
  type HarnessRunOptions,
  type RunOptions,
  type RunResult,
  SandboxError,
  type SandboxLimits,
} from '../../contract.ts';
import { GUEST_ENVIRONMENT, HARNESS_SHELL, IO, SERVER } from '../../guest.ts';
import { childrenOf, pidNamespaceOf } from '../../processes.ts';
import { identity, inputOf, type Machine, outputOf } from './launch.ts';
import { openMarkedStream, type Portion } from './marked-stream.ts';

/** Runs the agent's commands, one after the other, from a process that the agent can neither see nor reach. */
export interface CommandServer {
  readonly run: (command: string, options: RunOptions) => Promise<RunResult>;
  readonly close: () => void;
}

interface CommandServerOptions {
  readonly machine: Machine;
  readonly limits: SandboxLimits;
  readonly isAlive: () => boolean;
  readonly elapsed: () => number;
}

/** A command that died of KILL may have died with its machine; this long we wait to know. */
const DEATH_MS_MAX = 250;

export async function startCommandServer({
  machine,
  limits,
  isAlive,
  elapsed,
}: CommandServerOptions): Promise<CommandServer> {
  const stdout = openMarkedStream(`/proc/self/fd/${machine.io}/out`);
  const stderr = openMarkedStream(`/proc/self/fd/${machine.io}/err`);
  const server = enterMachine(machine.initPid, { fork: false, script: SERVER, words: limitWords(limits) });
  const ends = readEnds(server);
  let gone = false;
  const whenGone = new Promise<void>((resolve) => {
    server.once('close', () => {
      gone = true;
      resolve();
    });
  });
  const close = (): void => {
    server.kill('SIGKILL');
    stdout.close();
    stderr.close();
  };
  await Promise.race([
    ends.next(),
    whenGone.then(() => {
      close();
      throw new SandboxError('open-failed', 'the command server did not start: run "offswitch doctor"');
    }),
  ]);
  let last: Promise<unknown> = Promise.resolve();

  const runNow = async (command: string, options: RunOptions): Promise<RunResult> => {
    options.signal.throwIfAborted();
    const started = elapsed();
    if (!isAlive()) return stoppedResult(0);
    if (gone) throw new SandboxError('lost', 'the command server ended while the machine lives');
    const input = options.stdin === undefined ? undefined : await offerInput(machine, options.stdin);
    const token = randomBytes(16).toString('hex');
    const portions = Promise.all([
      stdout.readTo(token, options.outputBytesMax),
      stderr.readTo(token, options.outputBytesMax),
    ]);
    const end = ends.next();
    inputOf(server, 0).write(`${token}\u0000${input?.inside ?? '/dev/null'}\u0000${command}\u0000`);
    let timedOut = false;
    const stop = (): void => killDescendants(server.pid);
    const timer = setTimeout(() => {
      timedOut = true;
      stop();
    }, options.timeoutMs);
    options.signal.addEventListener('abort', stop, { once: true });
    try {
      const ended = await Promise.race([end, machine.whenStopped, whenGone]);
      options.signal.throwIfAborted();
      const code = typeof ended === 'string' ? Number(ended.split(' ')[1]) : undefined;
      // KILL is how a command looks that went down with its machine.
      if (code === undefined || (code === 137 && !timedOut))
        await Promise.race([machine.whenStopped, sleep(code === undefined ? 2000 : DEATH_MS_MAX)]);
      if (!isAlive()) {
        const rest: [Portion, Portion] = [
          stdout.takeRest(options.outputBytesMax),
          stderr.takeRest(options.outputBytesMax),
        ];
        return {
          ...resultOf(rest),
          exitCode: null,
          timedOut: false,
          machineStopped: true,
          durationMs: elapsed() - started,
          notes: [],
        };
      }
      if (code === undefined) throw new SandboxError('lost', 'the command server ended while the machine lives');
      const notes = timedOut ? [`the command was stopped after ${options.timeoutMs} ms`] : [];
      return {
        ...resultOf(await portions),
        exitCode: timedOut ? 124 : code,
        timedOut,
        machineStopped: false,
        durationMs: elapsed() - started,
        notes,
      };
    } finally {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', stop);
      input?.remove();
    }
  };
  const run = (command: string, options: RunOptions): Promise<RunResult> => {
    const mine = last.then(() => runNow(command, options));
    last = mine.catch(() => undefined);
    return mine;
  };
  return { run, close };
}

/** Runs one command of the harness beside whatever the agent runs. */
export async function runBeside(
  command: string,
  { machine, limits, isAlive, elapsed, ...options }: CommandServerOptions & HarnessRunOptions,
): Promise<RunResult> {
  options.signal.throwIfAborted();
  const started = elapsed();
  if (!isAlive()) return stoppedResult(0);
  const child = enterMachine(machine.initPid, {
    fork: true,
    script: HARNESS_SHELL,
    words: [...limitWords(limits), command, options.startupFiles === false ? '--norc' : '--login'],
  });
  const [stdout, stderr] = [collect(child, 1, options.outputBytesMax), collect(child, 2, options.outputBytesMax)];
  inputOf(child, 0).on('error', () => undefined);
  inputOf(child, 0).end(options.stdin ?? '');
  let timedOut = false;
  const stop = (): void => {
    killDescendants(child.pid);
    // What daemons hold open must not hold us.
    child.kill('SIGKILL');
  };
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, options.timeoutMs);
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', (error) => reject(new SandboxError('lost', `nsenter did not start: ${error.message}`)));
      child.once('exit', (status, signal) => resolve(signal === 'SIGKILL' ? 137 : status));
    });
    options.signal.throwIfAborted();
    if (code === 137 && !timedOut) await Promise.race([machine.whenStopped, sleep(DEATH_MS_MAX)]);
    const alive = isAlive();
    // One look at what is still in the pipes; a background process may hold them open for ever.
    await Promise.race([child.stdout?.readableEnded === true ? undefined : once(child, 'close'), sleep(20)]);
    const shared = { ...resultOf([stdout(), stderr()]), durationMs: elapsed() - started, notes: [] };
    if (!alive) return { ...shared, exitCode: null, timedOut: false, machineStopped: true };
    return { ...shared, exitCode: timedOut ? 124 : code, timedOut, machineStopped: false };
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', stop);
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

interface EnterOptions {
  /** With a fork the shell itself is inside the PID namespace; without, only its children are. */
  readonly fork: boolean;
  readonly script: string;
  readonly words: readonly string[];
}

function enterMachine(initPid: number, { fork, script, words }: EnterOptions): ChildProcess {
  const into = [
    '-t',
    String(initPid),
    '-U',
    '--preserve-credentials',
    '-m',
    '-p',
    '-n',
    '-i',
    '-u',
    ...(fork ? [] : ['--no-fork']),
  ];
  const shell = ['setpriv', '--no-new-privs', '/bin/bash', '-c', script, 'command', ...words];
  return spawn('nsenter', [...into, '--', ...shell], {
    ...identity,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
    env: GUEST_ENVIRONMENT,
    cwd: '/',
  });
}

/** Kibibytes for `ulimit -v`. */
function limitWords(limits: SandboxLimits): string[] {
  return [String(limits.processesMax), String(Math.floor(limits.memoryBytesMax / 1024))];
}

/** Messages of the server on its third descriptor, each ended by NUL. */
function readEnds(server: ChildProcess): { readonly next: () => Promise<string> } {
  const ready: string[] = [];
  const waiting: ((message: string) => void)[] = [];
  let rest = '';
  outputOf(server, 3).on('data', (block: Buffer) => {
    const messages = (rest + block.toString('utf8')).split('\u0000');
    rest = messages.pop() ?? '';
    for (const message of messages) {
      const wake = waiting.shift();
      if (wake === undefined) ready.push(message);
      else wake(message);
    }
  });
  inputOf(server, 0).on('error', () => undefined);
  return {
    next: () => {
      const message = ready.shift();
      return message === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(message);
    },
  };
}

/** Everything that grew from the process, and the process groups of its children; not the process itself. */
function killDescendants(pid: number | undefined): void {
  if (pid === undefined) return;
  const own = pidNamespaceOf('self');
  for (const child of childrenOf(pid)) {
    const tree = [child];
    for (let index = 0; index < tree.length; index++) tree.push(...childrenOf(tree[index] ?? 0));
    // Never a signal to a process of the host, whatever the tables say.
    for (const member of tree.filter((one) => pidNamespaceOf(one) !== own)) sendKill(member);
    if (pidNamespaceOf(child) !== own) sendKill(-child);
  }
}

function sendKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

/**
 * A file for the command's standard input. Written from inside: a user whom the machine does not know, such as root of
 * the host, can make no file there.
 */
async function offerInput(
  machine: Machine,
  content: string,
): Promise<{ readonly inside: string; readonly remove: () => void }> {
  const name = `in-${randomBytes(8).toString('hex')}`;
  const inside = `${IO}/${name}`;
  const writer = enterMachine(machine.initPid, {
    fork: true,
    script: 'umask 077; set -C; exec cat > "$1"',
    words: [inside],
  });
  inputOf(writer, 0).on('error', () => undefined);
  inputOf(writer, 0).end(content);
  const code = await new Promise((resolve) => {
    writer.once('exit', resolve);
    writer.once('error', resolve);
  });
  if (code !== 0)
    throw new SandboxError('lost', 'the standard input of the command could not be written into the machine');
  const remove = (): void => {
    try {
      unlinkSync(`/proc/self/fd/${machine.io}/${name}`);
    } catch {
      // The agent may have removed it.
    }
  };
  return { inside, remove };
}

function collect(child: ChildProcess, fd: number, bytesMax: number): () => Portion {
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let bytes = 0;
  outputOf(child, fd).on('data', (block: Buffer) => {
    const room = Math.min(bytesMax - keptBytes, block.length);
    if (room > 0) kept.push(block.subarray(0, room));
    keptBytes += Math.max(room, 0);
    bytes += block.length;
  });
  return () => ({ text: Buffer.concat(kept).toString('utf8'), bytes, truncated: bytes > keptBytes });
}

function resultOf([stdout, stderr]: readonly [Portion, Portion]): Pick<
  RunResult,
  'stdout' | 'stderr' | 'stdoutBytes' | 'stderrBytes' | 'truncated'
> {
  return {
    stdout: toUntrusted(stdout.text),
    stderr: toUntrusted(stderr.text),
    stdoutBytes: stdout.bytes,
    stderrBytes: stderr.bytes,
    truncated: stdout.truncated || stderr.truncated,
  };
}

function stoppedResult(durationMs: number): RunResult {
  const nothing: Portion = { text: '', bytes: 0, truncated: false };
  return {
    ...resultOf([nothing, nothing]),
    exitCode: null,
    timedOut: false,
    machineStopped: true,
    durationMs,
    notes: [],
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    // Never the reason why a process stays: something else is always awaited beside it.
    setTimeout(resolve, ms).unref();
  });
}

function once(child: ChildProcess, event: 'close'): Promise<void> {
  return new Promise((resolve) => {
    child.once(event, () => resolve());
  });
}
