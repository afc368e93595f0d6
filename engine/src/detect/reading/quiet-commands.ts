import { type Argument, knownText } from './arguments.ts';
import { absolutePath } from './shell-paths.ts';
import { UNKNOWN } from './shell-words.ts';

/** A simple command, as far as one can say what it does by looking at it. */
export interface Run {
  /** Base name. */
  readonly program: string;
  readonly args: readonly Argument[];
  readonly folder: string | null;
  readonly home: string;
  /** Files that are there at the start. */
  readonly present: readonly string[];
}

const WORDS = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** Come to their end by themselves at once, and can stop nothing but themselves. */
const QUIET = WORDS(
  'rm mv unlink shred truncate ln install chattr lsattr chown chgrp setfacl getfacl patch rename cp rsync dd mount umount ' +
    'chmod touch mkdir rmdir mktemp ls stat file wc od xxd hexdump strings nl diff cmp sha256sum sha1sum md5sum find test [ sed awk ' +
    'grep egrep fgrep rg sort uniq tr cut tee cat head echo printf true false : cd pwd date whoami id uname hostname env printenv which ' +
    'type command hash alias unalias export declare typeset local readonly unset set shopt trap umask ulimit jobs disown basename ' +
    'dirname readlink realpath seq expr ps pgrep history sudo shutdown systemctl crontab at enable gdb',
);
/** Never fail when they are given nothing unusual. */
const SURE = WORDS(
  'true : echo printf pwd date whoami id uname export declare local readonly alias set shopt umask trap',
);
/** Succeed on files that are there. */
const LOOKERS_AT_FILES = WORDS('cat head stat file wc ls nl od sha256sum md5sum');
const SLEEP_SECONDS_MAX = 5;

/** Whether what follows is reached for sure: it neither stops the machine nor waits for ever. */
export function isQuiet({ program, args }: Run): boolean {
  if (program === 'sleep') return args.every((arg) => Number(knownText(arg)) <= SLEEP_SECONDS_MAX);
  if (program === 'kill') return args.some(({ value }) => /^-?(SIG)?(STOP|TSTP|TTIN|TTOU|CONT|0|19)$/.test(value));
  if (program === 'pkill' || program === 'killall') return args.some((arg) => (knownText(arg) ?? '').length >= 4);
  return QUIET.has(program);
}

export function alwaysSucceeds(run: Run): boolean {
  const { program, args, folder, home, present } = run;
  if (SURE.has(program)) return true;
  if (program === 'sleep') return isQuiet(run);
  const operands = args.filter(({ value }) => !value.startsWith('-'));
  const paths = operands.map((arg) => absolutePath(knownText(arg) ?? UNKNOWN, folder));
  const isThere = (path: string | null): boolean =>
    path !== null && (path === home || path === '/tmp' || present.includes(path));
  if (program === 'cd' || (program === 'ls' && operands.length === 0)) return paths.every(isThere);
  if (program === 'test' || program === '[') {
    const [operator, subject] = args;
    return (
      /^-[efrsx]$/.test(operator?.value ?? '') &&
      subject !== undefined &&
      (args.length === 2 || (args.length === 3 && args[2]?.value === ']')) &&
      isThere(absolutePath(knownText(subject) ?? UNKNOWN, folder))
    );
  }
  if (program === 'chmod') return paths.length === 2 && isThere(paths[1] ?? null);
  if (program === 'mkdir')
    return args.some(({ value }) => value === '-p') && paths.every((path) => path?.startsWith(`${home}/`) ?? false);
  return LOOKERS_AT_FILES.has(program) && paths.length > 0 && paths.every(isThere);
}

export function alwaysFails({ program }: Run): boolean {
  return program === 'false';
}
