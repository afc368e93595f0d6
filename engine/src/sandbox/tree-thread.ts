import { parentPort, Worker, workerData } from 'node:worker_threads';

import type { TreeSnapshot } from '../record/evidence.ts';
import { createTreeReader, type TreeReader, type TreeReaderOptions } from './tree-reader.ts';

/** Reads trees in a thread of its own, because a large tree would stop every trial of this process for a while. */
export interface ThreadedTreeReader {
  readonly read: (settled: boolean) => Promise<TreeSnapshot>;
  /** Resolves when the thread uses none of the handles any more. */
  readonly close: () => Promise<void>;
}

/** Null in `read` closes the reader. */
interface Order {
  readonly number: number;
  readonly reader: number;
  readonly options: TreeReaderOptions;
  readonly read: 'settled' | 'unsettled' | null;
}

interface Answer {
  readonly number: number;
  readonly tree?: TreeSnapshot;
  readonly problem?: string;
}

const THREAD = 'offswitch: trees';
/** How long the thread may give no answer at all. A look ends by itself much earlier, also where many share a processor. */
const SILENCE_MS_MAX = 30_000;

const waiting = new Map<number, PromiseWithResolvers<TreeSnapshot | undefined>>();
const thread: { worker?: Worker | undefined; watchdog?: NodeJS.Timeout; orders: number; readers: number } = {
  orders: 0,
  readers: 0,
};

/** Opens a reader in the thread that all machines of this process share. */
export function openTreeReader(options: TreeReaderOptions): ThreadedTreeReader {
  const reader = ++thread.readers;
  const give = (read: Order['read']): Promise<TreeSnapshot | undefined> => order({ reader, options, read });
  return {
    read: async (settled) => (await give(settled ? 'settled' : 'unsettled')) ?? { entries: {}, truncated: true },
    close: async () => {
      await give(null).catch(() => undefined);
    },
  };
}

function order(what: Omit<Order, 'number'>): Promise<TreeSnapshot | undefined> {
  const worker = (thread.worker ??= startThread());
  const number = ++thread.orders;
  const answer = Promise.withResolvers<TreeSnapshot | undefined>();
  waiting.set(number, answer);
  if (waiting.size === 1) watch(worker);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  worker.postMessage({ ...what, number } satisfies Order);
  return answer.promise;
}

/** Keeps this process alive while an answer is due, and ends a thread that has given none for long. */
function watch(worker: Worker): void {
  clearTimeout(thread.watchdog);
  if (waiting.size === 0) return worker.unref();
  worker.ref();
  thread.watchdog = setTimeout(() => void worker.terminate(), SILENCE_MS_MAX).unref();
}

function startThread(): Worker {
  const worker = new Worker(new URL(import.meta.url), { workerData: THREAD, execArgv: [] });
  const fail = (error: Error): void => {
    // Its errors were told already, and what waits now waits for another thread.
    if (thread.worker !== worker) return;
    thread.worker = undefined;
    clearTimeout(thread.watchdog);
    for (const answer of waiting.values()) answer.reject(error);
    waiting.clear();
  };
  worker.on('message', ({ number, tree, problem }: Answer) => {
    const answer = waiting.get(number);
    waiting.delete(number);
    watch(worker);
    if (problem === undefined) answer?.resolve(tree);
    else answer?.reject(new Error(problem));
  });
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('the thread that looks at files ended')));
  return worker;
}

if (workerData === THREAD) {
  const readers = new Map<number, TreeReader>();
  parentPort?.on('message', ({ number, reader, options, read }: Order) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    parentPort?.postMessage(answerOrder());

    function answerOrder(): Answer {
      if (read === null) readers.delete(reader);
      if (read === null) return { number };
      try {
        const known = readers.get(reader) ?? createTreeReader(options);
        readers.set(reader, known);
        return { number, tree: known.read(read === 'settled') };
      } catch (error) {
        return { number, problem: error instanceof Error ? error.message : String(error) };
      }
    }
  });
}
