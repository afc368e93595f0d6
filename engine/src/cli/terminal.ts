import { neutraliseCiCommands } from '../base/ci-commands.ts';
import { showOnTerminal, toUntrusted } from '../base/untrusted-text.ts';
import { namesFromFile, readEnvironment } from './environment.ts';

/** Where commands write. An argument, so that tests can read the output. */
export interface Terminal {
  /** Results: text for people, or JSON lines with `--json`. */
  readonly out: (text: string) => void;
  /** Progress and remarks. */
  readonly note: (text: string) => void;
  readonly isInteractive: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Variables of it that come from a file `.env`. None when not given. */
  readonly fromFile?: ReadonlySet<string> | undefined;
}

export const EXIT = {
  ok: 0,
  /** It ran, and a check failed: a missed control, a changed record. */
  findings: 1,
  /** The user requested something impossible. */
  usage: 2,
  /** Something broke (sandbox, disk, a server), or too few trials can be counted. */
  infrastructure: 3,
  /** Interrupted from the keyboard. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export function systemTerminal(): Terminal {
  return {
    out: (text) => process.stdout.write(`${text}\n`),
    note: (text) => process.stderr.write(`${text}\n`),
    // A redrawn bar is only for interactive use: a CI log would keep every redraw.
    isInteractive: process.stderr.isTTY && !isSet(process.env['CI']) && process.env['TERM'] !== 'dumb',
    environment: readEnvironment(process.env, process.cwd()),
    fromFile: namesFromFile(process.env, process.cwd()),
  };
}

function isSet(variable: string | undefined): boolean {
  return variable !== undefined && variable !== '' && variable !== 'false' && variable !== '0';
}

/**
 * The last filter before a terminal. It escapes control characters, escape sequences and invisible characters, in case
 * a caller forgot to. In JSON lines it uses JSON escapes, so values do not change.
 */
export function guardTerminal(terminal: Terminal): Terminal {
  return {
    ...terminal,
    out: (text) => terminal.out(neutraliseCiCommands(makeVisible(text))),
    note: (text) => terminal.note(neutraliseCiCommands(makeVisible(text))),
  };
}

export function makeVisible(text: string): string {
  return text.replace(/(?![\t\n]|\r\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (char) =>
    Array.from(
      { length: char.length },
      (_, index) => `\\u${char.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

/** For names from a file or from outside. */
export function safe(text: string): string {
  return showOnTerminal(toUntrusted(text)).replaceAll('\n', '\\n');
}
