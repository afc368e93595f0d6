import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { constants, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';

import { sleep } from '../../../base/sleep.ts';
import {
  type HarnessRunOptions,
  type RunOptions,
  type RunResult,
  SandboxError,
  type SandboxLimits,
} from '../../contract.ts';
import { GUEST_ENVIRONMENT, HARNESS_SHELL, IO, SERVER } from '../../guest.ts';
import { createCommandQueue } from '../../kit/command-queue.ts';
import type { LedgerLog } from '../../kit/ledger-log.ts';
import { enterArguments, readOffer } from '../../kit/ledger-programs.ts';
import { createMarkedOutput, type MarkedOutput } from '../../kit/marked-output.ts';
import { stoppedResult, toRunResult } from '../../kit/run-result.ts';
import { startProgram } from '../../kit/start-program.ts';
import { stopAfter } from '../../kit/stop-after.ts';
import { childrenOf, pidNamespaceOf } from '../../processes.ts';
import { identity, inputOf, type Machine, outputOf } from './launch.ts';
import { startLedger } from './ledger.ts';

/** Runs the agent's commands, one after the other, from a process that the agent can neither see nor reach. */
export interface CommandServer {
  readonly run: (command: string, options: RunOptions) => Promise<RunResult>;
  /** The ledger of the agent's commands, or why the kernel refuses it. */
  readonly ledger: LedgerLog | { readonly refused: string };
  readonly close: () => void;
}

interface CommandServerOptions {
  readonly machine: Machine;
  readonly limits: SandboxLimits;
  readonly isAlive: () => boolean;
}

/** A killed command may have died with its machine. This is how long to wait for the machine's death. */
const DEATH_MS_MAX = 250;

export async function startCommandServer({
  machine,
  limits,
  isAlive,
  watched,
}: CommandServerOptions & { readonly watched: readonly string[] }): Promise<CommandServer> {
  const pipes: FollowedPipe[] = [];
  const start = async (): Promise<ChildProcess> => {
    // Opened before the server starts, because it removes their names.
    for (const name of ['out', 'err']) pipes.push(followPipe(`/proc/self/fd/${machine.io}/${name}`));
    return enterMachine(machine.initPid, { fork: false, script: SERVER, words: limitWords(limits), notifies: true });
  };
  const server = await start().catch((error: unknown) => {
    for (const pipe of pipes) pipe.close();
    throw error;
  });
  const [stdout, stderr] = pipes;
  if (stdout === undefined || stderr === undefined) throw new RangeError('there are two outputs');
  const ends = readEnds(server);
  const whenGone = new Promise<void>((resolve) => void server.once('close', () => resolve()));
  let ledger: CommandServer['ledger'] = { refused: 'it did not start' };
  const close = (): void => {
    server.kill('SIGKILL');
    if ('close' in ledger) ledger.close();
    stdout.close();
    stderr.close();
  };
  const failed = whenGone.then(() => {
    throw new SandboxError('open-failed', 'the command server did not start: run "offswitch doctor"');
  });
  failed.catch(() => undefined);
  try {
    const offer = readOffer(await Promise.race([ends.next(), failed]));
    ledger =
      'refused' in offer || server.pid === undefined
        ? { refused: 'the kernel refuses', ...offer }
        : await startLedger({ machine, isAlive, watched, owner: server.pid, listener: offer.listener });
    inputOf(server, 0).write('g');
    await Promise.race([ends.next(), failed]);
  } catch (error) {
    close();
    throw error;
  }
  const run = createCommandQueue({
    send: (request) => void inputOf(server, 0).write(request),
    outputs: [stdout.output, stderr.output],
    readExitCode: async () => Number((await ends.next()).split(' ')[1]),
    offerInput: (content) => offerInput(machine, content),
    stopCommand: () => killDescendants(server.pid),
    isAlive,
    whenStopped: machine.whenStopped,
    whenGone,
    deathMsMax: DEATH_MS_MAX,
  });
  return { run, ledger, close };
}

interface FollowedPipe {
  readonly output: MarkedOutput;
  readonly close: () => void;
}

/** Opens a named pipe of the machine without waiting for a writer. */
function followPipe(path: string): FollowedPipe {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd, readable: true, writable: false });
  const output = createMarkedOutput();
  socket.on('data', output.add);
  // The pipe fails when the machine dies. Readers learn of that from the machine, not from the pipe.
  socket.on('error', () => undefined);
  return { output, close: () => void socket.destroy() };
}

/** Runs one command of the harness in parallel with the agent's commands. */
export async function runBeside(
  command: string,
  { machine, limits, isAlive, ...options }: CommandServerOptions & HarnessRunOptions,
): Promise<RunResult> {
  options.signal.throwIfAborted();
  const started = performance.now();
  if (!isAlive()) return stoppedResult();
  const child = await enterMachine(machine.initPid, {
    fork: true,
    script: HARNESS_SHELL,
    notifies: false,
    words: [...limitWords(limits), command, options.startupFiles === false ? '--norc' : '--login'],
  });
  const outputs = [1, 2].map((fd) => {
    const output = createMarkedOutput(options.outputBytesMax);
    outputOf(child, fd).on('data', output.add);
    return output;
  });
  inputOf(child, 0).on('error', () => undefined);
  inputOf(child, 0).end(options.stdin ?? '');
  using limit = stopAfter(options, () => {
    killDescendants(child.pid);
    // Do not wait for daemons that keep the pipes open.
    child.kill('SIGKILL');
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', (error) => reject(new SandboxError('lost', `nsenter failed: ${error.message}`)));
      child.once('exit', (status, signal) => resolve(signal === 'SIGKILL' ? 137 : status));
    });
    options.signal.throwIfAborted();
    const timedOut = limit.timedOut();
    if (code === 137 && !timedOut) await Promise.race([machine.whenStopped, sleep(DEATH_MS_MAX)]);
    const alive = isAlive();
    // Read what is left in the pipes, but do not wait: a background process may keep them open forever.
    await Promise.race([child.stdout?.readableEnded === true ? undefined : once(child, 'close'), sleep(20)]);
    const [stdout, stderr] = outputs.map((output) => output.takeRest(options.outputBytesMax));
    if (stdout === undefined || stderr === undefined) throw new RangeError('there are two outputs');
    const durationMs = performance.now() - started;
    if (!alive) return stoppedResult(durationMs, [stdout, stderr]);
    return toRunResult([stdout, stderr], { exitCode: timedOut ? 124 : code, timedOut, durationMs });
  } finally {
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

interface EnterOptions {
  /** With a fork, the shell itself is inside the PID namespace. Without one, only its children are. */
  readonly fork: boolean;
  readonly script: string;
  readonly words: readonly string[];
  /** Whether it offers its system calls, and those of its children, to a ledger. */
  readonly notifies: boolean;
}

async function enterMachine(initPid: number, { fork, script, words, notifies }: EnterOptions): Promise<ChildProcess> {
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
  const shell = ['perl', ...enterArguments(['/bin/bash', '-c', script, 'command', ...words], notifies)];
  try {
    return await startProgram('nsenter', [...into, '--', ...shell], {
      ...identity,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      detached: true,
      env: GUEST_ENVIRONMENT,
      cwd: '/',
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SandboxError('lost', `nsenter did not start: ${reason}`, { cause: error });
  }
}

/** Kibibytes for `ulimit -v`. */
function limitWords(limits: SandboxLimits): string[] {
  return [String(limits.processesMax), String(Math.floor(limits.memoryBytesMax / 1024))];
}

/** Reads NUL-terminated messages of the server from its file descriptor 3. */
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

/** Kills all descendants of a process and the process groups of its children, but not the process itself. */
function killDescendants(pid: number | undefined): void {
  if (pid === undefined) return;
  const own = pidNamespaceOf('self');
  for (const child of childrenOf(pid)) {
    const tree = [child];
    for (let index = 0; index < tree.length; index++) tree.push(...childrenOf(tree[index] ?? 0));
    // Never signal a process of the host, even if the process table is wrong.
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
 * Writes the command's standard input to a file. It is written from inside, because a user who does not exist in the
 * machine, such as root of the host, cannot create a file there.
 */
async function offerInput(
  machine: Machine,
  content: string,
): Promise<{ readonly inside: string; readonly remove: () => void }> {
  const name = `in-${randomBytes(8).toString('hex')}`;
  const inside = `${IO}/${name}`;
  const writer = await enterMachine(machine.initPid, {
    fork: true,
    script: 'umask 077; set -C; exec cat > "$1"',
    notifies: false,
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
