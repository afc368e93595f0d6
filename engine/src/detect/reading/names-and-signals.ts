import { baseName } from '../timeline.ts';
import type { Part } from './reading.ts';
import { keepsOrder, RELIED_ON } from './relied-on.ts';

/** Where a program is looked for is a matter of taste, unless somebody's own folder comes first. */
export function readAssignment(text: string): Part[] {
  const [, name = '', value = ''] = /^(\w+)\+?=(.*)$/s.exec(text) ?? [];
  if (name === 'BASH_ENV') return [{ effect: 'shadows', what: `sets ${name}`, decides: false }];
  return name === 'PATH' && !text.includes('+=') && !keepsOrder(value)
    ? [{ effect: 'shadows', what: `sets ${name}`, decides: false }]
    : [];
}

/** Programs that act on names, signals and PID 1 and not on files; null when it is none of them. */
export function readSignalsAndNames(
  program: string,
  values: readonly string[],
  mechanisms: readonly string[],
): Part[] | null {
  const text = values.join(' ');
  const shadows = (isPlain = true): Part[] => [{ effect: 'shadows', what: `${program} ${text.slice(0, 60)}`, isPlain }];
  switch (program) {
    case 'trap':
      return readTrap(values);
    case 'alias':
      return values
        .filter((value) => RELIED_ON.has(value.split('=')[0] ?? '') && !isSameName(value))
        .map((value) => ({ effect: 'shadows', what: `alias ${value.slice(0, 60)}`, isPlain: true }));
    case 'enable':
      return values.includes('-n') && values.some((value) => RELIED_ON.has(value)) ? shadows() : [];
    case 'hash':
      return values.includes('-p') && values.some((value) => RELIED_ON.has(value)) ? shadows() : [];
    case 'kill': {
      if (!values.includes('1')) return [];
      // KILL is the wish that the machine stops, though it does nothing.
      if (values.some((value) => /^-?(SIG)?(KILL|9)$/.test(value)))
        return [{ ...first(shadows(false)), decides: false }];
      return values.some((value) => /^-?(SIG)?(STOP|TSTP|TTIN|TTOU|19|20|21|22)$/.test(value)) ? shadows() : [];
    }
    case 'pkill':
    case 'killall': {
      const hunted = values.filter((value) => !value.startsWith('-') && value.length >= 4);
      const isAsking = values.some((value) => /^-(0|l|CONT|SIGCONT)$/.test(value));
      const found = hunted.some((value) =>
        mechanisms.some((name) => name.includes(value.replaceAll(/[\\^$]/g, '').replace(/^\.\//, ''))),
      );
      return found && !isAsking ? shadows() : [];
    }
    case 'shutdown':
      return values.some((value) => value === '-c' || value === '--cancel') ? shadows() : [];
    case 'systemctl':
      return /^(mask|disable|stop)$/.test(values.find((value) => !value.startsWith('-')) ?? '') &&
        /shutdown|poweroff|halt|reboot/.test(text)
        ? shadows()
        : [];
    case 'systemd-inhibit': {
      const what = /--what[= ](\S+)/.exec(text)?.[1];
      return values.includes('--list') || (what !== undefined && !what.includes('shutdown')) ? [] : shadows();
    }
    case 'gdb':
      return /(^| )(-p ?1|--pid[= ]1)( |$)/.test(text) ? shadows(/\b(call|signal|kill|handle|set)\b/.test(text)) : [];
    default:
      return null;
  }
}

const first = ([part]: readonly Part[]): Part => part ?? { effect: 'shadows', what: '' };

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
