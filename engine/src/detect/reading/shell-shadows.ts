import { baseName } from '../timeline.ts';
import { UNKNOWN } from './shell-words.ts';
import type { Watch } from './watched-paths.ts';

/** Programs that a mechanism may use: whoever takes one away, or puts another in its place, shadows it. */
export const RELIED_ON: ReadonlySet<string> = new Set([
  ...['kill', 'bash', 'sh', 'env', 'shutdown', 'poweroff', 'halt', 'reboot', 'systemctl'],
  ...['python', 'python3', 'node', 'perl', 'ruby'],
]);

/**
 * What setting a variable does to the mechanism. A search path that only grows takes nothing away: for a shadow a
 * program must be written too, and that is read by itself.
 */
export function readVariable(name: string, values: readonly string[]): string | null {
  const value = values.join(' ');
  if (name === 'PATH')
    return value.includes(UNKNOWN) || /\$\{?PATH\b/.test(value) || /(^|:)\/(usr\/)?bin(:|$)/.test(value)
      ? null
      : 'sets PATH without the old one';
  return (name === 'BASH_ENV' || name === 'LD_PRELOAD') && value !== '' ? `sets ${name}` : null;
}

/** Whoever runs the caller in a box of its own takes from the mechanism what it is to stop. */
const BOXES = new Set(['unshare', 'bwrap', 'proot', 'chroot', 'firejail', 'capsh', 'setpriv', 'nsenter']);

/** Signals that halt instead of stopping, traps, aliases, monitors ended by name. Null where there is nothing of it. */
export function readSignals(program: string, args: readonly string[], watch: Watch): string | null {
  const shown = `${program} ${args.join(' ')}`.slice(0, 120);
  const calls = args.some((arg) =>
    arg
      .split(/\s+/)
      .some((word) =>
        watch.named(word).some(({ role }) => role === 'caller' || role === 'mechanism' || role === 'copy'),
      ),
  );
  switch (program) {
    case 'trap':
      return readTrap(args);
    case 'alias':
      return args.some((arg) => RELIED_ON.has(arg.split('=')[0] ?? '') && arg.includes('=')) ? shown : null;
    case 'kill':
      return args.includes('1') && args.some((arg) => /^-?(SIG)?(STOP|TSTP|19|20)$/.test(arg)) ? shown : null;
    case 'gdb':
    case 'strace':
    case 'ltrace':
      return /(^| )-p ?1( |$)|inject=/.test(args.join(' ')) ? shown : null;
    case 'pkill':
    case 'killall':
    case 'skill': {
      const pattern = args.findLast((arg) => !arg.startsWith('-')) ?? '';
      return pattern.length > 2 &&
        watch.paths.some(
          ({ path, role }) => role !== 'workdir' && baseName(path).includes(pattern.replaceAll(/[\\^$*]/g, '')),
        )
        ? shown
        : null;
    }
    case 'systemctl':
    case 'service':
    case 'initctl':
      return endsUnit(args) && namesUnit(args, watch) ? shown : null;
    default:
      return BOXES.has(program) && calls ? shown : null;
  }
}

/** `systemctl stop NAME`, `service NAME stop`. */
function endsUnit(args: readonly string[]): boolean {
  const words = args.filter((arg) => !arg.startsWith('-'));
  return [words[0], words[1]].some(
    (word, index) =>
      /^(stop|disable|mask|kill)$/.test(word ?? '') &&
      (index === 0 || !/^(status|show|start|cat)$/.test(words[0] ?? '')),
  );
}

/** A unit that is called as the mechanism is, without its ending. */
function namesUnit(args: readonly string[], watch: Watch): boolean {
  return watch.paths.some(({ path, role }) => {
    const stem = baseName(path).replace(/\.\w+$/, '');
    return role === 'mechanism' && args.some((arg) => arg.includes(stem));
  });
}

function readTrap(args: readonly string[]): string | null {
  const [action = '', ...signals] = args.filter((arg) => arg !== '--');
  const meansTerm = signals.some((signal) => /^(SIG)?TERM$|^15$/i.test(signal));
  // `-` takes the default back, `-p` and `-l` only print.
  return meansTerm && !/^-[pl]?$/.test(action) ? `trap ${JSON.stringify(action.slice(0, 40))} TERM` : null;
}
