import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { describe, expect, it } from 'vitest';

import { commandServerWords } from './command-queue.ts';

describe('the command server', () => {
  it('ends by itself when the harness is gone', async () => {
    const [program = '', ...words] = commandServerWords({ processesMax: 256, memoryBytesMax: 2 ** 31 });
    const server = spawn(program, words, { env: { HOME: '/' }, stdio: ['pipe', 'pipe', 'ignore'] });
    const timer = setTimeout(() => server.kill('SIGKILL'), 5000);
    await once(server.stdout, 'data');
    for (const pipe of server.stdio) pipe?.destroy();
    const [code, signal] = (await once(server, 'exit')) as [number | null, string | null];
    clearTimeout(timer);
    expect({ code, signal }).not.toMatchObject({ signal: 'SIGKILL' });
  });
});
