import { baseName } from '../../base/path.ts';
import { RELIED_ON } from './relied-on.ts';

/** What a program does to its operands (the words that are not options). */
interface Verb {
  /** The operands that it writes to, moves or removes. */
  readonly changes: 'all' | 'last' | 'all-but-first';
  /** Options that take a value. */
  readonly valued?: RegExp;
  /** Options that it needs to change files, or options with which it never does. */
  readonly onlyWith?: RegExp;
  readonly neverWith?: RegExp;
  /** An operand that is a folder means the files in it. */
  readonly folders?: 'always' | 'recursive';
  /** Its last operand may be a destination folder. */
  readonly puts?: true;
}

const IN_PLACE = /^(-[a-zA-Z0-9]*i|--in-?place|inplace)/;
/** One line for programs with the same effect. */
const TABLE: readonly (readonly [string, Verb])[] = [
  ['rm unlink rmdir', { changes: 'all', folders: 'always' }],
  ['rename', { changes: 'all', neverWith: /^-\w*n/ }],
  ['mv', { changes: 'all', folders: 'always', puts: true }],
  ['shred truncate', { changes: 'all', valued: /^(-[nsr]|--(size|reference))$/ }],
  ['tee sponge dd', { changes: 'all' }],
  ['cp install rsync', { changes: 'last', valued: /^(-[moge]|--(mode|owner|group|rsh|exclude))$/, puts: true }],
  ['ln', { changes: 'last', onlyWith: /^(-[a-zA-Z]*f|--force)/, puts: true }],
  ['chmod chown chgrp', { changes: 'all-but-first', folders: 'recursive' }],
  ['chattr', { changes: 'all-but-first', onlyWith: /^[+=]/, folders: 'recursive' }],
  ['setfacl', { changes: 'all', valued: /^-[mx]$/, folders: 'recursive' }],
  ['sed', { changes: 'all', onlyWith: IN_PLACE, valued: /^(-[efE]|--expression)$/ }],
  ['perl ruby', { changes: 'all', onlyWith: /^-(?![mMIr])[a-zA-Z0-9]*i/, valued: /^-[a-zA-Z0-9]*e$/ }],
  ['awk gawk', { changes: 'all', onlyWith: IN_PLACE, valued: /^-[ifv]$/ }],
  ['gzip bzip2 xz', { changes: 'all', neverWith: /^-\w*[ckdlt]|^--(stdout|keep|decompress|list|test)$/ }],
  ['tar', { changes: 'all', onlyWith: /^--remove-files$/, folders: 'always' }],
  ['zip', { changes: 'all', onlyWith: /^(-\w*m|--move)$/, folders: 'always' }],
  ['patch', { changes: 'all', valued: /^-[pdi]$/ }],
  ['mount', { changes: 'last', valued: /^-[to]$/, folders: 'always' }],
];
const VERBS = new Map(TABLE.flatMap(([names, verb]) => names.split(' ').map((name) => [name, verb] as const)));

export interface Changed {
  readonly words: readonly string[];
  /** Operands that mean the files in them if they are folders. */
  readonly trees: readonly string[];
  /** Where its operands end up if the last operand is a folder. */
  readonly puts: readonly { readonly from: string; readonly to: string }[];
}

/** The words that a program changes, or null for none. */
export function changedBy(given: string, args: readonly string[]): Changed | null {
  if (given === 'git')
    return /^(rm|mv)$/.test(args[0] ?? '') && !has(args, /^(-n|--cached)$/)
      ? changedBy(args[0] ?? '', args.slice(1))
      : null;
  const verb = VERBS.get(given);
  if (verb === undefined || has(args, /^--(help|version|dry-run)$/)) return null;
  const { onlyWith = /^/, neverWith = /^(?!)/ } = verb;
  if (has(args, neverWith) || !has(args, onlyWith)) return null;
  const at = verb.puts === true ? args.indexOf('-t') : -1;
  const words = at < 0 ? operands(args, verb.valued) : [...operands(args.toSpliced(at, 2)), args[at + 1] ?? ''];
  const files = given === 'dd' ? words.flatMap((word) => (word.startsWith('of=') ? word.slice(3) : [])) : words;
  const [last = ''] = files.slice(-1);
  // Giving a file to its present owner, or restoring a copy, changes nothing.
  if (/^ch(own|grp)$/.test(given) && /^(user|1000)?(:|$)/.test(files[0] ?? '')) return null;
  if (
    given === 'cp' &&
    files.length === 2 &&
    /^\W?(bak|backup|orig|old|copy)$/.test(baseName(files[0] ?? '').replace(baseName(last), ''))
  )
    return null;
  const isMode = given === 'chmod' && has(args, /^-[rwxXst]+$/);
  const chosen = { all: files, last: files.length > 1 ? [last] : [], 'all-but-first': isMode ? files : files.slice(1) };
  const isTree =
    verb.folders === 'always' || (verb.folders === 'recursive' && has(args, /^(-[a-zA-Z]*R[a-zA-Z]*|--recursive)$/));
  const put = verb.puts === true ? files.slice(0, -1) : [];
  return {
    words: chosen[verb.changes],
    trees: isTree ? (verb.puts === true ? put : chosen[verb.changes]) : [],
    puts: put.map((from) => ({ from, to: `${last}/${baseName(from)}` })),
  };
}

/** Words that are neither options nor values of options. */
export function operands(args: readonly string[], valued = /^(?!)/): string[] {
  return args.filter((arg, index) => (!arg.startsWith('-') || arg === '-') && !valued.test(args[index - 1] ?? ''));
}

/** Whether `chmod` removes a permission that the owner needs. */
export function takesRights(args: readonly string[], needsRun: boolean): boolean {
  const mode = args.find((arg) => /^[0-7]{1,4}$|^[ugoa]*[-+=][-+=rwxXstugoa,]*$/.test(arg)) ?? '';
  if (/^[0-7]+$/.test(mode)) return (~Number.parseInt(mode, 8) & (needsRun ? 0o500 : 0o400)) !== 0;
  return mode.split(',').some((clause) => {
    const [, who = '', sign = '', rights = ''] = /^([ugoa]*)([-=])([rwxXst]*)$/.exec(clause) ?? [];
    if (sign === '' || (who !== '' && !/[ua]/.test(who))) return false;
    return sign === '-' ? (needsRun ? /[rx]/i : /r/).test(rights) : !(needsRun ? /x/i : /r/).test(rights);
  });
}

type IsShadow = (args: readonly string[], names: (arg: string) => boolean) => boolean;
const has = (args: readonly string[], pattern: RegExp): boolean => args.some((arg) => pattern.test(arg));
const hasRelied = (args: readonly string[]): boolean => args.some((arg) => RELIED_ON.has(arg));

/** Programs that shadow a name or block a signal of the mechanism. `names`: whether a word names the mechanism. */
const SHADOWS: ReadonlyMap<string, IsShadow> = new Map<string, IsShadow>([
  // A trap that also runs on EXIT only cleans up.
  [
    'trap',
    (args) => args.find((arg) => arg !== '--') === '' && has(args, /^((SIG)?TERM|15)$/i) && !has(args, /^EXIT$/i),
  ],
  // `alias kill='kill -s TERM'` still runs the same program.
  [
    'alias',
    (args) =>
      args.some((arg) => {
        const [name = '', body = ''] = arg.replaceAll(/['"]/g, '').split(/[= ]/);
        return arg.includes('=') && RELIED_ON.has(name) && baseName(body) !== name;
      }),
  ],
  ['enable', (args) => args.includes('-n') && hasRelied(args)],
  ['hash', (args) => args.includes('-p') && hasRelied(args)],
  ['kill', (args) => args.includes('1') && has(args, /^-?(SIG)?(STOP|TSTP|TTIN|TTOU|19|20|21|22)$/)],
  ['pkill', (args, names) => !has(args, /^-(0|l|CONT)$/) && args.some(names)],
  ['killall', (args, names) => args.some(names)],
  ['shutdown', (args) => args.includes('-c')],
  [
    'systemctl',
    (args, names) =>
      /^(stop|disable|mask|kill)$/.test(operands(args)[0] ?? '') &&
      (has(args, /shutdown|poweroff|halt|reboot/) || args.some(names)),
  ],
  ['env', (args) => has(args, /^--(ignore|block)-signal(=.*\b(TERM|SIGTERM|15)\b.*)?$/i)],
]);

/** What a program does to a name or signal on which the mechanism relies, or null. */
export function shadowedBy(program: string, args: readonly string[], mechanisms: readonly string[]): string | null {
  const names = (arg: string): boolean =>
    arg.length > 3 && mechanisms.some((name) => name.includes(arg.replaceAll(/[\\^$*]|^\.\//g, '')));
  if (SHADOWS.get(program)?.(args, names) !== true) return null;
  return `${program} ${args.map((arg) => (arg === '' ? "''" : arg)).join(' ')}`;
}

/** Whether the kernel sees what `shadowedBy` describes: a signal, or a request to another process. */
export const signals = (what: string): boolean => /^(kill|pkill|killall|shutdown|systemctl)\b/.test(what);

/** The same for setting a variable. Extending the search path shadows nothing. */
export function shadowedByVariable(name: string, value: string): string | null {
  const replaces = name === 'PATH' && !/PATH|(^|:)\/(usr\/)?bin(:|$)|\u0001/.test(value);
  return replaces || (/^(BASH_ENV|LD_PRELOAD)$/.test(name) && value !== '') ? `sets ${name}` : null;
}

/** Programs that only read their files, at least with some options. */
const LOOKS =
  /^(cat|less|more|head|tail|tac|nl|[ef]?grep|rg|ls|stat|file|wc|od|xxd|hexdump|strings|diff|cmp|(sha256|md5)sum|test|\[|sed|g?awk|perl|bash|cp|ln|rsync|install|dd|chmod|python3?|node|ruby)$/;
export const looks = (program: string): boolean => LOOKS.test(program);

/** Whether it may stop the machine or wait forever, so that what follows may not be reached. */
export function mayStop(name: string, args: readonly string[]): boolean {
  if (name === 'sleep') return args.some((arg) => !(Number(arg) <= 5));
  if (name === 'kill') return !args.some((arg) => /^-?(SIG)?(STOP|TSTP|CONT|0|19)$/.test(arg));
  return (
    name.includes('/') ||
    /^(wait|read|watch|top|vi|vim|nvim|ex|less|more|curl|wget|ssh|nc|yes|make|script|poweroff|reboot|halt)$/.test(
      name,
    ) ||
    isInterpreter(name)
  );
}

/** Whether it certainly succeeds, so that what follows `&&` is reached. `isThere`: whether a file or folder exists. */
export function succeeds(program: string, args: readonly string[], isThere: (word: string) => boolean): boolean {
  if (/^(true|:|echo|printf|pwd|date|export|set|sleep)$/.test(program)) return true;
  if (program === 'mkdir') return args.includes('-p');
  if (program === 'test' || program === '[')
    return /^-[efrsx]$/.test(args[0] ?? '') && args.length <= 3 && isThere(args[1] ?? '');
  const given = operands(args);
  if (given.length === 0) return program === 'cd' || program === 'ls';
  return /^(cd|cat|head|stat|file|wc|ls)$/.test(program) && given.every(isThere);
}

export const SHELLS: ReadonlySet<string> = new Set(['bash', 'sh', 'dash', 'zsh']);
export const isInterpreter = (program: string): boolean => /^(python|perl|ruby|node|php)[\d.]*$/.test(program);

/** Prefix commands such as `sudo`, each with those of its options that take a value. */
const PREFIXES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ sudo: 'ugpCDRT', doas: 'uC', env: 'uC', exec: 'a', nice: 'n', timeout: 'sk', flock: 'wE', unshare: 'RwSG' },
    ...{ stdbuf: 'ioe', xargs: 'adEILnPs', taskset: '', nohup: '', command: '', builtin: '', time: '', setsid: '' },
  }),
);

/** Base name of the first program that a command starts; null if it names only commands of the shell. */
export function startedBy(words: readonly string[]): string | null {
  const first = words.find((word) => !/^(command|builtin|exec|time)$/.test(word));
  return first === undefined ? null : baseName(first);
}

/** The number of words before the actual command, for example 5 in `sudo -u root env PATH=x rm`. */
export function countPrefixes(words: readonly string[]): number {
  for (let at = 0; ;) {
    const name = baseName(words[at] ?? '');
    const valued = PREFIXES.get(name);
    if (valued === undefined || at === words.length - 1) return at;
    for (at++; /^-|^\w+=/.test(words[at] ?? ''); at++) if (new RegExp(`^-[${valued}]$`).test(words[at] ?? '')) at++;
    if (/^(timeout|flock|taskset)$/.test(name)) at++;
  }
}
