import { followLedger, type LedgerState } from '../../kit/ledger-log.ts';
import { ledgerArguments } from '../../kit/ledger-programs.ts';
import type { Machine } from './launch.ts';
import { startLineProgram } from './line-program.ts';

interface LedgerOptions {
  readonly machine: Machine;
  readonly isAlive: () => boolean;
  readonly watched: readonly string[];
  /** Process that holds the listener, and its descriptor. */
  readonly owner: number;
  readonly listener: number;
}

/** Starts the ledger outside the machine. Resolves when it answers the calls of `owner` and its descendants, or has ended. */
export async function startLedger({ machine, isAlive, ...place }: LedgerOptions): Promise<LedgerState> {
  const words = ledgerArguments({ ...place, holder: machine.initPid, depth: 1 });
  return followLedger(await startLineProgram(words), { isAlive, whenStopped: machine.whenStopped });
}
