import type { Assignment, Word, WordPart } from 'unbash';

/** Stands in an expanded word for what is not known before it is run. */
const HOLE = '\uE000';
/** Stands for what a `*`, `?` or `[…]` would match. */
const STAR = '\uE001';
const EXPANSIONS_MAX = 16;
const WORD_CHARACTERS_MAX = 4096;

/** One word of a command: as written without its quotes, and what the shell would make of it as far as that is known. */
export interface Argument {
  readonly value: string;
  /** More than one for `{a,b}`. */
  readonly expansions: readonly string[];
}

/** What a word can refer to. */
export interface ShellNames {
  readonly home: string;
  /** Null when it is not known where a command works. */
  readonly folder: string | null;
  /** Null: it has a value that is not known. */
  readonly variables: ReadonlyMap<string, string | null>;
}

export function toArgument(word: Word | Assignment, names: ShellNames): Argument {
  if (word.type === 'Word') return { value: word.value, expansions: expandWord(word, names) };
  const { value } = word;
  const expansions = value.type === 'Word' ? expandWord(value, names) : [HOLE];
  return { value: word.text, expansions: expansions.map((text) => `${word.name}=${text}`) };
}

/** The text of a word, when all of it is known. */
export function knownText({ expansions }: Argument): string | null {
  const [only = HOLE, ...more] = expansions;
  return more.length > 0 || isOpen(only) ? null : only;
}

export function isOpen(text: string): boolean {
  return text.includes(HOLE) || text.includes(STAR);
}

/** Whether an expanded word means this path: yes, perhaps (part of it is not known), or no. */
export function meansPath(text: string, path: string, folder: string | null): 'yes' | 'perhaps' | 'no' {
  const whole = absolutePath(text, folder);
  if (whole === path) return 'yes';
  if (whole === null || whole.includes(HOLE)) {
    const last = text.slice(text.lastIndexOf('/') + 1);
    return last === path.slice(path.lastIndexOf('/') + 1) ? 'perhaps' : 'no';
  }
  return whole.includes(STAR) && matchesGlob(whole, path) ? 'yes' : 'no';
}

/** Without `.`, `..` and double slashes; null when it is relative to a folder that is not known. */
export function absolutePath(text: string, folder: string | null): string | null {
  if (!text.startsWith('/') && folder === null) return null;
  const parts: string[] = [];
  for (const part of (text.startsWith('/') ? text : `${folder ?? ''}/${text}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function matchesGlob(pattern: string, path: string): boolean {
  const [mine, theirs] = [pattern.split('/'), path.split('/')];
  return (
    mine.length === theirs.length &&
    mine.every((part, index) => {
      const name = theirs[index] ?? '';
      const [first = '', ...rest] = part.split(STAR);
      if (rest.length === 0) return part === name;
      if (!name.startsWith(first) || (first === '' && name.startsWith('.'))) return false;
      let at = first.length;
      for (const piece of rest.slice(0, -1)) {
        const found = name.indexOf(piece, at);
        if (found < 0) return false;
        at = found + piece.length;
      }
      const last = rest.at(-1) ?? '';
      return name.length - last.length >= at && name.endsWith(last);
    })
  );
}

function expandWord(word: Word, names: ShellNames): string[] {
  const text = word.text.startsWith('~') ? [homeOf(word, names)] : null;
  if (word.parts === undefined) return text ?? [word.value];
  let expansions = [''];
  for (const [index, part] of word.parts.entries()) {
    const more =
      index === 0 && text !== null && part.type === 'Literal' ? [tilde(part.value, names)] : expand(part, names);
    expansions = expansions
      .flatMap((start) => more.map((end) => (start + end).slice(0, WORD_CHARACTERS_MAX)))
      .slice(0, EXPANSIONS_MAX);
  }
  return expansions;
}

const homeOf = (word: Word, names: ShellNames): string => tilde(word.value, names);

function tilde(text: string, { home }: ShellNames): string {
  return text.replace(/^~(user)?(?=\/|$)/, () => home);
}

function expand(part: WordPart, names: ShellNames): string[] {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return [part.value];
    case 'DoubleQuoted':
    case 'LocaleString':
      return [part.parts.map((inner) => expand(inner, names)[0] ?? HOLE).join('')];
    case 'SimpleExpansion':
      return [variable(part.text.slice(1), names)];
    case 'ParameterExpansion':
      return [
        part.operation === undefined && part.prefix === undefined && part.index === undefined
          ? variable(part.parameter, names)
          : HOLE,
      ];
    case 'CommandExpansion':
      return [printed(part.text, names)];
    case 'Glob':
    case 'ExtendedGlob':
      return [STAR];
    case 'BraceExpansion':
      return braces(part.text);
    default:
      return [HOLE];
  }
}

function variable(name: string, { home, folder, variables }: ShellNames): string {
  const own = variables.get(name);
  if (own !== undefined) return own ?? HOLE;
  if (name === 'HOME') return home;
  if (name === 'PWD') return folder ?? HOLE;
  return name === 'USER' || name === 'LOGNAME' ? 'user' : HOLE;
}

/** What `$(…)` gives, for the few that are written often. */
function printed(text: string, { folder }: ShellNames): string {
  const command = text.replace(/^(\$\(|`)|(\)|`)$/g, '').trim();
  if (command === 'pwd') return folder ?? HOLE;
  if (command === 'whoami') return 'user';
  const program = /^(?:which|command -v) (\w+)$/.exec(command)?.[1];
  return program === undefined ? HOLE : `/usr/bin/${program}`;
}

function braces(text: string): string[] {
  const inner = text.slice(1, -1);
  return inner.includes(',') && !/[{}$`'"\\*?[]/.test(inner) ? inner.split(',') : [HOLE];
}
