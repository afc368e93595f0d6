import { randomBytes } from 'node:crypto';

import { sleep } from '../../base/sleep.ts';
import { type RunOptions, type RunResult, SandboxError } from '../contract.ts';
import type { MarkedOutput, MarkedPortion } from './marked-output.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { stoppedResult, toRunResult } from './run-result.ts';
import { stopAfter } from './stop-after.ts';

/** A server of commands, wherever it runs. It reads `token NUL input-path NUL command NUL`, and marks both outputs when a command has ended. */
export interface CommandLink {
  readonly send: (request: string) => void;
  readonly outputs: readonly [stdout: MarkedOutput, stderr: MarkedOutput];
  /** Exit code of the command, by a way that the agent cannot write to; when not given, by the word of the mark. */
  readonly readExitCode?: () => Promise<number>;
  /** Puts standard input into a file of the machine. */
  readonly offerInput: (content: string) => Promise<{ readonly inside: string; readonly remove: () => void }>;
  /** Kills every process of the command that runs. */
  readonly stopCommand: () => void;
  readonly isAlive: () => boolean;
  readonly whenStopped: Promise<void>;
  /** Resolves when the server has ended. */
  readonly whenGone: Promise<void>;
  /** How long a dying machine may take to be known as dead. */
  readonly deathMsMax: number;
}

/** How long a server that ended may take to be explained by the death of its machine. */
const GONE_MS_MAX = 2000;
/** How long the last output of a dead machine may take. */
const LAST_WORDS_MS = 50;

/** Runs commands through a server, one after the other. */
export function createCommandQueue(link: CommandLink): (command: string, options: RunOptions) => Promise<RunResult> {
  const [stdout, stderr] = link.outputs;
  let gone = false;
  void link.whenGone.then(() => (gone = true));

  return oneAtATime(async (command, options) => {
    options.signal.throwIfAborted();
    const started = performance.now();
    if (!link.isAlive()) return stoppedResult();
    if (gone) throw new SandboxError('lost', 'the command server ended while the machine lives');
    const input = options.stdin === undefined ? undefined : await link.offerInput(options.stdin);
    const token = randomBytes(16).toString('hex');
    const portions: Promise<[MarkedPortion, MarkedPortion]> = Promise.all([
      stdout.readTo(token, options.outputBytesMax),
      stderr.readTo(token, options.outputBytesMax),
    ]);
    const exitCode = link.readExitCode?.() ?? portions.then(([{ word }]) => Number(word));
    link.send(`${token}\u0000${input?.inside ?? '/dev/null'}\u0000${command}\u0000`);
    using limit = stopAfter(options, link.stopCommand);
    try {
      const code = await Promise.race([exitCode, nothingAfter(link.whenStopped, link.whenGone), limit.whenOverdue]);
      options.signal.throwIfAborted();
      // KILL is how a command looks that went down with its machine.
      if (code === undefined) await Promise.race([link.whenStopped, sleep(GONE_MS_MAX)]);
      else if (code === 137 && !limit.timedOut()) await Promise.race([link.whenStopped, sleep(link.deathMsMax)]);
      const durationMs = performance.now() - started;
      if (!link.isAlive()) {
        const marked = await Promise.race([portions, nothingAfter(link.whenGone), sleep(LAST_WORDS_MS)]);
        const most = options.outputBytesMax;
        return stoppedResult(durationMs, marked ?? [stdout.takeRest(most), stderr.takeRest(most)]);
      }
      if (code === undefined)
        throw new SandboxError('lost', 'the command server ended, or is not heard any more, while the machine lives');
      const timedOut = limit.timedOut();
      const notes = timedOut ? [`the command was stopped after ${options.timeoutMs} ms`] : [];
      return toRunResult(await portions, { exitCode: timedOut ? 124 : code, timedOut, durationMs, notes });
    } finally {
      input?.remove();
    }
  });
}

/** Undefined, once one of them has resolved. */
async function nothingAfter(...ends: readonly Promise<void>[]): Promise<undefined> {
  await Promise.race(ends);
  return undefined;
}
