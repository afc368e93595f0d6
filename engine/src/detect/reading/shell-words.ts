import type { DoubleQuotedChild, ParameterExpansionPart, Word, WordPart } from 'unbash';

import { QUESTION, STAR, UNKNOWN } from './watched-paths.ts';

/** What is known of the variables at this place: each with all the values that it may have. */
export interface Scope {
  readonly variables: Map<string, readonly string[]>;
  /** What a command substitution prints, as far as it can be told. */
  readonly outputOf: (
    script: NonNullable<Extract<WordPart, { type: 'CommandExpansion' }>['script']>,
  ) => readonly string[];
}

const ALTERNATIVES_MAX = 64;
/** Values of variables of the surroundings that are the same nearly everywhere. */
const USUAL = new Map([['IFS', ' ']]);

/**
 * The words that one word becomes: braces, literal variables and the values of a loop are put in; `*` and `?` become
 * marks; what is not known becomes a mark too. Nothing is run, and no file is looked for.
 */
export function expandWord(word: Word, scope: Scope): string[] {
  const words = join(
    (word.parts ?? [{ type: 'Literal', value: word.value, text: word.text, pos: 0, end: 0 }]).map((part) =>
      expandPart(part, scope),
    ),
  );
  // A variable or the output of a program falls apart at its spaces, unless it is quoted.
  const splits = word.parts?.some(
    ({ type }) => type === 'SimpleExpansion' || type === 'ParameterExpansion' || type === 'CommandExpansion',
  );
  return splits === true ? words.flatMap((one) => one.split(/\s+/).filter((piece) => piece !== '')) : words;
}

function join(parts: readonly (readonly string[])[]): string[] {
  return parts.reduce<string[]>(
    (heads, tails) => heads.flatMap((head) => tails.map((tail) => head + tail)).slice(0, ALTERNATIVES_MAX),
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
      return valuesOf(part.text.slice(1), scope);
    case 'ParameterExpansion':
      return expandParameter(part, scope);
    case 'CommandExpansion':
      return part.script === undefined ? [UNKNOWN] : scope.outputOf(part.script);
    case 'ArithmeticExpansion':
    case 'ProcessSubstitution':
      return [UNKNOWN];
  }
}

function valuesOf(name: string, { variables }: Scope): readonly string[] {
  const usual = USUAL.get(name);
  return variables.get(name) ?? (usual === undefined ? [UNKNOWN] : [usual]);
}

function expandParameter({ parameter, prefix, operation }: ParameterExpansionPart, scope: Scope): readonly string[] {
  const values = valuesOf(parameter, scope);
  if (prefix !== undefined) return [UNKNOWN];
  if (operation === undefined) return values;
  if (operation.type === 'Default') {
    const other = expandWord(operation.operand, scope);
    return operation.operator.endsWith('+') || values.includes(UNKNOWN) ? other : values;
  }
  if (operation.type === 'Remove') {
    const end = operation.operand.value;
    if (/[*?[]/.test(end)) return [UNKNOWN];
    return values.map((value) => {
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

/** `{a,b}`, also nested; a range such as `{1..9}` is any text. */
function expandBraces(text: string): string[] {
  const inner = text.slice(1, -1);
  if (!inner.includes(',')) return [STAR];
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
      one
        .replaceAll(/['"\\]/g, '')
        .replaceAll('*', STAR)
        .replaceAll('?', QUESTION),
    );
  });
}
