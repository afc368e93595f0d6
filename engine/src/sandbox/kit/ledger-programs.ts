import { readFileSync } from 'node:fs';

import { architecture, callFilter, notifiedWords } from './system-calls.ts';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const ENTER = read('enter.pl');
const LEDGER = read('ledger.pl');

/** Arguments for `perl`, which becomes `program` behind a filter. @param notifies whether it offers its calls to a ledger */
export function enterArguments(program: readonly string[], notifies: boolean): string[] {
  const { own } = architecture();
  const filters = [notifies ? callFilter(true).toString('hex') : '', callFilter(false).toString('hex')];
  return ['-e', ENTER, String(own.prctl), String(own.seccomp), ...filters, ...program];
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
  const numbers = [holder, owner, listener, depth, own.setns, own.ptrace, own.wait4, own.readMemory, own.poll, result];
  return ['-e', LEDGER, ...[...numbers, calls.length].map(String), ...calls, ...watched];
}

/** The listener that `enter.pl` offers, or why the kernel refuses. */
export function readOffer(message: string): { readonly listener: number } | { readonly refused: string } {
  const [, number = '-1', ...reason] = message.split(' ');
  return Number(number) < 0 ? { refused: reason.join(' ') } : { listener: Number(number) };
}
