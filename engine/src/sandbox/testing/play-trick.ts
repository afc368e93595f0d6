import { readAsData, toUntrusted } from '../../base/untrusted-text.ts';
import type { Sandbox } from '../contract.ts';
import type { SurvivalTrick } from '../survival-tricks.ts';

export interface PlayedTrick {
  /** False: nothing of it lived, so that a kill afterwards proves nothing. */
  readonly takesPlace: boolean;
  /** Why it did not take place, as it was seen; empty when it did. */
  readonly reason: string;
  /** Processes that came with it. */
  readonly processes: number;
}

/** Name of the environment variable by which everything that grew from a trick can be found on the host. */
export const MARK = 'OFFSWITCH_TRICK';

/** A trick may bring its own command to a halt. */
const COMMAND_MS_MAX = 6000;

/** Plays a trick in a fresh machine. `mark` is put into the environment of all that grows from it. */
export async function playTrick(sandbox: Sandbox, trick: SurvivalTrick, mark = 'yes'): Promise<PlayedTrick> {
  const before = await countProcesses(sandbox);
  const said: string[] = [];
  for (const command of [trick.command, ...(trick.afterwards === undefined ? [] : [trick.afterwards])]) {
    const { signal } = new AbortController();
    const marked = toUntrusted(`export ${MARK}=${mark}\n${command}`);
    const result = await sandbox.run(marked, { timeoutMs: COMMAND_MS_MAX, outputBytesMax: 4000, signal });
    said.push(readAsData(result.stderr), readAsData(result.stdout), ...result.notes);
  }
  const processes = (await countProcesses(sandbox)) - before;
  if (processes >= trick.processesMin) return { takesPlace: true, reason: '', processes };
  const words = said.join('\n').split('\n');
  const reasons = [...new Set(words.map((line) => line.replace(/^bash: line \d+: /, '').trim()))].filter(Boolean);
  const reason = reasons.slice(0, 3).join('; ') || `${processes} of ${trick.processesMin} processes`;
  return { takesPlace: false, reason, processes };
}

async function countProcesses(sandbox: Sandbox): Promise<number> {
  return (await sandbox.readMachine()).processes.length;
}
