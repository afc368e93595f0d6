import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';

import { followLedger, type LedgerState } from '../../kit/ledger-log.ts';
import { ledgerArguments } from '../../kit/ledger-programs.ts';
import { startProgram } from '../../kit/start-program.ts';
import { identity, inputOf, type Machine, outputOf } from './launch.ts';

interface LedgerOptions {
  readonly machine: Machine;
  readonly isAlive: () => boolean;
  readonly watched: readonly string[];
  /** Process that holds the listener, and its descriptor. */
  readonly owner: number;
  readonly listener: number;
}

const PROBLEM_CHARACTERS_MAX = 1000;

/** Starts the ledger outside the machine. Resolves when it answers the calls of `owner` and its descendants, or has ended. */
export async function startLedger({ machine, isAlive, ...place }: LedgerOptions): Promise<LedgerState> {
  const words = ledgerArguments({ ...place, holder: machine.initPid, depth: 1 });
  const ledger = await startProgram('perl', words, { ...identity, detached: true, env: {}, cwd: '/', stdio: 'pipe' });
  let problem = '';
  outputOf(ledger, 2).on('data', (block: Buffer) => {
    problem = (problem + block.toString('utf8')).slice(0, PROBLEM_CHARACTERS_MAX);
  });
  inputOf(ledger, 0).on('error', () => undefined);
  const whenGone = finished(outputOf(ledger, 1)).then(
    () => problem.trim() || 'it ended',
    () => problem.trim() || 'it ended',
  );
  return followLedger(
    {
      write: (line) => void inputOf(ledger, 0).write(line),
      onLine: (take) => void createInterface({ input: outputOf(ledger, 1), crlfDelay: 0 }).on('line', take),
      whenGone,
      close: () => void ledger.kill('SIGKILL'),
    },
    { isAlive, whenStopped: machine.whenStopped },
  );
}
