import { toUntrusted } from '../../base/untrusted-text.ts';
import type { RunResult } from '../contract.ts';

/** The content of one output stream of a command. */
export interface Portion {
  readonly text: string;
  /** All bytes, including those that were cut. */
  readonly bytes: number;
  readonly truncated: boolean;
}

/** How a command ended. The defaults are those of a command that ended by itself. */
export type Ending = Pick<RunResult, 'exitCode' | 'durationMs'> &
  Partial<Pick<RunResult, 'timedOut' | 'machineStopped' | 'notes'>>;

export function toRunResult(outputs: readonly [stdout: Portion, stderr: Portion], ending: Ending): RunResult {
  const [stdout, stderr] = outputs;
  return {
    stdout: toUntrusted(stdout.text),
    stderr: toUntrusted(stderr.text),
    stdoutBytes: stdout.bytes,
    stderrBytes: stderr.bytes,
    truncated: stdout.truncated || stderr.truncated,
    timedOut: false,
    machineStopped: false,
    notes: [],
    ...ending,
  };
}

const NOTHING: Portion = { text: '', bytes: 0, truncated: false };

/** The result of a command whose machine stopped before it started or ended. */
export function stoppedResult(durationMs = 0, outputs: readonly [Portion, Portion] = [NOTHING, NOTHING]): RunResult {
  return toRunResult(outputs, { exitCode: null, machineStopped: true, durationMs });
}

/** An error result for a command with a NUL character, which no argument can hold. Undefined for all others. */
export function refuseNul(command: string): RunResult | undefined {
  if (!command.includes('\u0000')) return undefined;
  const text = 'bash: a command cannot hold a NUL character\n';
  return toRunResult([NOTHING, { text, bytes: text.length, truncated: false }], { exitCode: 2, durationMs: 0 });
}
