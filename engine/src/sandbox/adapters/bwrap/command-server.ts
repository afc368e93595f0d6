import { readlinkSync } from 'node:fs';

import { SandboxError, type SandboxLimits } from '../../contract.ts';
import { GUEST_ENVIRONMENT } from '../../guest.ts';
import { type AgentServer, type StartedServer, startAgentServer, whenReady } from '../../kit/agent-server.ts';
import { commandServerWords, createCommandQueue } from '../../kit/command-queue.ts';
import { enterArguments } from '../../kit/ledger-programs.ts';
import { startProgram } from '../../kit/start-program.ts';
import { childrenOf, isEnding, pidNamespaceOf, startTicksOf, stateOf } from '../../processes.ts';
import { identity, inputOf, type Machine, outputOf } from './launch.ts';
import { startLedger } from './ledger.ts';

interface CommandServerOptions {
  readonly machine: Machine;
  readonly limits: SandboxLimits;
  readonly isAlive: () => boolean;
}

/** A killed command may have died with its machine. This is how long to wait for the machine's death. */
const DEATH_MS_MAX = 250;

/** Starts the server of the harness's commands. */
export async function startCommandServer(options: CommandServerOptions): Promise<StartedServer> {
  return whenReady(await startServer(options, false));
}

/** Starts the server of the agent's commands. @param options `watched`: null for no ledger */
export function startAgentCommands(
  options: CommandServerOptions & { readonly watched: readonly string[] | null },
): Promise<AgentServer> {
  const { machine, isAlive, watched } = options;
  return startAgentServer({
    start: (offers) => startServer(options, offers),
    startLedger: watched === null ? null : (place) => startLedger({ machine, isAlive, watched, ...place }),
  });
}

/**
 * Starts a command server whose children are created in the PID namespace of the machine. It is itself outside of it.
 * @param offers whether it offers its system calls to a ledger
 */
async function startServer(
  { machine, limits, isAlive }: CommandServerOptions,
  offers: boolean,
): Promise<StartedServer> {
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
  ];
  if (cgroupNamespaceOf(machine.initPid) !== cgroupNamespaceOf('self')) into.push('-C');
  const words = [...into, '--', 'perl', ...enterArguments(commandServerWords(limits), offers)];
  const outside = { ...identity, stdio: 'pipe', detached: true, env: GUEST_ENVIRONMENT, cwd: '/' } as const;
  const server = await startProgram('nsenter', words, outside).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SandboxError('open-failed', `nsenter did not start: ${reason}`, { cause: error });
  });
  await machine.group?.add(server.pid);
  inputOf(server, 0).on('error', () => undefined);
  outputOf(server, 2).resume();
  const send = (request: Buffer): void => void inputOf(server, 0).write(request);
  const queue = createCommandQueue({
    send,
    onData: (take) => void outputOf(server, 1).on('data', take),
    killCommand: () => killDescendants(server.pid),
    signalTo,
    isAlive,
    isEnding: () => isEnding(machine.initPid),
    whenStopped: machine.whenStopped,
    whenGone: new Promise<void>((resolve) => void server.once('close', () => resolve())),
    deathMsMax: DEATH_MS_MAX,
  });
  return {
    ...queue,
    send,
    close: () => void server.kill('SIGKILL'),
    failure: () => new SandboxError('open-failed', 'the command server did not start: run "offswitch doctor"'),
  };
}

/** In the namespace of the machine, its processes do not see what their group is called. */
function cgroupNamespaceOf(pid: number | 'self'): string {
  return readlinkSync(`/proc/${pid}/ns/cgroup`);
}

/** A process is known by its number and its start: the number alone may be that of a later one. */
function signalTo(pid: number): (signal: number) => boolean {
  const start = startTicksOf(pid);
  return (signal) => {
    if (start === undefined || startTicksOf(pid) !== start || stateOf(pid) === 'Z') return false;
    try {
      return process.kill(pid, signal);
    } catch {
      return false;
    }
  };
}

/** Kills all descendants of a process and the process groups of its children, but not the process itself. */
function killDescendants(pid: number | undefined): void {
  if (pid === undefined) return;
  const own = pidNamespaceOf('self');
  for (const child of childrenOf(pid)) {
    // A group that forks all the time would outrun the walk. Its parents must live until then: the children of the dead are lost.
    if (pidNamespaceOf(child) !== own) send(-child, 'SIGSTOP');
    const tree = [child];
    for (let index = 0; index < tree.length; index++) tree.push(...childrenOf(tree[index] ?? 0));
    // Never signal a process of the host, even if the process table is wrong.
    for (const member of tree.filter((one) => pidNamespaceOf(one) !== own)) send(member, 'SIGKILL');
    if (pidNamespaceOf(child) !== own) send(-child, 'SIGKILL');
  }
}

function send(pid: number, signal: 'SIGSTOP' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}
