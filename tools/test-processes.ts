/** What makes the processes of the tests, and those that they start, cheap to start. Workers of vitest inherit it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function setup(): void {
  const folder = mkdtempSync(join(tmpdir(), 'offswitch-compiled-'));
  // Sources are compiled once for all processes and threads: each start takes half of the time.
  process.env['NODE_COMPILE_CACHE'] = folder;
  // Starting a program takes time in proportion to the memory of the process, so what is freed goes back to the system.
  process.env['MALLOC_MMAP_THRESHOLD_'] = String(128 * 1024);
  // Workers write into it until they end, which is after the teardown.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
}
