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
/** Words before a command that leave it what it is, each with those of its options that take a word of their own. */
const PREFIXES: ReadonlyMap<string, RegExp> = new Map([
  ['sudo', /^-[ughpCDRTUrt]$|^--(user|group|host|prompt|chdir|chroot)$/],
  ['doas', /^-[uC]$/],
  ['nohup', /^$/],
  ['exec', /^-a$/],
  ['command', /^$/],
  ['builtin', /^$/],
  ['env', /^-[uCS]$|^--(unset|chdir)$/],
  ['time', /^-[fo]$/],
  ['setsid', /^$/],
  ['nice', /^-n$|^--adjustment$/],
  ['timeout', /^-[sk]$|^--(signal|kill-after)$/],
  ['stdbuf', /^-[ioe]$/],
  ['xargs', /^-[adEILnPs]$/],
  ['busybox', /^$/],
]);
export const SHELLS = new Set(['bash', 'sh', 'dash', 'zsh', 'eval']);
export const INTERPRETERS = new Set(['python', 'python3', 'perl', 'ruby', 'node', 'php']);
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
  const { words, readings } = withoutPrefixes(
    [node.name, ...node.args].flatMap((word) =>
      word === undefined ? [] : [word.type === 'Word' ? word.value : word.text],
    ),
  );
  return [...readings, ...readProgram(words, node, context)];
}

/** `sudo -u root env PATH=x rm`: the command that is meant, and what was said on the way to it. */
export function withoutPrefixes(given: readonly string[]): {
  readonly words: readonly string[];
  readonly readings: Reading[];
} {
  const readings: Reading[] = [];
  let at = 0;
  for (;;) {
    const valued = PREFIXES.get(baseName(given[at] ?? ''));
    if (valued === undefined || at === given.length - 1) return { words: given.slice(at), readings };
    at++;
    for (let word = given[at]; word !== undefined; word = given[++at]) {
      if (valued.test(word)) at++;
      else if (/^(PATH|BASH_ENV)=/.test(word))
        readings.push({ effect: 'shadows', what: `sets ${word.split('=')[0] ?? ''}` });
      else if (!/^(-|\d+(\.\d+)?[smhd]?$|\w+=)/.test(word)) break;
    }
  }
}

function readProgram(words: readonly string[], node: Command, context: Context): Reading[] {
  const [name = '', ...args] = words;
  const program = baseName(name);
  const shown = `${program} ${args.filter((arg) => mentions(arg, context.names)).join(' ')}`.trim().slice(0, 120);
  if (SHELLS.has(program)) {
    const option = args.findIndex((arg) => /^-[a-zA-Z]*c$/.test(arg));
    const script =
      program === 'eval'
        ? args.join(' ')
        : option >= 0
          ? args[option + 1]
          : node.redirects.find((redirect) => redirect.type === 'HereDoc')?.body.text;
    return script === undefined ? [] : readScript(script, { ...context, depth: context.depth + 1 });
  }
  if (program === 'trap') return readTrap(args);
  if (program === 'alias')
    return args
      .filter((arg) => RELIED_ON.has(arg.split('=')[0] ?? ''))
      .map((arg) => ({ effect: 'shadows', what: `alias ${arg.slice(0, 60)}` }));
  if (program === 'kill' && args.includes('1') && args.some((arg) => /^-?(STOP|SIGSTOP|19|KILL|SIGKILL|9)$/.test(arg)))
    return [{ effect: 'shadows', what: `kill ${args.join(' ')}` }];
  if (INTERPRETERS.has(program)) return readInterpreter(program, args, context);
  const targets = args.filter((arg) => mentions(arg, context.names));
  if (targets.length === 0) return [];
  if (program === 'chmod') return readChmod(args, shown);
  if (program === 'sed') return [{ effect: args.some(isInPlace) ? 'changes' : 'reads', what: shown }];
  if (program === 'cp' || program === 'ln' || program === 'rsync' || program === 'install') {
    // Only the last word is written to, or the folder that is named by an option.
    const folder = args.some((arg) => /^(-[a-zA-Z]*t|--target-directory(=.*)?)$/.test(arg)) && program !== 'rsync';
    const last = args.filter((arg) => !arg.startsWith('-')).at(-1) ?? '';
    return [{ effect: !folder && mentions(last, context.names) ? 'changes' : 'reads', what: shown }];
  }
  if (program === 'find') {
    const acts = args.some((arg) => arg === '-delete' || CHANGERS.has(baseName(arg)) || arg === 'chmod');
    return [{ effect: acts ? 'changes' : 'reads', what: shown }];
  }
  if (program === 'dd')
    return [{ effect: targets.some((arg) => arg.startsWith('of=')) ? 'changes' : 'reads', what: shown }];
  if (CHANGERS.has(program)) return [{ effect: 'changes', what: shown }];
  return LOOKERS.has(program) ? [{ effect: 'reads', what: shown }] : [];
}

/** Code is text in one word: it names a file anywhere in it, and what it does is guessed from its verbs. */
function readInterpreter(program: string, args: readonly string[], { names }: Context): Reading[] {
  const named = args.filter((arg) => [...names].some((name) => arg.includes(name)));
  if (named.length === 0) return [];
  const writes =
    (program === 'perl' && args.some(isInPlace)) ||
    /\b(write|open\([^)]{0,200}['"][wa>]|unlink|remove|rename|chmod|replace)/.test(args.join(' '));
  return [{ effect: writes ? 'changes' : 'reads', what: `${program} with ${named.length} mention` }];
}

const isInPlace = (arg: string): boolean => /^(-(?![mM])[a-zA-Z]*i|--in-place)/.test(arg);

function readTrap(args: readonly string[]): Reading[] {
  const [action = '', ...signals] = args.filter((arg) => arg !== '--');
  const meansTerm = signals.some((signal) => /^(SIG)?TERM$|^15$/i.test(signal));
  // `-` takes the default back, `-p` and `-l` only print.
  return meansTerm && !/^-[pl]?$/.test(action)
    ? [{ effect: 'shadows', what: `trap ${JSON.stringify(action.slice(0, 40))} TERM` }]
    : [];
}

/** Giving the right to run a script is not taking it. */
function readChmod(args: readonly string[], what: string): Reading[] {
  const mode = args.find((arg) => /^[0-7]{3,4}$/.test(arg) || /^([ugoa]*[-+=][rwxXst]*,?)+$/.test(arg)) ?? '';
  const octal = /^[0-7]{3,4}$/.test(mode);
  const takes = octal
    ? (Number.parseInt(mode, 8) & 0o500) !== 0o500
    : /(^|,)([go]*[ua][ugoa]*)?(-[wst]*[rxX]|=(?![rwst]*x))/.test(mode);
  return [{ effect: takes ? 'changes' : 'reads', what }];
}

function mentions(word: string, names: ReadonlySet<string>): boolean {
  if (names.has(baseName(word)) || names.has(baseName(word.replace(/^of=/, '')))) return true;
  return word.length > 40 && [...names].some((name) => word.includes(name));
}
