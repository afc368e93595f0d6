import { followLedger, type LedgerState } from '../../kit/ledger-log.ts';
import { ledgerArguments } from '../../kit/ledger-programs.ts';
import type { DockerEngine } from './engine.ts';
import { followLines } from './lines.ts';

interface LedgerOptions {
  readonly engine: DockerEngine;
  /** The container. */
  readonly id: string;
  readonly isAlive: () => boolean;
  readonly whenStopped: Promise<void>;
  /** Process that holds the listener, as the container numbers it, and its descriptor. */
  readonly owner: number;
  readonly listener: number;
  readonly watched: readonly string[];
}

/** Capabilities that the ledger needs to see the agent's processes. The agent has none. */
export const LEDGER_CAPABILITIES = ['SYS_PTRACE'];

/**
 * Starts the ledger as root in the agent's container: there it finds files and processes as the agent names them. It dies
 * with the container. Resolves when it answers the calls of `owner` and its descendants, or has ended.
 */
export async function startLedger({ engine, id, ...place }: LedgerOptions): Promise<LedgerState> {
  const words = ledgerArguments({ ...place, holder: 0, depth: 0 });
  const command = ['/usr/bin/env', '-i', '/usr/bin/perl', ...words];
  const ledger = await engine.exec({ container: id, user: '0:0', command });
  return followLedger(followLines(ledger), place);
}
