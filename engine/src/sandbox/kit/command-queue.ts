import { readFileSync } from 'node:fs';

import { sleep } from '../../base/sleep.ts';
import { type HarnessRunOptions, type RunResult, SandboxError, type SandboxLimits } from '../contract.ts';
import { bytesOf, frame, readFrames } from './frames.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { createPrograms, type ProgramLink, type Programs } from './programs.ts';
import { type Portion, stoppedResult, toRunResult } from './run-result.ts';
import { stopAfter } from './stop-after.ts';
import { architecture } from './system-calls.ts';

/** The two channels of a running `command-server.pl`, and what its adapter knows. */
export interface CommandLink extends ProgramLink {
  readonly onData: (take: (block: Buffer) => void) => void;
  /** Kills every process of the running command. Default: the server does it, which must see them in its `/proc`. */
  readonly killCommand?: () => void;
  readonly whenStopped: Promise<void>;
  /** How long it may take until the death of a machine is noticed. */
  readonly deathMsMax: number;
}

export interface CommandQueue {
  /** Runs commands one after the other. */
  readonly run: (command: string, options: HarnessRunOptions) => Promise<RunResult>;
  readonly spawn: Programs['spawn'];
  /** False if the server ended first. */
  readonly ready: Promise<boolean>;
  /** What `enter.pl` offers before the server starts; null if it ended first. */
  readonly offer: Promise<string | null>;
}

const SERVER = readFileSync(new URL('command-server.pl', import.meta.url), 'utf8');

/** If the server ends, wait this long for the death of its machine, which would explain it. */
const GONE_MS_MAX = 2000;
/** How long to wait for the last output of a dead machine. */
const LAST_WORDS_MS = 50;

/**
 * The words that start a command server. @param processesMax null if something else limits their number
 * @param user the user that its children become; 0 if it is that user itself
 */
export function commandServerWords(
  { processesMax, memoryBytesMax }: Pick<SandboxLimits, 'memoryBytesMax'> & { readonly processesMax: number | null },
  user = 0,
): string[] {
  const { prctl, setrlimit, sigprocmask, setsid } = architecture().own;
  const numbers = [prctl, setrlimit, sigprocmask, setsid, processesMax ?? 0, memoryBytesMax ?? 0, user];
  return ['/usr/bin/perl', '-e', SERVER, ...numbers.map(String)];
}

export function createCommandQueue(link: CommandLink): CommandQueue {
  const programs = createPrograms(link);
  const server = followServer(link, programs);
  const kill = link.killCommand ?? (() => link.send(frame('k')));
  let lost = false;
  void link.whenGone.then(() => (lost = true));
  const run = oneAtATime(async (command: string, options: HarnessRunOptions): Promise<RunResult> => {
    options.signal.throwIfAborted();
    const started = performance.now();
    if (!link.isAlive()) return stoppedResult();
    if (lost) throw new SandboxError('lost', 'the command server ended, but the machine is alive');
    const ended = server.nextEnd();
    const shell = options.startupFiles === false ? '--norc' : '--login';
    link.send(
      frame(
        Buffer.concat([
          Buffer.from('r'),
          bytesOf(options.outputBytesMax),
          ...[shell, command, options.stdin ?? ''].map(frame),
        ]),
      ),
    );
    using limit = stopAfter(options, { kill, giveUp: () => link.send(frame('s')) });
    const code = await Promise.race([ended, nothingAfter(link.whenStopped, link.whenGone), limit.whenOverdue]);
    // Its end could now be taken for that of a later command.
    if (code === undefined) lost = true;
    options.signal.throwIfAborted();
    // A command that dies with its machine also looks like one that was killed (137).
    if (code === undefined) await Promise.race([link.whenStopped, sleep(GONE_MS_MAX)]);
    else if (code === 137 && !limit.timedOut()) await Promise.race([link.whenStopped, sleep(link.deathMsMax)]);
    const isAlive = link.isAlive();
    if (!isAlive) await Promise.race([ended, nothingAfter(link.whenGone), sleep(LAST_WORDS_MS)]);
    const outputs = server.take(options.outputBytesMax);
    const durationMs = performance.now() - started;
    if (!isAlive) return stoppedResult(durationMs, outputs);
    if (code === undefined)
      throw new SandboxError('lost', 'the command server ended or stopped responding, but the machine is alive');
    const timedOut = limit.timedOut();
    const notes = timedOut ? [`the command was stopped after ${options.timeoutMs} ms`] : [];
    return toRunResult(outputs, { exitCode: timedOut ? 124 : code, timedOut, durationMs, notes });
  });
  return {
    run,
    spawn: programs.spawn,
    ready: Promise.race([server.nextEnd().then(() => true), link.whenGone.then(() => false)]),
    offer: Promise.race([server.offer, link.whenGone.then(() => null)]),
  };
}

interface FollowedServer {
  /** Resolves with the exit code of the running command, or when the server is ready. */
  readonly nextEnd: () => Promise<number>;
  readonly offer: Promise<string>;
  /** Takes the output so far. */
  readonly take: (bytesMax: number) => [stdout: Portion, stderr: Portion];
}

function followServer({ onData }: CommandLink, programs: Programs): FollowedServer {
  const streams = [1, 2].map(() => ({ kept: [] as Buffer[], bytes: 0 }));
  let counts: readonly number[] = [];
  let wake: (code: number) => void = () => undefined;
  const { promise: offer, resolve: offers } = Promise.withResolvers<string>();
  const read = (message: Buffer): void => {
    const kind = message.toString('latin1', 0, 1);
    const stream = streams[Number(kind) - 1];
    if (stream !== undefined) {
      stream.kept.push(message.subarray(1));
      stream.bytes += message.length - 1;
      return;
    }
    if (kind === 'l') {
      offers(message.toString('latin1', 1));
      return;
    }
    if (programs.take(kind, message)) return;
    const [code = 0, ...all] = message.toString('latin1', 1).split(' ').map(Number);
    counts = all;
    wake(code);
  };
  readFrames(onData, read);
  return {
    nextEnd: () => new Promise((resolve) => (wake = resolve)),
    offer,
    take: (bytesMax) => {
      const [stdout, stderr] = streams.map((stream, index) => {
        const all = Buffer.concat(stream.kept.splice(0)).subarray(0, bytesMax);
        const bytes = counts[index] ?? stream.bytes;
        stream.bytes = 0;
        return { text: all.toString('utf8'), bytes, truncated: bytes > all.length };
      });
      counts = [];
      if (stdout === undefined || stderr === undefined) throw new RangeError('there are two outputs');
      return [stdout, stderr];
    },
  };
}

/** Resolves with undefined when one of the promises has resolved. */
async function nothingAfter(...ends: readonly Promise<void>[]): Promise<undefined> {
  await Promise.race(ends);
  return undefined;
}
