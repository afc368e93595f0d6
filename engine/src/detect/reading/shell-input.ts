import { forEachChild, parse, type Redirection, type SyntaxNode } from 'unbash';

import { baseName } from '../timeline.ts';
import { type Argument, knownText, type ShellNames, toArgument } from './arguments.ts';
import { operands } from './programs.ts';
import type { Watch } from './watched-paths.ts';
import { SHELLS, stripPrefixes, withoutPrefixes } from './word-prefixes.ts';

const CHARACTERS_MAX = 20_000;

/** Null for what cannot be parsed: it is not read. */
export function parseShell(text: string): SyntaxNode | null {
  try {
    return parse(text.slice(0, CHARACTERS_MAX));
  } catch {
    return null;
  }
}

/** Whether some words of a filter name the caller, or a copy of it. */
export function namesCaller(node: SyntaxNode, watch: Watch): boolean {
  if (node.type === 'Word') return watch.named(node.value).some(({ role }) => role === 'caller' || role === 'copy');
  let found = false;
  forEachChild(node, (child) => {
    found ||= namesCaller(child, watch);
  });
  return found;
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

/** The script that a shell is given in its words or at its input; null when it is given none, or a file. */
export function shellText(
  program: string,
  args: readonly Argument[],
  redirects: readonly Redirection[],
): string | null {
  if (program === 'eval') return args.map((arg) => knownText(arg) ?? arg.value).join(' ');
  if (!SHELLS.has(program) && program !== 'su') return null;
  const option = args.findIndex(({ value }) => /^-[a-zA-Z]*c$/.test(value));
  const given = option >= 0 ? args[option + 1] : undefined;
  if (given !== undefined) return knownText(given) ?? given.value;
  const document = redirects.find((redirect) => redirect.type === 'HereDoc');
  if (document !== undefined) return document.body.text;
  const line = redirects.find((redirect) => redirect.type === 'HereString');
  return line?.target?.value ?? null;
}

/** What `echo` or `printf` prints, where it is plain to see. */
export function printedText(command: SyntaxNode, names: ShellNames): string | null {
  if (command.type !== 'Command' || (command.name?.value !== 'echo' && command.name?.value !== 'printf')) return null;
  const texts = command.args.map((word) => knownText(toArgument(word, names)));
  return texts.includes(null) ? null : texts.join(' ').replaceAll(String.raw`\n`, '\n');
}

/** A shell that runs what it is given at its input. */
export function readsScript(command: SyntaxNode): boolean {
  if (command.type !== 'Command') return false;
  const words = [command.name, ...command.args].flatMap((word) => (word?.type === 'Word' ? [word.value] : []));
  const [program = '', ...args] = words.slice(stripPrefixes(words));
  return SHELLS.has(program) && program !== 'eval' && args.every((arg) => /^-[a-z]*$/.test(arg) && !arg.includes('c'));
}

/** `bash -c '…' name one two`: what the script knows as `$1`, `$2`. */
export function argumentsOfScript(args: readonly Argument[]): readonly string[] {
  const option = args.findIndex(({ value }) => /^-[a-zA-Z]*c$/.test(value));
  return option < 0 ? [] : args.slice(option + 3).flatMap(({ expansions }) => expansions);
}

/** `python3 -c '…' one two`, `python3 file one two`. */
export function readInterpreterCall(args: readonly string[]): {
  /** Program text in a word; null for none. */
  readonly given: string | null;
  readonly isModule: boolean;
  readonly file: string | undefined;
  /** What follows the text, or begins with the file. */
  readonly rest: readonly string[];
} {
  const at = args.findIndex((arg) => /^-[a-zA-Z0-9.]*[ceEr]$/.test(arg) || arg === '--eval' || arg === '--print');
  const isModule = args.includes('-m');
  if (at >= 0) return { given: args[at + 1] ?? '', isModule, file: undefined, rest: args.slice(at + 2) };
  const rest = operands(args, /^-[mXW]$/);
  return { given: null, isModule, file: rest[0], rest };
}
