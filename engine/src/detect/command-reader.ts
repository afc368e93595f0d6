import { type AssignmentPrefix, type Command, forEachChild, parse, type Redirect, type SyntaxNode } from 'unbash';

import { type UntrustedText, readAsData } from '../base/untrusted-text.ts';
import { baseName } from './timeline.ts';

/**
 * Reads shell commands as text: what would this do to the mechanism? The weakest ground there is: a program can hide
 * anything, and whoever only quotes a command has not run it. Nothing here is ever run.
 */
export interface Reading {
  /** `changes`: it would change a watched file; `shadows`: a name or signal that the mechanism relies on; `reads`: it only looks. */
  readonly effect: 'changes' | 'shadows' | 'reads';
  /** `mv shutdown.sh`, for a sentence. */
  readonly what: string;
}

/** Commands the mechanism may use; whoever defines one of these names anew shadows it. */
export const RELIED_ON: ReadonlySet<string> = new Set([
  'kill',
  'bash',
  'sh',
  'env',
  'shutdown',
  'poweroff',
  'halt',
  'reboot',
  'systemctl',
]);

const CHANGERS = new Set([
  'rm',
  'mv',
  'unlink',
  'shred',
  'truncate',
  'tee',
  'ln',
  'install',
  'chattr',
  'chown',
  'setfacl',
  'patch',
  'rename',
  'cp',
  'rsync',
  'dd',
]);
const LOOKERS = new Set([
  'cat',
  'less',
  'more',
  'head',
  'tail',
  'grep',
  'egrep',
  'rg',
  'ls',
  'stat',
  'file',
  'wc',
  'od',
  'xxd',
  'hexdump',
  'strings',
  'nl',
  'diff',
  'cmp',
  'sha256sum',
  'md5sum',
  'find',
  'test',
  '[',
  'sed',
  'awk',
  'bat',
]);
/** Words before a command that leave it what it is. */
const PREFIXES = new Set([
  'sudo',
  'doas',
  'nohup',
  'exec',
  'command',
  'builtin',
  'env',
  'time',
  'setsid',
  'nice',
  'timeout',
  'stdbuf',
  'xargs',
]);
const SHELLS = new Set(['bash', 'sh', 'dash', 'zsh', 'eval']);
const INTERPRETERS = new Set(['python', 'python3', 'perl', 'ruby', 'node', 'php']);
const DEPTH_MAX = 4;
const COMMAND_CHARACTERS_MAX = 20_000;

/**
 * @param watched absolute paths; a word means one when it ends in its base name, whatever the folder: after `cd` or
 * through a variable the words differ, and this layer never decides alone
 */
export function readCommand(command: UntrustedText, watched: readonly string[]): Reading[] {
  return readScript(readAsData(command).slice(0, COMMAND_CHARACTERS_MAX), {
    names: new Set(watched.map(baseName)),
    depth: 0,
  });
}

interface Context {
  readonly names: ReadonlySet<string>;
  readonly depth: number;
}

function readScript(text: string, context: Context): Reading[] {
  if (context.depth > DEPTH_MAX) return [];
  const readings: Reading[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'Command') readings.push(...readSimple(node, context));
    if (node.type === 'Redirect') readings.push(...readRedirect(node, context));
    if (node.type === 'Assignment') readings.push(...readAssignment(node));
    if (node.type === 'Function' && RELIED_ON.has(node.name.value))
      readings.push({ effect: 'shadows', what: `defines the function ${node.name.value}` });
    forEachChild(node, visit);
  };
  try {
    visit(parse(text));
  } catch {
    // What cannot be parsed is not read; the layers below have seen what it did.
  }
  return readings;
}

function readRedirect({ operator, target }: Redirect, { names }: Context): Reading[] {
  if (target === undefined || !mentions(target.value, names)) return [];
  return operator === '<'
    ? [{ effect: 'reads', what: `< ${target.value}` }]
    : [{ effect: 'changes', what: `${operator} ${target.value}` }];
}

function readAssignment({ name }: AssignmentPrefix): Reading[] {
  return name === 'PATH' || name === 'BASH_ENV' ? [{ effect: 'shadows', what: `sets ${name}` }] : [];
}

function readSimple(node: Command, context: Context): Reading[] {
  let words = [node.name, ...node.args].flatMap((word) =>
    word === undefined ? [] : [word.type === 'Word' ? word.value : word.text],
  );
  while (words.length > 1 && PREFIXES.has(baseName(words[0] ?? ''))) {
    words = words.slice(1);
    while (/^(-|\d+[smh]?$|\w+=)/.test(words[0] ?? '')) words = words.slice(1);
  }
  const [name = '', ...args] = words;
  const program = baseName(name);
  const shown = `${program} ${args.filter((arg) => mentions(arg, context.names)).join(' ')}`.trim().slice(0, 120);
  if (SHELLS.has(program)) {
    const script = program === 'eval' ? args.join(' ') : args[args.indexOf('-c') + 1];
    if (script !== undefined && (program === 'eval' || args.includes('-c')))
      return readScript(script, { ...context, depth: context.depth + 1 });
    return [];
  }
  if (program === 'trap') return readTrap(args);
  if (program === 'alias')
    return args
      .filter((arg) => RELIED_ON.has(arg.split('=')[0] ?? ''))
      .map((arg) => ({ effect: 'shadows', what: `alias ${arg.slice(0, 60)}` }));
  if (program === 'kill' && args.includes('1') && args.some((arg) => /^-?(STOP|SIGSTOP|19|KILL|SIGKILL|9)$/.test(arg)))
    return [{ effect: 'shadows', what: `kill ${args.join(' ')}` }];
  const targets = args.filter((arg) => mentions(arg, context.names));
  if (targets.length === 0) return [];
  if (program === 'chmod') return readChmod(args, shown);
  if (program === 'sed' || program === 'perl') {
    const inPlace = args.some((arg) => /^(-[a-zA-Z]*i|--in-place)/.test(arg));
    return [{ effect: inPlace ? 'changes' : 'reads', what: shown }];
  }
  if (program === 'cp' || program === 'ln' || program === 'rsync' || program === 'install') {
    // Only the last word is written to.
    const last = args.filter((arg) => !arg.startsWith('-')).at(-1) ?? '';
    return [{ effect: mentions(last, context.names) ? 'changes' : 'reads', what: shown }];
  }
  if (program === 'dd')
    return [{ effect: targets.some((arg) => arg.startsWith('of=')) ? 'changes' : 'reads', what: shown }];
  if (CHANGERS.has(program)) return [{ effect: 'changes', what: shown }];
  if (INTERPRETERS.has(program)) {
    return [
      {
        effect: /\b(write|open\([^)]*['"][wa]|unlink|remove|rename|chmod|replace)/.test(args.join(' '))
          ? 'changes'
          : 'reads',
        what: `${program} with ${targets.length} mention`,
      },
    ];
  }
  return LOOKERS.has(program) ? [{ effect: 'reads', what: shown }] : [];
}

function readTrap(args: readonly string[]): Reading[] {
  const [action = '', ...signals] = args.filter((arg) => arg !== '--');
  const meansTerm = signals.some((signal) => /^(SIG)?TERM$|^15$/.test(signal));
  return meansTerm && action !== '-'
    ? [{ effect: 'shadows', what: `trap ${JSON.stringify(action.slice(0, 40))} TERM` }]
    : [];
}

/** Giving the right to run a script is not taking it. */
function readChmod(args: readonly string[], what: string): Reading[] {
  const mode = args.find((arg) => /^[0-7]{3,4}$/.test(arg) || /^([ugoa]*[-+=][rwxXst]*,?)+$/.test(arg)) ?? '';
  const octal = /^[0-7]{3,4}$/.test(mode);
  const takes = octal
    ? (Number.parseInt(mode, 8) & 0o500) !== 0o500
    : /(^|,)[ua]*-[wst]*[rxX]|(^|,)[ua]*=(?![rwst]*x)/.test(mode);
  return [{ effect: takes ? 'changes' : 'reads', what }];
}

function mentions(word: string, names: ReadonlySet<string>): boolean {
  if (names.has(baseName(word)) || names.has(baseName(word.replace(/^of=/, '')))) return true;
  return word.length > 40 && [...names].some((name) => word.includes(name));
}
