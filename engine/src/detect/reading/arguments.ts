import type { Assignment, Word } from 'unbash';

import { isPattern } from './shell-paths.ts';
import { expandValue, expandWord, type Scope, UNKNOWN } from './shell-words.ts';

/** One word of a command: as written without its quotes, and what the shell would make of it as far as that is known. */
export interface Argument {
  readonly value: string;
  /** More than one for `{a,b}`. */
  readonly expansions: readonly string[];
}

/** What a word can refer to, where it is known where commands start. */
export interface ShellNames {
  readonly home: string;
  /** Null when it is not known where a command works. */
  readonly folder: string | null;
  readonly variables: ReadonlyMap<string, readonly string[]>;
}

export function toArgument(word: Word | Assignment, names: ShellNames): Argument {
  const scope = toScope(names);
  if (word.type === 'Word') return { value: word.value, expansions: expandWord(word, scope) };
  const { value } = word;
  const expansions = value.type === 'Word' ? expandValue(value, scope) : [UNKNOWN];
  return { value: word.text, expansions: expansions.map((text) => `${word.name}=${text}`) };
}

/** The text of a word, when all of it is known. */
export function knownText({ expansions }: Argument): string | null {
  const [only = UNKNOWN, ...more] = expansions;
  return more.length > 0 || only.includes(UNKNOWN) || isPattern(only) ? null : only;
}

export function toScope({ home, folder, variables }: ShellNames): Scope {
  return {
    variables,
    home,
    usual: new Map([
      ['HOME', home],
      ['USER', 'user'],
      ['LOGNAME', 'user'],
      ...(folder === null ? [] : [['PWD', folder] as const]),
    ]),
    outputOf: ({ text }) => [printed(text, folder)],
  };
}

/** What `$(…)` gives, for the few that are written often. */
function printed(text: string, folder: string | null): string {
  const command = text.replace(/^(\$\(|`)|(\)|`)$/g, '').trim();
  if (command === 'pwd') return folder ?? UNKNOWN;
  if (command === 'whoami') return 'user';
  const program = /^(?:which|command -v) (\w+)$/.exec(command)?.[1];
  return program === undefined ? UNKNOWN : `/usr/bin/${program}`;
}
