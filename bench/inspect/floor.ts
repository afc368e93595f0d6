import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { SidePlan, SideResult } from './side.ts';

/** The commands alone: a folder for each sample, a plain shell for each call, and nothing written down. */
export async function runFloor({ samples, calls, concurrency, commands }: SidePlan): Promise<SideResult> {
  const started = performance.now();
  let left = samples;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await playSample({ calls, commands });
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { seconds: (performance.now() - started) / 1000, callMs: [], outputs: [] };
}

async function playSample({ calls, commands }: Pick<SidePlan, 'calls' | 'commands'>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'offswitch-bench-'));
  for (let number = 1; number <= calls; number++) {
    const command = (commands[(number - 1) % commands.length] ?? 'true').replaceAll('{n}', String(number));
    const child = spawn('bash', ['--login', '-c', command], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.resume();
    child.stderr.resume();
    await once(child, 'close');
  }
  rmSync(folder, { recursive: true });
}
