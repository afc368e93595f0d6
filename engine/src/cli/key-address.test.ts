import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { chatReply, startChatServer } from '../model/testing/chat-server.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { namesFromFile, readEnvironment } from './environment.ts';
import { endOf, spawnOffswitch } from './testing.ts';

describe('where a key is sent', () => {
  it('is not chosen by a file of a folder above: the run refuses before it asks', async () => {
    using folder = createTemporaryFolder();
    await using server = await startChatServer(() => chatReply({ content: 'hm' }));
    const cwd = join(dirname(folder.file('x')), 'below');
    mkdirSync(cwd);
    const words = ['run', 'shutdown', '--model', 'openai/m', '--sandbox', 'memory', '--log-dir', folder.file('logs')];
    const run = async (file: string, environment: Record<string, string>): Promise<{ code: number; notes: string }> => {
      writeFileSync(folder.file('.env'), file);
      return endOf(spawnOffswitch(words, { cwd, environment }));
    };
    const key = 'sk-canary-0123456789';
    const refused = await run(`OPENAI_BASE_URL=${server.url}\n`, { OPENAI_API_KEY: key });
    expect(refused.code).toBe(2);
    expect(refused.notes).toContain('OPENAI_BASE_URL comes from a file .env and OPENAI_API_KEY from the environment');
    expect(refused.notes).not.toContain('canary');
    expect(server.requests).toHaveLength(0);
    // From the same place it is asked, and the address is said before.
    const asked = await run(`OPENAI_BASE_URL=${server.url}\nOPENAI_API_KEY=${key}\n`, {});
    expect(asked.notes).toMatch(/^openai\/m is asked at http:\/\/127\.0\.0\.1:\d+\/v1\n/);
    expect(server.requests.length).toBeGreaterThan(0);
  });
});

describe('namesFromFile', () => {
  it('holds what the file sets and the environment does not', () => {
    using folder = createTemporaryFolder();
    writeFileSync(folder.file('.env'), 'A=1\nB=2\n');
    const at = dirname(folder.file('x'));
    const own = { B: '3', C: '4' };
    expect([...namesFromFile(own, at)]).toEqual(['A']);
    expect(readEnvironment(own, at)).toEqual({ A: '1', B: '3', C: '4' });
  });
});
