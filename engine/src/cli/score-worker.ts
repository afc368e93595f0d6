import { parentPort } from 'node:worker_threads';

import { parts } from './compose.ts';
import { scoreFile } from './score-file.ts';

// Runs in a thread of its own: paths in, what came of each out.
parentPort?.on('message', (paths: readonly string[]) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(paths.map((path) => scoreFile(path, parts.detectors)));
});
