import { readFileSync } from 'node:fs';

import { architecture, callFilter, notifiedWords } from './system-calls.ts';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const ENTER = read('enter.pl');
const LEDGER = read('ledger.pl');

/** Arguments for `perl`, which becomes `program` behind a filter. @param offers whether it offers its calls to a ledger */
export function enterArguments(program: readonly string[], offers: boolean): string[] {
  const { own } = architecture();
  const words = [
    String(own.prctl),
    String(own.seccomp),
    offers ? 'offer' : 'alone',
    callFilter(offers).toString('hex'),
  ];
  return ['-e', ENTER, ...words, ...program];
}

export interface LedgerPlace {
  /** A process whose user and mount namespaces are joined; 0 if the ledger already runs there. */
  readonly holder: number;
  /** Process that holds the listener, and its descriptor. */
  readonly owner: number;
  readonly listener: number;
  /** Levels from the PID namespace of the `/proc` that the ledger sees down to that of the machine. */
  readonly depth: number;
  readonly watched: readonly string[];
}

/** Arguments for `perl`. */
export function ledgerArguments({ holder, owner, listener, depth, watched }: LedgerPlace): string[] {
  const { own, result } = architecture();
  const calls = notifiedWords();
  const { setns, ptrace, wait4, readMemory, poll, clock, timer, statfs, open, read: readFrom, close, ioctl } = own;
  const numbers = [setns, ptrace, wait4, readMemory, poll, clock, timer, statfs, open, readFrom, close, ioctl, result];
  const words = [holder, owner, listener, depth, ...numbers, calls.length].map(String);
  return ['-e', LEDGER, ...words, ...calls, ...watched];
}

/** What `enter.pl` offers after the letter `l`, or why the kernel refuses. */
export function readOffer(
  message: string,
): { readonly listener: number; readonly owner: number } | { readonly refused: string } {
  const [number = '-1', ...rest] = message.split(' ');
  return Number(number) < 0 ? { refused: rest.join(' ') } : { listener: Number(number), owner: Number(rest[0]) };
}
