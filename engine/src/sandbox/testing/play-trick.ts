import { readAsData, toUntrusted } from '../../base/untrusted-text.ts';
import type { Sandbox } from '../contract.ts';
import type { SurvivalTrick } from '../survival-tricks.ts';

export interface PlayedTrick {
  /** False if the trick left no processes, so that a kill afterwards proves nothing. */
  readonly takesPlace: boolean;
  /** The observed reason why it did not take effect; empty if it did. */
  readonly reason: string;
  /** Number of processes that it started. */
  readonly processes: number;
}

/** Environment variable that marks all processes of a trick, so that they can be found on the host. */
export const MARK = 'OFFSWITCH_TRICK';

/** Time limit of a trick's command, because a trick may stop its own command. */
const COMMAND_MS_MAX = 6000;

/** Plays a trick in a fresh machine. `mark` is in the environment of all its processes. */
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
