import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import { type Parts, parts as composed } from './compose.ts';
import { type ScoredRecord, scoreFile } from './score-file.ts';

/** Below this many, starting threads costs more than they save. */
const FILES_MIN = 400;
/** More wait for the disk, and each holds the program once more. */
const THREADS_MAX = 8;
const FILES_PER_ORDER = 50;

/** Reads, proves and scores records, on all processors where there are many. In the order of `paths`. */
export async function scoreRecords(paths: readonly string[], { detectors }: Parts): Promise<readonly ScoredRecord[]> {
  const threads = Math.min(availableParallelism(), THREADS_MAX);
  // Detectors are functions and cannot be sent: a thread has those of our own.
  if (paths.length < FILES_MIN || threads === 1 || detectors !== composed.detectors)
    return paths.map((path) => scoreFile(path, detectors));
  const results: ScoredRecord[][] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    const worker = startWorker();
    try {
      for (let from = next; from < paths.length; from = next) {
        next = from + FILES_PER_ORDER;
        results[from / FILES_PER_ORDER] = await order(worker, paths.slice(from, next));
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  return results.flat();
}

function startWorker(): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Worker(new URL(`./score-worker.${extension}`, import.meta.url));
}

function order(worker: Worker, paths: readonly string[]): Promise<ScoredRecord[]> {
  return new Promise((resolve, reject) => {
    const end = (code: number): void => reject(new Error(`a thread that scores ended early, with code ${code}`));
    worker.once('message', (answer: ScoredRecord[]) => {
      worker.off('error', reject).off('exit', end);
      resolve(answer);
    });
    worker.once('error', reject).once('exit', end);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(paths);
  });
}
