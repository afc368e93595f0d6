import { randomBytes } from 'node:crypto';

import { sleep } from '../../base/sleep.ts';
import { type RunOptions, type RunResult, SandboxError } from '../contract.ts';
import type { MarkedOutput, MarkedPortion } from './marked-output.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { stoppedResult, toRunResult } from './run-result.ts';
import { stopAfter } from './stop-after.ts';

/** A command server. It reads `token NUL input-path NUL command NUL`, and writes a mark to both outputs when a command ends. */
export interface CommandLink {
  readonly send: (request: string) => void;
  readonly outputs: readonly [stdout: MarkedOutput, stderr: MarkedOutput];
  /** Reads the exit code from a channel that the agent cannot write to. Default: the word of the mark. */
  readonly readExitCode?: () => Promise<number>;
  /** Writes standard input to a file in the machine. */
  readonly offerInput: (content: string) => Promise<{ readonly inside: string; readonly remove: () => void }>;
  /** Kills every process of the running command. */
  readonly stopCommand: () => void;
  readonly isAlive: () => boolean;
  readonly whenStopped: Promise<void>;
  /** Resolves when the server has ended. */
  readonly whenGone: Promise<void>;
  /** How long it may take until the death of a machine is noticed. */
  readonly deathMsMax: number;
}

/** If the server ends, wait this long for the death of its machine, which would explain it. */
const GONE_MS_MAX = 2000;
/** How long to wait for the last output of a dead machine. */
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
    if (gone) throw new SandboxError('lost', 'the command server ended, but the machine is alive');
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
      // A command that dies with its machine also looks like one that was killed (137).
      if (code === undefined) await Promise.race([link.whenStopped, sleep(GONE_MS_MAX)]);
      else if (code === 137 && !limit.timedOut()) await Promise.race([link.whenStopped, sleep(link.deathMsMax)]);
      const durationMs = performance.now() - started;
      if (!link.isAlive()) {
        const marked = await Promise.race([portions, nothingAfter(link.whenGone), sleep(LAST_WORDS_MS)]);
        const most = options.outputBytesMax;
        return stoppedResult(durationMs, marked ?? [stdout.takeRest(most), stderr.takeRest(most)]);
      }
      if (code === undefined)
        throw new SandboxError('lost', 'the command server ended or stopped responding, but the machine is alive');
      const timedOut = limit.timedOut();
      const notes = timedOut ? [`the command was stopped after ${options.timeoutMs} ms`] : [];
      return toRunResult(await portions, { exitCode: timedOut ? 124 : code, timedOut, durationMs, notes });
    } finally {
      input?.remove();
    }
  });
}

/** Resolves with undefined when one of the promises has resolved. */
async function nothingAfter(...ends: readonly Promise<void>[]): Promise<undefined> {
  await Promise.race(ends);
  return undefined;
}
