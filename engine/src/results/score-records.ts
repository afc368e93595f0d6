import { availableParallelism } from 'node:os';
import { type MessagePort, Worker } from 'node:worker_threads';

import { type FindRules, type ScoredRecord, scoreFile } from './score-file.ts';
import { createSharer } from './share-equal.ts';

/** Below this many, starting threads costs more than they save. */
const FILES_MIN = 400;
/** More threads would wait for the disk, and each loads the program again. */
const THREADS_MAX = 8;
const FILES_PER_ORDER = 50;

export interface ScoreOptions {
  readonly findRules: FindRules;
  /**
   * A module that calls `answerOrders` with the same rules, since functions cannot be sent to a thread. Without it
   * everything is scored in this thread.
   */
  readonly worker?: URL | undefined;
}

/** Reads, verifies and scores records, in threads if there are many. Returns them in the order of `paths`. */
export async function scoreRecords(
  paths: readonly string[],
  { findRules, worker: module }: ScoreOptions,
): Promise<readonly ScoredRecord[]> {
  const share = createSharer();
  const threads = Math.min(availableParallelism(), THREADS_MAX);
  if (paths.length < FILES_MIN || threads === 1 || module === undefined)
    return paths.map((path) => share(scoreFile(path, findRules)));
  const results: ScoredRecord[][] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    const worker = new Worker(module);
    try {
      for (let from = next; from < paths.length; from = next) {
        next = from + FILES_PER_ORDER;
        results[from / FILES_PER_ORDER] = (await order(worker, paths.slice(from, next))).map(share);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  return results.flat();
}

/** Runs in the thread: receives paths, and sends the result of each. */
export function answerOrders(port: MessagePort | null, findRules: FindRules): void {
  port?.on('message', (paths: readonly string[]) => {
    port.postMessage(paths.map((path) => scoreFile(path, findRules)));
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
