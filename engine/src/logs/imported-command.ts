import type { EventOf } from '../record/events.ts';

export interface CommandResult {
  readonly callId: string;
  /** What the agent was given of it. */
  readonly text: string;
  readonly timedOut: boolean;
  readonly truncated: boolean;
  readonly durationMs: number;
  readonly machineStopped?: boolean;
  /** Where the log tells it. */
  readonly exitCode?: number | null;
  /** By whom, the log does not say. */
  readonly interrupted?: boolean;
}

/** The end of a command as a transcript can tell it. */
export function importedCommandEnd({
  text,
  exitCode = null,
  machineStopped = false,
  interrupted = false,
  ...result
}: CommandResult): Omit<EventOf<'command-end'>, 'seq' | 'at'> {
  return {
    kind: 'command-end',
    ...result,
    machineStopped,
    exitCode,
    stdoutBytes: Buffer.byteLength(text),
    stderrBytes: 0,
    notes: [
      `imported: ${exitCode === null ? 'the exit code is not known; ' : ''}bytes are those of the text that the agent was given`,
      ...(interrupted ? ['imported: it was interrupted'] : []),
    ],
  };
}
