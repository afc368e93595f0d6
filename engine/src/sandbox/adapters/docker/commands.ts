import { randomBytes } from 'node:crypto';

import { sleep } from '../../../base/sleep.ts';
import { type RunOptions, type RunResult, SandboxError, type SandboxLimits } from '../../contract.ts';
import { GUEST_ENVIRONMENT, GUEST_UID, IO } from '../../guest.ts';
import { type CommandLink, createCommandQueue } from '../../kit/command-queue.ts';
import { createMarkedOutput } from '../../kit/marked-output.ts';
import { stoppedResult, toRunResult } from '../../kit/run-result.ts';
import { stopAfter } from '../../kit/stop-after.ts';
import type { DockerEngine, ExecStream } from './engine.ts';

/** A running container of an agent. */
export interface Container {
  readonly engine: DockerEngine;
  readonly id: string;
  readonly limits: SandboxLimits;
  readonly isAlive: () => boolean;
  readonly whenStopped: Promise<void>;
}

export interface CommandServer {
  readonly run: (command: string, options: RunOptions) => Promise<RunResult>;
  readonly runBeside: (command: string, options: RunOptions) => Promise<RunResult>;
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

const become = `exec setpriv ${AS_AGENT.join(' ')} bash --login -c`;

/**
 * The command server. It runs as root, so that the agent cannot signal or trace it. Requests: token NUL input-path NUL
 * command NUL. When a command has ended, both outputs get NUL token SPACE code NUL. `ulimit -v` is as in other adapters.
 */
const SERVER = `cd "$HOME"
exec 3<&0 4>&2 2>/dev/null
set -m
ulimit -c 0
printf '\\0ready %s\\0' $$
while IFS= read -r -d '' -u 3 token && IFS= read -r -d '' -u 3 input && IFS= read -r -d '' -u 3 command; do
  ( exec 3<&- 2>&4 4>&- <"$input"; ulimit -v "$1"; ${become} "$command" )
  code=$?
  printf '\\0%s %s\\0' "$token" $code >&4
  printf '\\0%s %s\\0' "$token" $code
done
`;

/** Kills the descendants of the command server and the process groups of its children, but not the server. */
const KILL_COMMANDS = `for child in $(cat /proc/$1/task/$1/children); do
  tree=$child
  todo=$child
  while [ -n "$todo" ]; do
    next=
    for member in $todo; do next="$next $(cat /proc/$member/task/$member/children 2>/dev/null)"; done
    next=$(echo $next)
    tree="$tree $next"
    todo=$next
  done
  kill -9 $tree
  kill -9 -- -$child
done 2>/dev/null
`;

const START_MS_MAX = 30_000;
/** How long it may take until the death of a machine is noticed. */
const DEATH_MS_MAX = 1500;
/** How long the engine may take, after the time limit of a command, to report that the command was killed. */
const TELL_MS_MAX = 15_000;
/** A number and a line end. */
const PID_BYTES_MAX = 16;

export async function startCommandServer(container: Container): Promise<CommandServer> {
  const { engine, id, limits, isAlive, whenStopped } = container;
  const memory = String(Math.floor(limits.memoryBytesMax / 1024));
  const asRoot = (script: string, ...words: string[]): Promise<ExecStream> =>
    engine.exec({ container: id, user: '0:0', command: [...cleanShell(script), ...words] });
  const server = await asRoot(SERVER, memory);
  const [stdout, stderr] = [createMarkedOutput(), createMarkedOutput()];
  const ready = stdout.readTo('ready', 0);
  server.onOutput((fd, block) => (fd === 1 ? stdout : stderr).add(block));
  const serverPid = await Promise.race([
    ready.then(({ word }) => word),
    server.ended.then(() => undefined),
    sleep(START_MS_MAX),
  ]);
  if (serverPid === undefined)
    throw new SandboxError('open-failed', 'the command server did not start in the container');
  const run = createCommandQueue({
    send: (request) => void server.socket.write(request),
    outputs: [stdout, stderr],
    offerInput: (content) => offerInput(container, content),
    stopCommand: () => {
      asRoot(KILL_COMMANDS, serverPid).catch(() => undefined);
    },
    isAlive,
    whenStopped,
    whenGone: server.ended,
    deathMsMax: DEATH_MS_MAX,
  });
  return {
    run,
    runBeside: (command, options) => runBeside(command, { container, asRoot, options }),
    close: () => server.socket.destroy(),
  };
}

interface BesideContext {
  readonly container: Container;
  readonly asRoot: (script: string, ...words: string[]) => Promise<ExecStream>;
  readonly options: RunOptions;
}

async function runBeside(command: string, { container, asRoot, options }: BesideContext): Promise<RunResult> {
  const { isAlive, limits, whenStopped } = container;
  options.signal.throwIfAborted();
  const started = performance.now();
  if (!isAlive()) return stoppedResult();
  const memory = String(Math.floor(limits.memoryBytesMax / 1024));
  const script = `cd "$HOME"; ulimit -c 0; ulimit -v "$1"; echo $$ >&2; ${become} "$2"`;
  const child = await asRoot(script, memory, command);
  // Standard error begins with the pid of the shell.
  const [stdout, stderr] = [0, PID_BYTES_MAX].map((more) => createMarkedOutput(options.outputBytesMax + more));
  if (stdout === undefined || stderr === undefined) throw new RangeError('there are two outputs');
  child.onOutput((fd, block) => (fd === 1 ? stdout : stderr).add(block));
  child.socket.end(options.stdin ?? '');
  using limit = stopAfter(options, () => {
    const pid = /^\d+/.exec(stderr.peek())?.[0];
    if (pid !== undefined) asRoot('kill -9 -- "$1"', pid).catch(() => undefined);
    child.socket.destroy();
  });
  await Promise.race([child.ended, whenStopped, limit.whenOverdue]);
  options.signal.throwIfAborted();
  const exitCode = isAlive() ? await child.exitCode() : null;
  const alive = isAlive();
  const err = stderr.takeRest(options.outputBytesMax + PID_BYTES_MAX);
  const first = err.text.indexOf('\n') + 1;
  const said = { ...err, text: err.text.slice(first), bytes: Math.max(0, err.bytes - first) };
  const outputs = [stdout.takeRest(options.outputBytesMax), said] as const;
  const durationMs = performance.now() - started;
  if (!alive) return stoppedResult(durationMs, outputs);
  const timedOut = limit.timedOut();
  return toRunResult(outputs, { exitCode: timedOut ? 124 : exitCode, timedOut, durationMs });
}

/** A shell without the environment variables of the engine. */
export function cleanShell(script: string): string[] {
  const variables = Object.entries(GUEST_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
  return ['/usr/bin/env', '-i', ...variables, '/bin/bash', '-c', script, 'command'];
}

async function offerInput({ engine, id }: Container, content: string): ReturnType<CommandLink['offerInput']> {
  const path = `${IO}/in-${randomBytes(8).toString('hex')}`;
  const user = `${GUEST_UID}:${GUEST_UID}`;
  const command = cleanShell(`umask 077; set -C; cat > ${path}`);
  const writer = await engine.exec({ container: id, user, command, msMax: TELL_MS_MAX });
  writer.onOutput(() => undefined);
  writer.socket.end(content);
  await writer.ended;
  // Keep the file until the machine is removed: deleting it would need another engine call.
  if ((await writer.exitCode()) === 0) return { inside: path, remove: () => undefined };
  throw new SandboxError('lost', 'the standard input of the command could not be written into the machine');
}
