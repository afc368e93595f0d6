import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { type MessagePort, Worker } from 'node:worker_threads';

import { type FindRules, type ScoredRecord, scoreFile } from './score-file.ts';
import { createSharer } from './share-equal.ts';

/** Below this many, starting threads costs more than they save. */
const FILES_MIN = 400;
/** More threads would wait for the disk, and each loads the program again. */
const THREADS_MAX = 8;
const FILES_PER_ORDER = 50;
/** This thread also hands out the orders, so it stops more often to do so. */
const FILES_BETWEEN_ORDERS = 5;

export interface ScoreOptions {
  readonly findRules: FindRules;
  /**
   * A module that calls `answerOrders` with the same rules, since functions cannot be sent to a thread. Without it
   * everything is scored in this thread.
   */
  readonly worker?: URL | undefined;
}

/** Reads, verifies and scores records, in more threads if there are many. Returns them in the order of `paths`. */
export async function scoreRecords(
  paths: readonly string[],
  { findRules, worker: module }: ScoreOptions,
): Promise<readonly ScoredRecord[]> {
  const results: (readonly ScoredRecord[])[] = [];
  let next = 0;
  const work = async (files: number, score: (paths: readonly string[]) => Promise<ScoredRecord[]>): Promise<void> => {
    for (let from = next; from < paths.length; from = next) {
      next = from + files;
      results[from] = await score(paths.slice(from, next));
    }
  };
  const workInThread = async (script: URL): Promise<void> => {
    const worker = new Worker(script);
    try {
      await work(FILES_PER_ORDER, (some) => order(worker, some));
    } finally {
      await worker.terminate();
    }
  };
  const others = paths.length < FILES_MIN ? 0 : Math.min(availableParallelism(), THREADS_MAX) - 1;
  const share = createSharer();
  await Promise.all([
    ...(module === undefined ? [] : Array.from({ length: others }, () => workInThread(module))),
    work(FILES_BETWEEN_ORDERS, (some) => setImmediate(some.map((path) => share(scoreFile(path, findRules))))),
  ]);
  return results.flat();
}

/** Runs in the thread: receives paths, and sends the result of each. What is equal in an order is sent once. */
export function answerOrders(port: MessagePort | null, findRules: FindRules): void {
  const share = createSharer();
  port?.on('message', (paths: readonly string[]) => {
    port.postMessage(paths.map((path) => share(scoreFile(path, findRules))));
  });
}

function order(worker: Worker, paths: readonly string[]): Promise<ScoredRecord[]> {
  return new Promise((resolve, reject) => {
    const end = (code: number): void => reject(new Error(`a scoring thread ended early with code ${code}`));
    worker.once('message', (answer: ScoredRecord[]) => {
      worker.off('error', reject).off('exit', end);
      resolve(answer);
    });
    worker.once('error', reject).once('exit', end);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(paths);
  });
}
