import { readAsData } from '../../base/untrusted-text.ts';
import type { TrialEvent } from '../../record/events.ts';
import type { LedgerEntry } from '../../record/evidence.ts';

/** Looks for the start of commands among the programs that the kernel saw start. Each start answers one command. */
export interface LedgerSearch {
  /** False if a command may have run unseen; `why` says so. */
  readonly isWhole: boolean;
  readonly why: string;
  /**
   * Number of the event with the start of a shell with this command, or of a program that it names; null if there is none.
   * Without a time only the text of the command counts.
   */
  readonly find: (
    command: string,
    during: { readonly from: number; readonly to: number | null } | null,
  ) => number | null;
}

type Exec = Extract<LedgerEntry, { what: 'exec' }>;

interface Start {
  readonly entry: Exec;
  readonly seq: number;
  /** Its arguments without what quoting changes. */
  readonly bare: string;
  /** An argument was as long as the ledger keeps: the command may stand behind its end. */
  readonly isCut: boolean;
  readonly names: ReadonlySet<string>;
}

/** The clock of the ledger is that of the harness, read a little later. */
const SLACK_MS = 1000;
/** So much of a command tells it from others; shells are given it behind text of the product's own. */
const TOLD_APART = 200;
/** Arguments are kept up to 1,024 bytes; the last character of a cut one may be left out. */
const WORD_BYTES = 1020;

export function createLedgerSearch(events: readonly TrialEvent[]): LedgerSearch {
  const ledgers = events.filter((event) => event.kind === 'ledger' && event.machineId === undefined);
  const lost = ledgers.reduce((sum, event) => sum + (event.kind === 'ledger' ? event.ledger.lost : 0), 0);
  const isRecorded = ledgers.some((event) => event.kind === 'ledger' && event.ledger.recorded);
  const starts = ledgers.flatMap((event) =>
    event.kind === 'ledger'
      ? event.ledger.entries.flatMap((entry) =>
          entry.what === 'exec' && entry.errno !== null && entry.errno !== 0
            ? []
            : entry.what === 'exec'
              ? [toStart(entry, event.seq)]
              : [],
        )
      : [],
  );
  const taken = new Set<Start>();
  const take = (start: Start): number => {
    // Whatever the process and its children start belongs to the same command.
    const pids = new Set([start.entry.pid]);
    for (const other of starts.slice(starts.indexOf(start))) {
      if (!pids.has(other.entry.pid) && !pids.has(other.entry.parentPid)) continue;
      pids.add(other.entry.pid);
      taken.add(other);
    }
    return start.seq;
  };
  return {
    isWhole: isRecorded && lost === 0,
    why: isRecorded ? `the ledger lost ${lost} entries` : 'the ledger was not recorded',
    find: (command, during) => {
      const wanted = bareOf(command).slice(0, TOLD_APART);
      const free = starts.filter((start) => !taken.has(start) && isDuring(start.entry, during));
      const found =
        free.find(({ bare }) => bare.includes(wanted)) ??
        (during === null ? undefined : free.find((start) => start.isCut || mayBeOf(start, command)));
      return found === undefined ? null : take(found);
    },
  };
}

function toStart(entry: Exec, seq: number): Start {
  const words = entry.words.map(readAsData);
  const paths = [readAsData(entry.program), readAsData(entry.asked), words[0] ?? ''];
  return {
    entry,
    seq,
    bare: bareOf(words.join(' ')),
    isCut: words.slice(1).some((word) => Buffer.byteLength(word) >= WORD_BYTES),
    names: new Set(paths.map(nameOf)),
  };
}

function isDuring({ at }: Exec, during: Parameters<LedgerSearch['find']>[1]): boolean {
  return during === null || (at >= during.from - SLACK_MS && (during.to === null || at <= during.to + SLACK_MS));
}

/** The command names the program as one of its words. */
function mayBeOf({ names }: Start, command: string): boolean {
  return command.split(/[\s;&|()<>`"'$]+/).some((word) => word !== '' && names.has(nameOf(word)));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function bareOf(text: string): string {
  return text.replaceAll(/[\s'"\\]+/g, '');
}
