import { forEachChild, parse, type SyntaxNode } from 'unbash';

import { baseName } from '../timeline.ts';
import { withoutPrefixes } from './word-prefixes.ts';

const CHARACTERS_MAX = 20_000;

/** Null for what cannot be parsed: it is not read. */
export function parseShell(text: string): SyntaxNode | null {
  try {
    return parse(text.slice(0, CHARACTERS_MAX));
  } catch {
    return null;
  }
}

/** `while read -r name`. */
export function readVariableOf(clause: SyntaxNode): string | null {
  let found: string | null = null;
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'Command' && node.name?.value === 'read')
      found = node.args.findLast((arg) => arg.type === 'Word' && !arg.value.startsWith('-'))?.text ?? null;
    else forEachChild(node, visit);
  };
  visit(clause);
  return found;
}

/** The command that `xargs` would run, with what it is fed. */
export function readXargs(given: readonly string[], fed: readonly string[]): readonly string[] {
  const at = given.findIndex((word) => baseName(word) === 'xargs');
  const args = given.slice(at + 1);
  let replaces: string | null = null;
  let from = 0;
  for (; from < args.length && (args[from] ?? '').startsWith('-'); from++) {
    const arg = args[from] ?? '';
    const attached = /^-(?:I|i)(.+)$/.exec(arg)?.[1];
    if (arg === '-I') replaces = args[++from] ?? null;
    else if (attached !== undefined || arg === '-i') replaces = attached ?? '{}';
    else if (/^-[adELnPs]$/.test(arg)) from++;
  }
  const inner = args.slice(from);
  const mark = replaces;
  if (mark === null) return withoutPrefixes([...inner, ...fed]).words;
  return withoutPrefixes(
    inner.flatMap((word) => (word.includes(mark) ? fed.map((one) => word.replaceAll(mark, one)) : [word])),
  ).words;
}
