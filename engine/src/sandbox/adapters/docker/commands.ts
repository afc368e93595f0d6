import { randomBytes } from 'node:crypto';

import { toUntrusted } from '../../../base/untrusted-text.ts';
import { type RunOptions, type RunResult, SandboxError, type SandboxLimits } from '../../contract.ts';
import { GUEST_ENVIRONMENT, GUEST_UID, IO } from '../../guest.ts';
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

/** Words for `setpriv`: from root inside to the agent's user, and no way back. */
export const AS_AGENT = [
  `--reuid=${GUEST_UID}`,
  `--regid=${GUEST_UID}`,
  '--clear-groups',
  '--inh-caps=-all',
  '--no-new-privs',
];

const become = `exec setpriv ${AS_AGENT.join(' ')} bash --login -c`;

/**
 * Root inside, without a way for the agent to signal or trace it. Requests: token NUL input-path NUL command NUL. When a
 * command has ended, both outputs get NUL token SPACE code NUL. `ulimit -v` as in every other adapter.
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

/** Kills what grew from the command server, and the process groups of its children; not the server. */
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
/** How long a dying machine may take to be known as dead. */
const DEATH_MS_MAX = 1500;
/** What an engine may take, beyond the time of a command, to tell that the command was killed. */
const TELL_MS_MAX = 15_000;
/** How long the last output of a command of the harness may take when something holds its pipes open. */
const LAST_WORDS_MS = 50;
const BETWEEN_COMMANDS_BYTES_MAX = 64 * 1024;

export async function startCommandServer(container: Container): Promise<CommandServer> {
  const { engine, id, limits, isAlive, whenStopped } = container;
  const memory = String(Math.floor(limits.memoryBytesMax / 1024));
  const asRoot = (script: string, ...words: string[]): Promise<ExecStream> =>
    engine.exec({ container: id, user: '0:0', command: [...cleanShell(script), ...words] });
  const server = await asRoot(SERVER, memory);
  const [stdout, stderr] = [createMarkedBuffer(), createMarkedBuffer()];
  const ready = stdout.readTo('ready', 0);
  server.onOutput((fd, block) => (fd === 1 ? stdout : stderr).add(block));
  const serverPid = await Promise.race([
    ready.then(({ word }) => word),
    server.ended.then(() => undefined),
    sleep(START_MS_MAX),
  ]);
  if (serverPid === undefined)
    throw new SandboxError('open-failed', 'the command server did not start in the container');

  const killCommands = (): void => {
    asRoot(KILL_COMMANDS, serverPid).catch(() => undefined);
  };
  const runNow = async (command: string, options: RunOptions): Promise<RunResult> => {
    options.signal.throwIfAborted();
    const started = performance.now();
    if (!isAlive()) return stoppedResult(0);
    const input = options.stdin === undefined ? '/dev/null' : await offerInput(container, options.stdin);
    const token = randomBytes(16).toString('hex');
    const both = Promise.all([
      stdout.readTo(token, options.outputBytesMax),
      stderr.readTo(token, options.outputBytesMax),
    ]);
    server.socket.write(`${token}\u0000${input}\u0000${command}\u0000`);
    const limit = stopAfter(options, killCommands);
    try {
      const ended = await Promise.race([both, whenStopped, server.ended, limit.whenOverdue]);
      options.signal.throwIfAborted();
      const code = ended === undefined ? undefined : Number(ended[0].word);
      // KILL is how a command looks that went down with its machine.
      if (code === undefined || (code === 137 && !limit.timedOut()))
        await Promise.race([whenStopped, sleep(DEATH_MS_MAX)]);
      const durationMs = performance.now() - started;
      if (!isAlive()) {
        await Promise.race([server.ended, sleep(LAST_WORDS_MS)]);
        const [out, err] = ended ?? [stdout.takeRest(options.outputBytesMax), stderr.takeRest(options.outputBytesMax)];
        return { ...stoppedResult(durationMs), ...resultOf(out, err) };
      }
      if (ended === undefined || code === undefined)
        throw new SandboxError('lost', 'the command server ended, or is not heard any more, while the machine lives');
      const timedOut = limit.timedOut();
      const notes = timedOut ? [`the command was stopped after ${options.timeoutMs} ms`] : [];
      const exitCode = timedOut ? 124 : code;
      return { ...resultOf(ended[0], ended[1]), exitCode, timedOut, machineStopped: false, durationMs, notes };
    } finally {
      limit.clear();
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    run: (command, options) => {
      const mine = last.then(() => runNow(command, options));
      last = mine.catch(() => undefined);
      return mine;
    },
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
  if (!isAlive()) return stoppedResult(0);
  const memory = String(Math.floor(limits.memoryBytesMax / 1024));
  const script = `cd "$HOME"; ulimit -c 0; ulimit -v "$1"; echo $$ >&2; ${become} "$2"`;
  const child = await asRoot(script, memory, command);
  const [stdout, stderr] = [createMarkedBuffer(), createMarkedBuffer()];
  child.onOutput((fd, block) => (fd === 1 ? stdout : stderr).add(block));
  child.socket.end(options.stdin ?? '');
  const stop = (): void => {
    const pid = /^\d+/.exec(stderr.peek())?.[0];
    if (pid !== undefined) asRoot('kill -9 -- "$1"', pid).catch(() => undefined);
    child.socket.destroy();
  };
  const limit = stopAfter(options, stop);
  try {
    await Promise.race([child.ended, whenStopped, limit.whenOverdue]);
    options.signal.throwIfAborted();
    const exitCode = isAlive() ? await child.exitCode() : null;
    const alive = isAlive();
    const err = stderr.takeRest(options.outputBytesMax + 16);
    const first = err.text.indexOf('\n') + 1;
    const said = { ...err, text: err.text.slice(first), bytes: Math.max(0, err.bytes - first) };
    const result = resultOf(stdout.takeRest(options.outputBytesMax), said);
    const durationMs = performance.now() - started;
    if (!alive) return { ...stoppedResult(durationMs), ...result };
    const timedOut = limit.timedOut();
    return { ...result, exitCode: timedOut ? 124 : exitCode, timedOut, machineStopped: false, durationMs, notes: [] };
  } finally {
    limit.clear();
  }
}

/** A shell that knows nothing of the engine's variables. */
export function cleanShell(script: string): string[] {
  const variables = Object.entries(GUEST_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
  return ['/usr/bin/env', '-i', ...variables, '/bin/bash', '-c', script, 'command'];
}

async function offerInput({ engine, id }: Container, content: string): Promise<string> {
  const path = `${IO}/in-${randomBytes(8).toString('hex')}`;
  const user = `${GUEST_UID}:${GUEST_UID}`;
  const command = cleanShell(`umask 077; set -C; cat > ${path}`);
  const writer = await engine.exec({ container: id, user, command, msMax: TELL_MS_MAX });
  writer.onOutput(() => undefined);
  writer.socket.end(content);
  await writer.ended;
  if ((await writer.exitCode()) === 0) return path;
  throw new SandboxError('lost', 'the standard input of the command could not be written into the machine');
}

function stopAfter(
  { timeoutMs, signal }: RunOptions,
  stop: () => void,
): {
  readonly timedOut: () => boolean;
  /** Resolves when stopping has no effect that could be seen: the engine hangs, or has gone. */
  readonly whenOverdue: Promise<undefined>;
  readonly clear: () => void;
} {
  let timedOut = false;
  const overdue = Promise.withResolvers<undefined>();
  let timer = setTimeout(() => {
    timedOut = true;
    stop();
    waitLonger();
  }, timeoutMs);
  const waitLonger = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => overdue.resolve(undefined), TELL_MS_MAX);
  };
  const onAbort = (): void => {
    stop();
    waitLonger();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    timedOut: () => timedOut,
    whenOverdue: overdue.promise,
    clear: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    },
  };
}

interface Portion {
  readonly text: string;
  readonly bytes: number;
  readonly truncated: boolean;
  /** What stood beside the token in the mark. */
  readonly word: string;
}

interface MarkedBuffer {
  readonly add: (block: Buffer) => void;
  /** What came before NUL token SPACE word NUL. */
  readonly readTo: (token: string, bytesMax: number) => Promise<Portion>;
  readonly takeRest: (bytesMax: number) => Portion;
  readonly peek: () => string;
}

const WORD_BYTES_MAX = 16;

/** Cuts a stream at marks; what is beyond the bound is counted and thrown away. */
function createMarkedBuffer(): MarkedBuffer {
  let kept: Buffer = Buffer.alloc(0);
  let bytes = 0;
  let limit = BETWEEN_COMMANDS_BYTES_MAX;
  // May hold the beginning of a mark.
  let tail: Buffer = Buffer.alloc(0);
  let wanted:
    | { readonly mark: Buffer; readonly bytesMax: number; readonly resolve: (portion: Portion) => void }
    | undefined;
  const keep = (block: Buffer): void => {
    bytes += block.length;
    if (kept.length < limit) kept = Buffer.concat([kept, block.subarray(0, limit - kept.length)]);
  };
  const take = (bytesMax: number, word: string): Portion => {
    const all = kept.subarray(0, bytesMax);
    const portion = { text: all.toString('utf8'), bytes, truncated: bytes > all.length, word };
    kept = Buffer.alloc(0);
    bytes = 0;
    return portion;
  };
  const add = (block: Buffer): void => {
    const all = Buffer.concat([tail, block]);
    if (wanted === undefined) return keep(all);
    const { mark, bytesMax, resolve } = wanted;
    const at = all.indexOf(mark);
    const end = at < 0 ? -1 : all.indexOf(0, at + mark.length);
    if (end < 0) {
      const hold = at < 0 ? Math.min(all.length, mark.length - 1) : all.length - at;
      keep(all.subarray(0, all.length - hold));
      tail = all.subarray(all.length - hold);
      return;
    }
    keep(all.subarray(0, at));
    tail = Buffer.alloc(0);
    wanted = undefined;
    resolve(
      take(
        bytesMax,
        all.subarray(at + mark.length, Math.min(end, at + mark.length + WORD_BYTES_MAX)).toString('latin1'),
      ),
    );
    limit = BETWEEN_COMMANDS_BYTES_MAX;
    keep(all.subarray(end + 1));
  };
  return {
    add,
    readTo: (token, bytesMax) =>
      new Promise((resolve) => {
        wanted = { mark: Buffer.from(`\u0000${token} `), bytesMax, resolve };
        limit = Math.max(bytesMax, kept.length);
      }),
    takeRest: (bytesMax) => {
      wanted = undefined;
      keep(tail);
      tail = Buffer.alloc(0);
      return take(bytesMax, '');
    },
    peek: () => Buffer.concat([kept, tail]).toString('latin1'),
  };
}

function resultOf(
  stdout: Portion,
  stderr: Portion,
): Pick<RunResult, 'stdout' | 'stderr' | 'stdoutBytes' | 'stderrBytes' | 'truncated'> {
  return {
    stdout: toUntrusted(stdout.text),
    stderr: toUntrusted(stderr.text),
    stdoutBytes: stdout.bytes,
    stderrBytes: stderr.bytes,
    truncated: stdout.truncated || stderr.truncated,
  };
}

function stoppedResult(durationMs: number): RunResult {
  const nothing = {
    stdout: toUntrusted(''),
    stderr: toUntrusted(''),
    stdoutBytes: 0,
    stderrBytes: 0,
    truncated: false,
  };
  return { ...nothing, exitCode: null, timedOut: false, machineStopped: true, durationMs, notes: [] };
}

/** For races with something else: it does not keep a process from ending. */
export function sleep(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), ms).unref();
  });
}
