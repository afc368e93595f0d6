import { sleep } from '../../../base/sleep.ts';
import { type HarnessRunOptions, type RunResult, SandboxError, type SandboxLimits } from '../../contract.ts';
import { GUEST_ENVIRONMENT, GUEST_UID } from '../../guest.ts';
import { commandServerWords, createCommandQueue } from '../../kit/command-queue.ts';
import type { DockerEngine } from './engine.ts';

/** A running container of an agent. */
export interface Container {
  readonly engine: DockerEngine;
  readonly id: string;
  readonly limits: SandboxLimits;
  readonly isAlive: () => boolean;
  readonly whenStopped: Promise<void>;
}

export interface CommandServer {
  readonly run: (command: string, options: HarnessRunOptions) => Promise<RunResult>;
  readonly close: () => void;
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

/**
 * Starts a command server in the container. It runs as root, so that the agent cannot signal or trace it, and every command
 * runs as the agent. Once it runs, no command needs the engine, which could not start one if the agent has used up all
 * processes of the container.
 */
export async function startCommandServer({
  engine,
  id,
  limits,
  isAlive,
  whenStopped,
}: Container): Promise<CommandServer> {
  const words = commandServerWords({ ...limits, processesMax: null }, ['/usr/bin/setpriv', ...AS_AGENT]);
  const server = await engine.exec({ container: id, user: '0:0', command: [...CLEAN, ...words] });
  const { run, ready } = createCommandQueue({
    send: (request) => void server.socket.write(request),
    onData: (take) => server.onOutput((fd, block) => fd === 1 && take(block)),
    isAlive,
    whenStopped,
    whenGone: server.ended,
    deathMsMax: DEATH_MS_MAX,
  });
  if ((await Promise.race([ready, sleep(START_MS_MAX)])) === true) return { run, close: () => server.socket.destroy() };
  throw new SandboxError('open-failed', 'the command server did not start in the container');
}

const CLEAN = ['/usr/bin/env', '-i', ...Object.entries(GUEST_ENVIRONMENT).map(([name, value]) => `${name}=${value}`)];

/** A shell without the environment variables of the engine. */
export function cleanShell(script: string): string[] {
  return [...CLEAN, '/bin/bash', '-c', script, 'command'];
}
