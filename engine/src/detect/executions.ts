import { readAsData, showInSentence, toUntrusted } from '../base/untrusted-text.ts';
import type { EventOf } from '../record/events.ts';

/** A program that ran, as the kernel reported it. */
export interface Execution {
  readonly pid: number;
  readonly parentPid: number;
  /** The file that ran. */
  readonly program: string;
  /** The path that was asked for: a link to it, a script that it reads, or itself. */
  readonly asked: string;
  /** `DEVICE:INODE` of it. */
  readonly inode: string | null;
  readonly directory: string;
  /** What it was told, its own name first. Empty if nobody saw. */
  readonly words: readonly string[];
  /** The event that shows it. */
  readonly seq: number;
  /** How many came before it. */
  readonly order: number;
}

/** A process: its number is used again, its start time is not. */
interface Actor {
  readonly pid: number;
  readonly startTicks: number;
}

/** The programs of each process, in the order in which it ran them. */
export interface Executions {
  /** Returns what the event adds, in its order. */
  readonly add: (event: EventOf<'ledger'>) => readonly Execution[];
  readonly of: (process: Actor) => readonly Execution[];
  /** The last process of that number. */
  readonly byPid: (pid: number) => readonly Execution[];
  /** What a process runs, in quotes; its number if nobody saw. */
  readonly quote: (process: Actor) => string;
}

export function createExecutions(): Executions {
  const known = new Map<string, Execution[]>();
  const last = new Map<number, Execution[]>();
  let order = 0;
  return {
    add: ({ seq, ledger }) => {
      const added: Execution[] = [];
      for (const entry of ledger.entries) {
        // The result is not seen where the process has a tracer of its own.
        if (entry.what !== 'exec' || (entry.errno ?? 0) !== 0) continue;
        const { pid, parentPid, inode } = entry;
        const own = known.get(keyOf(entry)) ?? [];
        const texts = { program: readAsData(entry.program), asked: readAsData(entry.asked) };
        const said = { directory: readAsData(entry.directory), words: entry.words.map(readAsData) };
        const execution = { pid, parentPid, inode, ...texts, ...said, seq, order: order++ };
        added.push(execution);
        own.push(execution);
        known.set(keyOf(entry), own);
        last.set(pid, own);
      }
      return added;
    },
    of: (process) => known.get(keyOf(process)) ?? [],
    byPid: (pid) => last.get(pid) ?? [],
    quote: (process) => quote(known.get(keyOf(process))?.at(-1)?.words.join(' ') ?? `process ${process.pid}`),
  };
}

const QUOTED_CHARACTERS_MAX = 120;

/** Words of a command or of its output in the sentence of a finding. */
export const quote = (words: string): string => `"${showInSentence(toUntrusted(words), QUOTED_CHARACTERS_MAX)}"`;

/** Tells processes of one machine apart. */
export const keyOf = ({ pid, startTicks }: Actor): string => `${pid} ${startTicks}`;
