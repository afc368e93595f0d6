import type { ChildProcess } from 'node:child_process';
import { readlinkSync } from 'node:fs';

import { type HarnessRunOptions, type RunResult, SandboxError, type SandboxLimits } from '../../contract.ts';
import { GUEST_ENVIRONMENT } from '../../guest.ts';
import { commandServerWords, createCommandQueue } from '../../kit/command-queue.ts';
import type { LedgerLog } from '../../kit/ledger-log.ts';
import { enterArguments, readOffer } from '../../kit/ledger-programs.ts';
import { startProgram } from '../../kit/start-program.ts';
import { childrenOf, pidNamespaceOf } from '../../processes.ts';
import { identity, inputOf, type Machine, outputOf } from './launch.ts';
import { startLedger } from './ledger.ts';

/** Runs commands, one after the other, from a process that the agent can neither see nor reach. */
export interface CommandServer {
  readonly run: (command: string, options: HarnessRunOptions) => Promise<RunResult>;
  readonly close: () => void;
}

/** The server of the agent's commands, with a ledger of their system calls, or why the kernel refuses one. */
export interface AgentServer extends CommandServer {
  readonly ledger: LedgerLog | { readonly refused: string };
}

interface CommandServerOptions {
  readonly machine: Machine;
  readonly limits: SandboxLimits;
  readonly isAlive: () => boolean;
}

/** A killed command may have died with its machine. This is how long to wait for the machine's death. */
const DEATH_MS_MAX = 250;

export async function startCommandServer(options: CommandServerOptions): Promise<CommandServer> {
  return follow(await enterMachine(options, 'alone'), options);
}

export async function startAgentServer(
  options: CommandServerOptions & { readonly watched: readonly string[] },
): Promise<AgentServer> {
  const { machine, isAlive, watched } = options;
  const child = await enterMachine(options, 'notifies');
  inputOf(child, 0).on('error', () => undefined);
  try {
    const offer = readOffer(await firstMessage(child));
    const ledger =
      'refused' in offer || child.pid === undefined
        ? { refused: 'the kernel refuses', ...offer }
        : await startLedger({ machine, isAlive, watched, owner: child.pid, listener: offer.listener });
    inputOf(child, 0).write('g');
    const { run, close } = await follow(child, options);
    const closeAll = (): void => {
      close();
      if ('close' in ledger) ledger.close();
    };
    return { run, ledger, close: closeAll };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

/** What `enter.pl` says on descriptor 3, up to its NUL; empty if it ended first. */
async function firstMessage(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const block of outputOf(child, 3).setEncoding('utf8')) {
    text += block;
    if (text.includes('\u0000')) break;
  }
  return text.split('\u0000', 1)[0] ?? '';
}

async function follow(
  server: ChildProcess,
  { machine, isAlive }: Pick<CommandServerOptions, 'machine' | 'isAlive'>,
): Promise<CommandServer> {
  inputOf(server, 0).on('error', () => undefined);
  outputOf(server, 2).resume();
  const close = (): void => void server.kill('SIGKILL');
  const { run, ready } = createCommandQueue({
    send: (request) => void inputOf(server, 0).write(request),
    onData: (take) => void outputOf(server, 1).on('data', take),
    killCommand: () => killDescendants(server.pid),
    isAlive,
    whenStopped: machine.whenStopped,
    whenGone: new Promise<void>((resolve) => void server.once('close', () => resolve())),
    deathMsMax: DEATH_MS_MAX,
  });
  if (await ready) return { run, close };
  throw new SandboxError('open-failed', 'the command server did not start: run "offswitch doctor"');
}

/**
 * Starts a command server whose children are created in the PID namespace of the machine. It is itself outside of it.
 * `notifies`: it offers the system calls of its children to a ledger, on descriptor 3.
 */
async function enterMachine(
  { machine, limits }: CommandServerOptions,
  how: 'alone' | 'notifies',
): Promise<ChildProcess> {
  const shell = ['perl', ...enterArguments(commandServerWords(limits), how === 'notifies')];
  const into = [
    '-t',
    String(machine.initPid),
    '-U',
    '--preserve-credentials',
    '-m',
    '-p',
    '-n',
    '-i',
    '-u',
    '--no-fork',
    ...(cgroupNamespaceOf(machine.initPid) === cgroupNamespaceOf('self') ? [] : ['-C']),
  ];
  try {
    const server = await startProgram('nsenter', [...into, '--', ...shell], {
      ...identity,
      stdio: ['pipe', 'pipe', 'pipe', ...(how === 'notifies' ? (['pipe'] as const) : [])],
      detached: true,
      env: GUEST_ENVIRONMENT,
      cwd: '/',
    });
    await machine.group?.add(server.pid);
    return server;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SandboxError('open-failed', `nsenter did not start: ${reason}`, { cause: error });
  }
}

/** In the namespace of the machine, its processes do not see what their group is called. */
function cgroupNamespaceOf(pid: number | 'self'): string {
  return readlinkSync(`/proc/${pid}/ns/cgroup`);
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
