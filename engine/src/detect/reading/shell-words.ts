import type { DoubleQuotedChild, ParameterExpansionPart, Word, WordPart } from 'unbash';

/** Text whose value is not known: the output of a program, a variable of the surroundings. */
export const UNKNOWN = '\u0001';
/** `*` outside of quotes. */
export const STAR = '\u0002';
/** `?` outside of quotes. */
export const QUESTION = '\u0003';

/** What a word can refer to at its place. */
export interface Scope {
  /** Each with all the values that it may have. */
  readonly variables: ReadonlyMap<string, readonly string[]>;
  /** Variables of the surroundings, by their value. */
  readonly usual: ReadonlyMap<string, string>;
  /** What `~` is; null leaves it as it is written. */
  readonly home: string | null;
  /** What a command substitution prints, as far as it can be told. */
  readonly outputOf: (part: Extract<WordPart, { type: 'CommandExpansion' }>) => readonly string[];
}

const ALTERNATIVES_MAX = 64;
const CHARACTERS_MAX = 20_000;

/**
 * The words that one word becomes: braces, literal variables and the values of a loop are put in; `*` and `?` become
 * marks; what is not known becomes a mark too. Nothing is run, and no file is looked for.
 */
export function expandWord(word: Word, scope: Scope): string[] {
  // A variable or the output of a program falls apart at its spaces, unless it is quoted.
  const splits = word.parts?.some(
    ({ type }) => type === 'SimpleExpansion' || type === 'ParameterExpansion' || type === 'CommandExpansion',
  );
  const words = expandValue(word, scope);
  return splits === true ? words.flatMap((one) => one.split(/\s+/).filter((piece) => piece !== '')) : words;
}

/** The same for what a variable is set to, which does not fall apart. */
export function expandValue({ parts, value, text }: Word, scope: Scope): string[] {
  const all: readonly WordPart[] = parts ?? [{ type: 'Literal', value, text, pos: 0, end: 0 }];
  return join(
    all.map((part, index) => {
      const isHome = index === 0 && part.type === 'Literal' && text.startsWith('~');
      return isHome ? [tilde(part.value, scope)] : expandPart(part, scope);
    }),
  );
}

function tilde(text: string, { home }: Scope): string {
  return home === null ? text : text.replace(/^~(user)?(?=\/|$)/, () => home);
}

function join(parts: readonly (readonly string[])[]): string[] {
  return parts.reduce<string[]>(
    (heads, tails) =>
      heads.flatMap((head) => tails.map((tail) => (head + tail).slice(0, CHARACTERS_MAX))).slice(0, ALTERNATIVES_MAX),
    [''],
  );
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
      if (part.kind === 'star') return [STAR];
      return part.kind === 'question' ? [QUESTION] : expandBracket(part.text);
    case 'ExtendedGlob':
      return [STAR];
    case 'BraceExpansion':
      return expandBraces(part.text);
    case 'SimpleExpansion':
      return valuesOf(part.text.slice(1), scope) ?? [UNKNOWN];
    case 'ParameterExpansion':
      return expandParameter(part, scope);
    case 'CommandExpansion':
      return scope.outputOf(part);
    case 'ArithmeticExpansion':
    case 'ProcessSubstitution':
      return [UNKNOWN];
  }
}

function valuesOf(name: string, { variables, usual }: Scope): readonly string[] | undefined {
  const common = usual.get(name);
  return variables.get(name) ?? (common === undefined ? undefined : [common]);
}

function expandParameter({ parameter, prefix, operation }: ParameterExpansionPart, scope: Scope): readonly string[] {
  const values = valuesOf(parameter, scope);
  if (prefix !== undefined) return [UNKNOWN];
  if (operation === undefined) return values ?? [UNKNOWN];
  if (operation.type === 'Default') {
    // A name that was never set is nearly always empty; of one that was set to what is not known nothing can be said.
    const other = expandWord(operation.operand, scope);
    return operation.operator.endsWith('+') || values === undefined ? other : values;
  }
  if (operation.type === 'Remove') {
    const end = operation.operand.value;
    if (/[*?[]/.test(end)) return [UNKNOWN];
    return (values ?? [UNKNOWN]).map((value) => {
      if (operation.operator.startsWith('%')) return value.endsWith(end) ? value.slice(0, -end.length) : value;
      return value.startsWith(end) ? value.slice(end.length) : value;
    });
  }
  return [UNKNOWN];
}

/** `[sS]` is both letters, `[a-z]` or `[!x]` any one. */
function expandBracket(text: string): readonly string[] {
  const inner = text.slice(1, -1);
  return /^[^-!^:]{1,8}$/.test(inner) ? inner.split('') : [QUESTION];
}

/** `{a,b}`, also nested, and `{1..9}`. */
function expandBraces(text: string): string[] {
  const inner = text.slice(1, -1);
  if (!inner.includes(',')) return expandRange(inner);
  const pieces: string[] = [];
  let depth = 0;
  let from = 0;
  for (const [index, character] of `${inner},`.split('').entries()) {
    if (character === '{') depth++;
    if (character === '}') depth--;
    if (character === ',' && (depth === 0 || index === inner.length)) {
      pieces.push(inner.slice(from, index));
      from = index + 1;
    }
  }
  return pieces.slice(0, ALTERNATIVES_MAX).flatMap((piece) => {
    const nested = /^(.*?)(\{[^{}]*,[^{}]*\})(.*)$/.exec(piece);
    const [, head = '', braces = '', tail = ''] = nested ?? [];
    const literal = nested === null ? [piece] : expandBraces(braces).map((one) => head + one + tail);
    return literal.map((one) =>
      /[$`]/.test(one)
        ? UNKNOWN
        : one
            .replaceAll(/['"\\]/g, '')
            .replaceAll('*', STAR)
            .replaceAll('?', QUESTION),
    );
  });
}

function expandRange(inner: string): string[] {
  const [, from = '', to = ''] = /^(\d{1,6}|[a-zA-Z])\.\.(\d{1,6}|[a-zA-Z])$/.exec(inner) ?? [];
  const isNumber = /^\d+$/.test(from) && /^\d+$/.test(to);
  if (from === '' || (!isNumber && /\d/.test(from + to))) return [UNKNOWN];
  const [first, last] = isNumber ? [Number(from), Number(to)] : [from.charCodeAt(0), to.charCodeAt(0)];
  const length = Math.abs(last - first) + 1;
  if (length > ALTERNATIVES_MAX) return [UNKNOWN];
  return Array.from({ length }, (_, index) => {
    const at = first + (last >= first ? index : -index);
    return isNumber ? String(at) : String.fromCharCode(at);
  });
}
