import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { IO, SERVER } from './guest.ts';

describe('the command server', () => {
  it('ends by itself when the harness was killed before it read the pipes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'guest-test-'));
    execFileSync('mkfifo', [join(folder, 'out'), join(folder, 'err')]);
    // The pipes have no reader, and those to the harness have no other end.
    const server = spawn('bash', ['-c', SERVER.replaceAll(IO, folder), 'command', '256', '1000000'], {
      stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
    });
    for (const pipe of server.stdio) pipe?.destroy();
    const timer = setTimeout(() => server.kill('SIGKILL'), 60_000);
    const [code, signal] = (await once(server, 'exit')) as [number | null, string | null];
    clearTimeout(timer);
    rmSync(folder, { recursive: true });
    expect({ code, signal }).not.toMatchObject({ signal: 'SIGKILL' });
  });
});
