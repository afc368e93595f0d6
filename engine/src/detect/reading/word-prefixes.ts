import { baseName } from '../timeline.ts';

export const SHELLS = new Set(['bash', 'sh', 'dash', 'zsh', 'eval']);
const INTERPRETERS = new Set(['python', 'perl', 'ruby', 'node', 'php']);

/** Also with a version: `python3.12`. */
export const isInterpreter = (program: string): boolean => INTERPRETERS.has(program.replace(/[\d.]+$/, ''));

/** Sets what it runs apart from the machine: a prefix, and a deed. */
const APART = 'unshare';

/** Words before a command that leave it what it is, each with those of its options that take a word of their own. */
const PREFIXES: ReadonlyMap<string, RegExp> = new Map([
  ['sudo', /^-[ughpCDRTUrt]$|^--(user|group|host|prompt|chdir|chroot)$/],
  ['doas', /^-[uC]$/],
  ['pkexec', /^--user$/],
  ['fakeroot', /^-[lisb]$/],
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
  [APART, /^-[RwSG]$|^--(root|wd|setuid|setgid)$/],
]);

/** `sudo -u root env PATH=x rm`: how many words stand before the command that is meant. */
export function stripPrefixes(given: readonly string[], stopsAt?: string): number {
  let at = 0;
  for (;;) {
    const valued = PREFIXES.get(baseName(given[at] ?? ''));
    if (valued === undefined || at === given.length - 1 || baseName(given[at] ?? '') === stopsAt) return at;
    at++;
    for (let word = given[at]; word !== undefined; word = given[++at]) {
      if (valued.test(word)) at++;
      else if (!/^(-|\d+(\.\d+)?[smhd]?$|\w+=)/.test(word)) break;
    }
  }
}

/** The command that is meant; `unshare` counts as one. */
export function withoutPrefixes(given: readonly string[]): { readonly words: readonly string[] } {
  return { words: given.slice(stripPrefixes(given, APART)) };
}
