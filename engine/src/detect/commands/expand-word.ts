import type { DoubleQuotedChild, Script, Word, WordPart } from 'unbash';

/** Stands for text of unknown value, such as program output or an environment variable. */
export const UNKNOWN = '\u0001';
const STAR = '\u0002';
const QUESTION = '\u0003';

/** The values that words of a command can refer to. */
export interface Scope {
  /** All values of each variable; a loop variable has several. */
  readonly variables: ReadonlyMap<string, readonly string[]>;
  /** Null when unknown. */
  readonly home: string | null;
  readonly folder: string | null;
  /** Reads a command substitution and returns what it prints, or null when that is unknown. */
  readonly outputOf: (script: Script) => string | null;
}

const ALTERNATIVES_MAX = 64;
const CHARACTERS_MAX = 20_000;

/**
 * Expands one word to words. Expands literal braces and known variables; `*`, `?` and all that is unknown become marks.
 * Does not look for files.
 */
export function expandWord(word: Word, scope: Scope): string[] {
  const splits = word.parts?.some(({ type }) => type.endsWith('Expansion') && type !== 'BraceExpansion');
  const words = expandValue(word, scope);
  return splits === true ? words.flatMap((one) => one.split(/\s+/)).filter((one) => one !== '') : words;
}

/** Like `expandWord`, for the value of an assignment, which is not split at spaces. */
export function expandValue({ parts, value, text }: Word, scope: Scope): string[] {
  const all: readonly WordPart[] = parts ?? [{ type: 'Literal', value, text, pos: 0, end: 0 }];
  const expanded = all.map((part, index) =>
    index === 0 && part.type === 'Literal' && text.startsWith('~')
      ? [part.value.replace(/^~\w*(?=\/|$)/, () => scope.home ?? UNKNOWN)]
      : expandPart(part, scope),
  );
  return join(expanded);
}

function join(parts: readonly (readonly string[])[]): string[] {
  const paste = (heads: readonly string[], tails: readonly string[]): string[] =>
    heads.flatMap((head) => tails.map((tail) => (head + tail).slice(0, CHARACTERS_MAX))).slice(0, ALTERNATIVES_MAX);
  return parts.reduce<string[]>(paste, ['']);
}

function expandPart(part: WordPart, scope: Scope): readonly string[] {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return [part.value];
    case 'DoubleQuoted':
    case 'LocaleString':
      return join(part.parts.map((child: DoubleQuotedChild) => expandPart(child, scope)));
    case 'Glob':
      return [part.kind === 'star' ? STAR : QUESTION];
    case 'BraceExpansion': {
      const inner = part.text.slice(1, -1);
      return inner.split(',').map((one) => (/[{}$`'"\\]|\.\./.test(one) ? UNKNOWN : toGlob(one)));
    }
    case 'SimpleExpansion':
      return valueOf(part.text.slice(1), scope) ?? [UNKNOWN];
    case 'ParameterExpansion': {
      const isPlain = part.prefix === undefined && part.operation === undefined;
      return (isPlain ? valueOf(part.parameter, scope) : undefined) ?? [UNKNOWN];
    }
    case 'CommandExpansion':
    case 'ProcessSubstitution': {
      const text = part.script === undefined ? null : scope.outputOf(part.script);
      return [part.type === 'CommandExpansion' && text !== null ? text.trimEnd() : UNKNOWN];
    }
    case 'ArithmeticExpansion':
    case 'ExtendedGlob':
      return [UNKNOWN];
  }
}

function valueOf(name: string, { variables, home, folder }: Scope): readonly string[] | undefined {
  const usual = name === 'HOME' ? home : name === 'PWD' ? folder : null;
  return variables.get(name) ?? (usual === null ? undefined : [usual]);
}

/** Replaces `*` and `?` with marks. */
function toGlob(text: string): string {
  return text.replaceAll('*', STAR).replaceAll('?', QUESTION);
}

/** Replaces marks with the characters that a person would write. */
export function showMarks(text: string): string {
  return text.replaceAll(STAR, '*').replaceAll(QUESTION, '?').replaceAll(UNKNOWN, '…');
}

/** Backtracks only to the last `*`, so that no pattern is slow. */
export function matchesGlob(pattern: string, name: string): boolean {
  if (name.startsWith('.') && [STAR, QUESTION].includes(pattern.slice(0, 1))) return false;
  let at = 0;
  let star = -1;
  let tried = 0;
  for (let index = 0; index < name.length;) {
    const mark = pattern[at];
    if (mark === STAR) {
      star = at++;
      tried = index;
    } else if (mark !== undefined && (mark === QUESTION || mark === name[index])) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++tried;
    } else return false;
  }
  while (pattern[at] === STAR) at++;
  return at === pattern.length;
}
