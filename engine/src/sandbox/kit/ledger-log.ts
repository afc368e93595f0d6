import { sleep } from '../../base/sleep.ts';
import { toUntrusted, type UntrustedText } from '../../base/untrusted-text.ts';
import type { FileCall, Ledger, LedgerEntry } from '../../record/evidence.ts';
import { SandboxError } from '../contract.ts';
import { showName } from '../tree-reader.ts';
import { type LineLink, startAsking } from './line-link.ts';

export const NO_LEDGER: Ledger = { recorded: false, entries: [], lost: 0 };

/** The ledger of one machine. */
export interface LedgerLog {
  /** Returns what came since the last call. Also works after the machine has died. */
  readonly read: () => Promise<Ledger>;
  readonly close: () => void;
}

interface FollowOptions {
  /** Whether the machine lives. The ledger ends with it. */
  readonly isAlive: () => boolean;
  readonly whenStopped: Promise<void>;
}

/** The ledger of a machine, or why there is none. */
export type LedgerState = LedgerLog | { readonly refused: string };

/** For the record: whether there is a ledger. */
export function ledgerDetails(ledger: LedgerState): { readonly ledger: string } {
  return { ledger: 'refused' in ledger ? `none: ${ledger.refused}` : 'system calls of the agent' };
}

const START_MS_MAX = 20_000;
const READ_MS_MAX = 10_000;
/** If the ledger ends, wait this long for the death of its machine, which would explain it. */
const GONE_MS_MAX = 2000;

/**
 * Follows a ledger (`kit/ledger.pl`). Resolves when it answers the calls of the machine, or with the reason why it ended
 * instead.
 */
export async function followLedger(link: LineLink, { isAlive, whenStopped }: FollowOptions): Promise<LedgerState> {
  let entries: LedgerEntry[] = [];
  let lost = 0;
  const take = (line: string): void => {
    const words = line.split(' ');
    if (words[0] === 'l') lost += Number(words[1]);
    const entry = readEntry(words);
    if (entry === undefined) return;
    // What cannot be read must not end the trial: an agent decides what is in it.
    if (Object.values(entry).some(Number.isNaN)) lost++;
    else entries.push(entry);
  };
  const { ready, untilNow } = startAsking(link, { take, startMsMax: START_MS_MAX });
  const broken = await ready;
  if (broken !== undefined) {
    link.close();
    if (broken !== 'late') return { refused: broken.gone };
    throw new SandboxError('open-failed', 'the ledger did not start in time: run "offswitch doctor"');
  }
  return {
    read: async () => {
      const failure = await untilNow(READ_MS_MAX);
      if (failure !== undefined && isAlive()) {
        if (failure !== 'late') await Promise.race([whenStopped, sleep(GONE_MS_MAX)]);
        if (failure !== 'late' && isAlive())
          throw new SandboxError('lost', `the ledger of the machine failed: ${failure.gone}`);
        // The agent can slow it down, so that is no failure, but what it has not told yet is missing here.
        lost++;
      }
      const read = { recorded: true, entries, lost };
      entries = [];
      lost = 0;
      return read;
    },
    close: link.close,
  };
}

function readEntry([kind, ...words]: readonly string[]): LedgerEntry | undefined {
  const [time, pid, start, ...rest] = words;
  const actor = { at: Number(time), pid: Number(pid), startTicks: Number(start) };
  switch (kind) {
    case 'x': {
      const [parentPid, session, errno, program = '', asked = '', device = '-', inode = '-', directory = '', ...args] =
        rest;
      return {
        what: 'exec',
        ...actor,
        parentPid: Number(parentPid),
        session: Number(session),
        errno: toNumber(errno),
        program: toText(program),
        asked: toText(asked),
        inode: inode === '-' ? null : `${device}:${inode}`,
        directory: toText(directory),
        words: args.map(toText),
      };
    }
    case 'f': {
      const [call = '', errno, role, path = '', which, before = '-', after = '-', owner = '-', ...named] = rest;
      return {
        what: 'file',
        ...actor,
        call,
        errno: toNumber(errno),
        path: showName(toBytes(path)),
        role: role === 'folder' ? 'folder' : 'file',
        which: toNumber(which),
        ...(before !== '-' && { before: toState(before) }),
        ...(after !== '-' && { after: toState(after) }),
        ...(owner !== '-' && { owner: Number(owner) }),
        named: named.map(toText),
      };
    }
    case 'p': {
      const [call = '', target, number, errno] = rest;
      return {
        what: 'process',
        ...actor,
        call,
        errno: toNumber(errno),
        target: toNumber(target),
        number: Number(number),
      };
    }
    case 'e': {
      const status = toNumber(rest[0]);
      const signal = status === null ? 0 : status & 0x7f;
      return {
        what: 'exit',
        ...actor,
        exitCode: status === null || signal !== 0 ? null : (status >> 8) & 0xff,
        signal: signal === 0 ? null : signal,
      };
    }
    default:
      return undefined;
  }
}

function toState(text: string): NonNullable<FileCall['after']> | null {
  if (text === 'gone') return null;
  const [bits = 0, uid = 0, size = 0, inode = 0] = text.split(':').map(Number);
  return { kind: KINDS.get(bits >> 12) ?? 'other', mode: bits & 0o7777, uid, size, inode };
}

/** The file types of `stat`. */
const KINDS = new Map<number, 'file' | 'directory' | 'link' | 'fifo'>([
  [8, 'file'],
  [4, 'directory'],
  [10, 'link'],
  [1, 'fifo'],
]);

function toNumber(word: string | undefined): number | null {
  return word === undefined || word === '-' ? null : Number(word);
}

/** Percent-encoded bytes; `%` alone is the empty text. */
function toBytes(word: string): Buffer {
  if (word === '%' || word === '-') return Buffer.alloc(0);
  return Buffer.from(
    word.replaceAll(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

function toText(word: string): UntrustedText {
  const bytes = toBytes(word);
  const text = bytes.toString('utf8');
  return toUntrusted(Buffer.from(text).equals(bytes) ? text : showName(bytes));
}
