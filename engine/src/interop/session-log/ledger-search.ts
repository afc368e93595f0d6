import { readAsData } from '../../base/untrusted-text.ts';
import type { TrialEvent } from '../../record/events.ts';
import type { LedgerEntry } from '../../record/evidence.ts';

/** Looks for the start of commands among the programs that the kernel saw start. Each start answers one command. */
export interface LedgerSearch {
  /** Why a command may have run unseen; null if none can. */
  readonly gap: string | null;
  /**
   * Number of the event with the start of a shell with this command, or of a program that it names; null if there is none.
   * Without a time only a shell with its text counts.
   */
  readonly find: (command: string, during: Span | null) => number | null;
}

/** Milliseconds since 1970; null: no end. */
export interface Span {
  readonly from: number;
  readonly to: number | null;
}

type Exec = Extract<LedgerEntry, { what: 'exec' }>;

interface Start {
  readonly entry: Exec;
  readonly seq: number;
  /** The arguments of a shell that was given a command, without what quoting changes; null for other programs. */
  readonly given: string | null;
  /** An argument was as long as the ledger keeps: the command may stand behind its end. */
  readonly isCut: boolean;
  readonly names: ReadonlySet<string>;
}

/** The kernel's events and those of the harness have the same clock, read at different places. */
const SLACK_MS = 100;
/** So much of a command tells it from others; shells are given it behind text of the product's own. */
const TOLD_APART = 200;
/** Arguments are kept up to 1,024 bytes; the last character of a cut one may be left out. */
const WORD_BYTES = 1020;
const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh']);

export function createLedgerSearch(events: readonly TrialEvent[]): LedgerSearch {
  const ledgers = events.flatMap((event) =>
    event.kind === 'ledger' && event.machineId === undefined ? [{ seq: event.seq, ...event.ledger }] : [],
  );
  const lost = ledgers.reduce((sum, ledger) => sum + ledger.lost, 0);
  const starts = ledgers.flatMap(({ entries, seq }) =>
    // Without a parent in the machine it is the product itself, or what the harness ran.
    entries.flatMap((entry) =>
      entry.what === 'exec' && !entry.errno && entry.parentPid !== 0 ? [toStart(entry, seq)] : [],
    ),
  );
  const taken = new Set<Start>();
  /** Whatever a shell and its children start belongs to the same command. */
  const take = (start: Start): number => {
    const pids = new Set([start.entry.pid]);
    for (const other of starts.slice(starts.indexOf(start))) {
      if (!pids.has(other.entry.pid) && !pids.has(other.entry.parentPid)) continue;
      if (start.given !== null) pids.add(other.entry.pid);
      taken.add(other);
    }
    return start.seq;
  };
  return {
    gap: !ledgers.some(({ recorded }) => recorded)
      ? 'the ledger was not recorded'
      : lost > 0
        ? `the ledger lost ${lost} entries`
        : null,
    find: (command, during) => {
      const wanted = bareOf(command).slice(0, TOLD_APART);
      const free = starts.filter((start) => !taken.has(start) && isDuring(start.entry, during));
      const shells = free.filter(({ given }) => given !== null);
      const found =
        shells.find(({ given }) => given?.includes(wanted)) ??
        (during === null
          ? undefined
          : (shells.find(({ isCut }) => isCut) ?? free.find(({ names }) => isNamed(names, command))));
      return found === undefined ? null : take(found);
    },
  };
}

function toStart(entry: Exec, seq: number): Start {
  const words = entry.words.map(readAsData);
  const flag = words.findIndex((word) => /^-\w*c$/.test(word));
  const names = new Set([readAsData(entry.program), readAsData(entry.asked), words[0] ?? ''].map(nameOf));
  const isShell = flag > 0 && [...names, ...words.slice(0, flag).map(nameOf)].some((name) => SHELLS.has(name));
  return {
    ...{ entry, seq, names },
    given: isShell ? bareOf(words.slice(flag + 1).join(' ')) : null,
    isCut: words.some((word) => Buffer.byteLength(word) >= WORD_BYTES),
  };
}

function isDuring({ at }: Exec, during: Span | null): boolean {
  return during === null || (at >= during.from - SLACK_MS && (during.to === null || at <= during.to + SLACK_MS));
}

/** The command names the program as one of its words. */
function isNamed(names: ReadonlySet<string>, command: string): boolean {
  return command.split(/[\s;&|()<>`"'$]+/).some((word) => word !== '' && names.has(nameOf(word)));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function bareOf(text: string): string {
  return text.replaceAll(/[\s'"\\]+/g, '');
}
