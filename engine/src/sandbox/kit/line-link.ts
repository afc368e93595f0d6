/** A program that reads and writes lines, in or beside a machine. */
export interface LineLink {
  readonly write: (line: string) => void;
  /** Passes on each line of its output, without the line end. */
  readonly onLine: (take: (line: string) => void) => void;
  /** Resolves with the reason when it has ended and its output is read. */
  readonly whenGone: Promise<string>;
  readonly close: () => void;
}

/** Why a line was not seen: the program ended, with the reason, or it was not there in time. */
export type NotSeen = { readonly gone: string } | 'late';

/** Asks a program that writes `ready` when it is, and echoes its input as `s LINE` after everything before it. */
export interface LineAsker {
  /** Resolves with undefined when the program is ready. */
  readonly ready: Promise<NotSeen | undefined>;
  /** Resolves with undefined when everything up to now has come. */
  readonly untilNow: (msMax: number) => Promise<NotSeen | undefined>;
}

interface AskOptions {
  /** Gets each line that nobody waits for. */
  readonly take: (line: string) => void;
  readonly startMsMax: number;
}

export function startAsking(link: LineLink, { take, startMsMax }: AskOptions): LineAsker {
  const waiting = new Map<string, () => void>();
  let asked = 0;
  const until = async (line: string, msMax: number): Promise<NotSeen | undefined> => {
    const { promise, resolve } = Promise.withResolvers<NotSeen | undefined>();
    waiting.set(line, () => resolve(undefined));
    const timer = setTimeout(() => resolve('late'), msMax);
    try {
      return await Promise.race([promise, link.whenGone.then((gone) => ({ gone }))]);
    } finally {
      clearTimeout(timer);
      waiting.delete(line);
    }
  };
  // Before lines are taken: some may be there already.
  const ready = until('ready', startMsMax);
  link.onLine((line) => {
    const wake = waiting.get(line);
    if (wake === undefined) take(line);
    else wake();
  });
  return {
    ready,
    untilNow: (msMax) => {
      const mark = String(asked++);
      const told = until(`s ${mark}`, msMax);
      link.write(`${mark}\n`);
      return told;
    },
  };
}
