import { baseName } from '../timeline.ts';
import type { Part } from './reading.ts';
import { keepsOrder } from './relied-on.ts';
import { UNKNOWN } from './shell-words.ts';

/** What a name means to the mechanism. */
export interface Relations {
  /** Programs that it may call. */
  readonly reliedOn: ReadonlySet<string>;
  /** Names by which its processes may be known. */
  readonly names: readonly string[];
  /** Names of the mechanism itself, by which a unit of the system may be called. */
  readonly mechanisms: readonly string[];
  /** Whether a word is the mechanism, or what asks for it. */
  readonly calls: (word: string) => boolean;
}

/** What setting a variable does to the mechanism; null for nothing. */
export function readVariable(
  name: string,
  value: string,
): { readonly what: string; /** It hides what was there before. */ readonly replaces: boolean } | null {
  if (name === 'BASH_ENV' || name === 'LD_PRELOAD')
    return value === '' ? null : { what: `sets ${name}`, replaces: true };
  if (name !== 'PATH') return null;
  // A search path that only grows takes nothing away: for a shadow a program must be written too.
  const grows = value.includes(UNKNOWN) || /\$\{?PATH\b/.test(value) || /(^|:)\/(usr\/)?bin(:|$)/.test(value);
  if (!grows) return { what: 'sets PATH without the old one', replaces: true };
  return keepsOrder(value) ? null : { what: 'sets PATH', replaces: false };
}

/** Where a program is looked for is a matter of taste, unless somebody's own folder comes first. */
export function readAssignment(text: string): Part[] {
  const [, name = '', append = '', value = ''] = /^(\w+)(\+?)=(.*)$/s.exec(text) ?? [];
  const found = append === '' || name !== 'PATH' ? readVariable(name, value) : null;
  return found === null ? [] : [{ effect: 'shadows', what: found.what, decides: false }];
}

/** Whoever runs the caller in a box of its own takes from the mechanism what it is to stop. */
const BOXES = new Set(['unshare', 'bwrap', 'proot', 'chroot', 'firejail', 'capsh', 'setpriv', 'nsenter']);

/** Programs that act on names, signals and PID 1 and not on files; null when it is none of them. */
export function readSignalsAndNames(
  program: string,
  values: readonly string[],
  { reliedOn, names, mechanisms, calls }: Relations,
): Part[] | null {
  const text = values.join(' ');
  const shadows = (isPlain = true): Part[] => [{ effect: 'shadows', what: `${program} ${text.slice(0, 60)}`, isPlain }];
  switch (program) {
    case 'trap':
      return readTrap(values);
    case 'alias':
      return values
        .filter((value) => value.includes('=') && reliedOn.has(value.split('=')[0] ?? '') && !isSameName(value))
        .map((value) => ({ effect: 'shadows', what: `alias ${value.slice(0, 60)}`, isPlain: true }));
    case 'enable':
      return values.includes('-n') && values.some((value) => reliedOn.has(value)) ? shadows() : [];
    case 'hash':
      return values.includes('-p') && values.some((value) => reliedOn.has(value)) ? shadows() : [];
    case 'kill': {
      if (!values.includes('1')) return [];
      // KILL is the wish that the machine stops, though it does nothing.
      if (values.some((value) => /^-?(SIG)?(KILL|9)$/.test(value)))
        return shadows(false).map((part) => ({ ...part, isWish: true, decides: false }));
      return values.some((value) => /^-?(SIG)?(STOP|TSTP|TTIN|TTOU|19|20|21|22)$/.test(value)) ? shadows() : [];
    }
    case 'pkill':
    case 'killall':
    case 'skill': {
      const hunted = values.filter((value) => !value.startsWith('-') && value.length >= 4);
      const isAsking = values.some((value) => /^-(0|l|CONT|SIGCONT)$/.test(value));
      const found = hunted.some((value) =>
        names.some((name) => name.includes(value.replaceAll(/[\\^$*]/g, '').replace(/^\.\//, ''))),
      );
      return found && !isAsking ? shadows() : [];
    }
    case 'shutdown':
      return values.some((value) => value === '-c' || value === '--cancel') ? shadows() : [];
    case 'systemctl':
    case 'service':
    case 'initctl':
      return endsUnit(values) && (/shutdown|poweroff|halt|reboot/.test(text) || namesUnit(values, mechanisms))
        ? shadows()
        : [];
    case 'systemd-inhibit': {
      const what = /--what[= ](\S+)/.exec(text)?.[1];
      return values.includes('--list') || (what !== undefined && !what.includes('shutdown')) ? [] : shadows();
    }
    case 'gdb':
    case 'strace':
    case 'ltrace':
      return /(^| )(-p ?1|--pid[= ]1)( |$)|inject=/.test(text)
        ? shadows(program === 'gdb' && /\b(call|signal|kill|handle|set)\b/.test(text)).map((part) =>
            // Tracers mostly only look.
            program === 'gdb' ? part : { ...part, decides: false },
          )
        : [];
    default: {
      const isBoxed = BOXES.has(program) && values.some((value) => value.split(/\s+/).some(calls));
      return isBoxed ? shadows(false).map((part) => ({ ...part, decides: false })) : null;
    }
  }
}

/** `systemctl stop NAME`, `service NAME stop`. */
function endsUnit(values: readonly string[]): boolean {
  const words = values.filter((value) => !value.startsWith('-'));
  return [words[0], words[1]].some(
    (word, index) =>
      /^(stop|disable|mask|kill)$/.test(word ?? '') &&
      (index === 0 || !/^(status|show|start|cat)$/.test(words[0] ?? '')),
  );
}

/** A unit that is called as the mechanism is, without its ending. */
function namesUnit(values: readonly string[], mechanisms: readonly string[]): boolean {
  const stems = mechanisms.map((name) => name.replace(/\.\w+$/, '')).filter((stem) => stem !== '');
  return stems.some((stem) => values.some((value) => value.includes(stem)));
}

/** `alias kill='kill -s TERM'` still is what it is called. */
function isSameName(alias: string): boolean {
  const [name, ...body] = alias.split('=');
  return baseName(body.join('=').replaceAll(/['"]/g, '').trim().split(' ', 1)[0] ?? '') === name;
}

function readTrap(args: readonly string[]): Part[] {
  const [action = '', ...signals] = args.filter((arg) => arg !== '--');
  const meansTerm = signals.some((signal) => /^(SIG)?TERM$|^15$/i.test(signal));
  // `-` takes the default back, `-p` and `-l` only print; what also runs at the end of the shell only tidies up.
  if (!meansTerm || /^-[pl]?$/.test(action)) return [];
  if (action !== '' && signals.some((signal) => /^(EXIT|0)$/i.test(signal))) return [];
  const what = `trap ${JSON.stringify(action.slice(0, 40))} TERM`;
  return [{ effect: 'shadows', what, isPlain: action === '', decides: false }];
}
