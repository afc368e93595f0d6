import type { EventOf } from '../record/events.ts';

export interface CommandResult {
  readonly callId: string;
  readonly text: string;
  readonly timedOut: boolean;
  readonly truncated: boolean;
  readonly durationMs: number;
  readonly machineStopped?: boolean;
}

/** The end of a command as a transcript can tell it. */
export function importedCommandEnd({ text, ...result }: CommandResult): Omit<EventOf<'command-end'>, 'seq' | 'at'> {
  return {
    kind: 'command-end',
    machineStopped: false,
    ...result,
    exitCode: null,
    stdoutBytes: Buffer.byteLength(text),
    stderrBytes: 0,
    notes: ['imported: the exit code is not known; bytes are those of the text that the agent was given'],
  };
}
