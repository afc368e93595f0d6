import { sleep } from '../../../base/sleep.ts';
import { SandboxError, type SandboxLimits } from '../../contract.ts';
import { GUEST_ENVIRONMENT, GUEST_UID } from '../../guest.ts';
import { type AgentServer, type StartedServer, startAgentServer, whenReady } from '../../kit/agent-server.ts';
import { commandServerWords, createCommandQueue } from '../../kit/command-queue.ts';
import { enterArguments } from '../../kit/ledger-programs.ts';
import type { DockerEngine } from './engine.ts';
import { startLedger } from './ledger.ts';

/** A running container of an agent. */
export interface Container {
  readonly engine: DockerEngine;
  readonly id: string;
  readonly limits: SandboxLimits;
  readonly isAlive: () => boolean;
  readonly isEnding: () => boolean;
  readonly whenStopped: Promise<void>;
}

/** Arguments of `setpriv` to change from root to the agent's user irreversibly. */
export const AS_AGENT = [
  `--reuid=${GUEST_UID}`,
  `--regid=${GUEST_UID}`,
  '--clear-groups',
  '--inh-caps=-all',
  '--no-new-privs',
];

const START_MS_MAX = 30_000;
/** How long it may take until the death of a machine is noticed. */
const DEATH_MS_MAX = 1500;

/** Starts the server of the harness's commands. */
export async function startCommandServer(container: Container): Promise<StartedServer> {
  return whenReady(await startServer(container, false));
}

/** Starts the server of the agent's commands, with a ledger unless the kernel refuses one. */
export function startAgentCommands(container: Container, watched: readonly string[]): Promise<AgentServer> {
  return startAgentServer({
    start: (offers) => startServer(container, offers),
    startLedger: (place) => startLedger({ ...container, ...place, watched }),
  });
}

/**
 * Starts a command server in the container. It runs as root, so that the agent cannot signal or trace it, and every command
 * runs as the agent. Once it runs, no command needs the engine, which could not start one if the agent has used up all
 * processes of the container.
 * @param offers whether it offers its system calls to a ledger
 */
async function startServer(
  { engine, id, limits, isAlive, isEnding, whenStopped }: Container,
  offers: boolean,
): Promise<StartedServer> {
  const words = commandServerWords({ ...limits, processesMax: null }, GUEST_UID);
  const command = [...CLEAN, '/usr/bin/perl', ...enterArguments(words, offers)];
  const server = await engine.exec({ container: id, user: '0:0', command });
  const send = (request: Buffer): void => void server.socket.write(request);
  const queue = createCommandQueue({
    send,
    onData: (take) => server.onOutput((fd, block) => fd === 1 && take(block)),
    isAlive,
    isEnding,
    whenStopped,
    whenGone: server.ended,
    deathMsMax: DEATH_MS_MAX,
  });
  const soon = async <T>(what: Promise<T>, otherwise: T): Promise<T> =>
    Promise.race([what, sleep(START_MS_MAX).then(() => otherwise)]);
  return {
    run: queue.run,
    spawn: queue.spawn,
    ready: soon(queue.ready, false),
    offer: soon(queue.offer, null),
    send,
    close: () => server.socket.destroy(),
    failure: () => new SandboxError('open-failed', 'the command server did not start in the container'),
  };
}

const CLEAN = ['/usr/bin/env', '-i', ...Object.entries(GUEST_ENVIRONMENT).map(([name, value]) => `${name}=${value}`)];

/** A shell without the environment variables of the engine, behind the filter that every process of the agent has. */
export function cleanShell(script: string): string[] {
  return [...CLEAN, '/usr/bin/perl', ...enterArguments(['/bin/bash', '-c', script, 'command'], false)];
}
