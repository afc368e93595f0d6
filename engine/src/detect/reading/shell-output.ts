import type { Command, Redirection, SyntaxNode } from 'unbash';

import { baseName } from '../timeline.ts';
import { foundBy } from './find-command.ts';
import { operands } from './programs.ts';
import { expandWord, type Scope, STAR, UNKNOWN } from './shell-words.ts';

/** What `find` may come to. */
interface Watched {
  readonly paths: readonly { readonly path: string }[];
}

/** What a piece of shell prints, as far as its words tell it: names for `rm $(…)`, text for `… | sh`. Nothing is run. */
export interface OutputReader {
  readonly namesOf: (node: SyntaxNode, scope: Scope) => readonly string[];
  readonly textOf: (node: SyntaxNode, scope: Scope) => string | null;
}

const PASS_ON = new Set([
  'sort',
  'uniq',
  'head',
  'tail',
  'tr',
  'cut',
  'awk',
  'sed',
  'tee',
  'xargs',
  'cat',
  'rev',
  'tac',
]);
const NAMERS = new Set([
  'which',
  'type',
  'readlink',
  'realpath',
  'dirname',
  'basename',
  'locate',
  'echo',
  'printf',
  'command',
]);

export function createOutputReader(watched: Watched): OutputReader {
  const namesOf = (node: SyntaxNode, scope: Scope): readonly string[] => {
    const commands = pipelineOf(node);
    let names: readonly string[] = [UNKNOWN];
    for (const [index, command] of commands.entries()) {
      if (command.type !== 'Command') return [UNKNOWN];
      const [program = '', ...args] = argumentsOf(command, scope);
      names =
        index === 0 ? namesPrinted(baseName(program), args, watched) : filterNames(baseName(program), args, names);
    }
    return names;
  };
  const textOf = (node: SyntaxNode, scope: Scope): string | null => {
    let text: string | null = null;
    for (const [index, command] of pipelineOf(node).entries()) {
      if (command.type !== 'Command') return null;
      const [program = '', ...args] = argumentsOf(command, scope);
      if (index === 0) text = textPrinted(baseName(program), args, command, scope);
      else text = filterText(baseName(program), args, text);
    }
    return text;
  };
  return { namesOf, textOf };
}

export function argumentsOf(command: Command, scope: Scope): string[] {
  return [command.name, ...command.args].flatMap((word) => {
    if (word === undefined) return [];
    return word.type === 'Word' ? expandWord(word, scope) : [word.text];
  });
}

/** The commands of the last pipeline. */
function pipelineOf(node: SyntaxNode): readonly SyntaxNode[] {
  const inside =
    node.type === 'Script' || node.type === 'CompoundList'
      ? node.commands.at(-1)?.command
      : node.type === 'AndOr'
        ? node.commands.at(-1)
        : node.type === 'Statement'
          ? node.command
          : undefined;
  if (inside !== undefined) return pipelineOf(inside);
  return node.type === 'Pipeline' ? node.commands : [node];
}

function namesPrinted(program: string, args: readonly string[], watched: Watched): readonly string[] {
  if (program === 'ls' || program === 'dir') {
    const given = operands(args, /^(-[IwT])$/);
    return given.length === 0 ? [STAR] : given.flatMap((one) => [one, `${one.replace(/\/$/, '')}/${STAR}`]);
  }
  if (program === 'find' || program === 'fd') return foundBy(args, watched.paths);
  if (program === 'pwd') return [UNKNOWN];
  if (program === 'git' && args[0] === 'ls-files') return [STAR];
  if (program === 'grep' || program === 'rg')
    return args.some((arg) => /^-\w*[lrR]/.test(arg)) ? foundInFiles(args) : [UNKNOWN];
  if (!NAMERS.has(program)) return [UNKNOWN];
  return operands(args)
    .flatMap((one) => one.split(/\s+|\\n/))
    .filter((one) => one !== '' && !one.startsWith('%'));
}

/** `grep -l word *.py`: the files that it was given, whatever is in them. */
function foundInFiles(args: readonly string[]): string[] {
  const files = operands(args).slice(1);
  return files.every((file) => /^\.?\/?$/.test(file)) ? [STAR] : files;
}

function filterNames(program: string, args: readonly string[], names: readonly string[]): readonly string[] {
  if (PASS_ON.has(program)) return names;
  if (!/^([ef]?grep|rg)$/.test(program)) return [UNKNOWN];
  if (args.some((arg) => /^-\w*v/.test(arg))) return names;
  const wanted = (operands(args)[0] ?? '')
    .split('|')
    .map((one) => one.replaceAll(/[\\^$()]/g, '').replaceAll(/\.\*/g, STAR));
  return names.flatMap((name) =>
    wanted.flatMap((piece) => {
      if (name.includes(STAR)) return [name.replace(STAR, `${STAR}${piece}${STAR}`)];
      return name.includes(piece) ? [name] : [];
    }),
  );
}

function textPrinted(program: string, args: readonly string[], command: Command, scope: Scope): string | null {
  if (program === 'echo')
    return args
      .filter((arg) => !/^-[neE]+$/.test(arg))
      .join(' ')
      .replaceAll(String.raw`\n`, '\n');
  if (program === 'printf') {
    const [format = '', ...values] = args;
    return (format.includes('%') ? values.join('\n') : format).replaceAll(String.raw`\n`, '\n');
  }
  return program === 'cat' || program === 'tee' ? inputOf(command.redirects, scope) : null;
}

function filterText(program: string, args: readonly string[], text: string | null): string | null {
  if (program === 'cat' || program === 'tee') return text;
  if (program === 'base64' && args.some((arg) => /^(-d|-D|--decode)$/.test(arg)) && text !== null)
    return decodeBase64(text);
  if (program === 'rev' && text !== null) return Array.from(text.trimEnd()).toReversed().join('');
  return null;
}

export function decodeBase64(text: string): string {
  return Buffer.from(text.replaceAll(/\s+/g, ''), 'base64').toString('utf8');
}

/** What a command is given at its input by a here-document or a here-string. */
export function inputOf(redirects: readonly Redirection[], scope: Scope): string | null {
  for (const redirect of redirects) {
    if (redirect.type === 'HereDoc') return redirect.body.text;
    if (redirect.type === 'HereString' && redirect.target !== undefined)
      return expandWord(redirect.target, scope)
        .join(' ')
        .replaceAll(String.raw`\n`, '\n');
  }
  return null;
}
