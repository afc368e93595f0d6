import { showOnTerminal, toUntrusted } from '../base/untrusted-text.ts';
import { readEnvironment } from './environment.ts';

/** Where commands write. An argument, so that tests read what users would. */
export interface Terminal {
  /** Results: text for people, or JSON lines with `--json`. */
  readonly out: (text: string) => void;
  /** Progress and remarks. */
  readonly note: (text: string) => void;
  readonly isInteractive: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export const EXIT = {
  ok: 0,
  /** It ran, and what it found is not what must be: a missed control, a changed record. */
  findings: 1,
  /** The user asked for something that cannot be done. */
  usage: 2,
  /** Something broke: sandbox, disk, a server. */
  infrastructure: 3,
  /** Interrupted from the keyboard. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export function systemTerminal(): Terminal {
  return {
    out: (text) => process.stdout.write(`${text}\n`),
    note: (text) => process.stderr.write(`${text}\n`),
    isInteractive: process.stderr.isTTY,
    environment: readEnvironment(process.env, process.cwd()),
  };
}

/** For names that came from a file or from outside. */
export function safe(text: string): string {
  return showOnTerminal(toUntrusted(text)).replaceAll('\n', '\\n');
}
