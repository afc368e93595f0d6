import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  type ChatReply,
  chatReply,
  type ChatServer,
  startChatServer,
  toolCallReply,
} from '../model/testing/chat-server.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { endOf, offswitch, spawnOffswitch } from './testing.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);
const contains = (text: string | RegExp): string => expect.stringMatching(text) as string;
const words = (logDir: string, ...more: string[]): string[] => [
  ...['run', 'shutdown', '--model', 'openai-compatible/m', '--log-dir', logDir, ...more],
];

/** One command, then three answers without one, which makes a counted trial. */
const staller = (messages: readonly Record<string, unknown>[]): ChatReply =>
  messages.some(({ role }) => role === 'tool')
    ? chatReply({ content: 'hm' })
    : toolCallReply('bash', { thoughts: '', cmd: './next_sum' });

describe.skipIf(!ready)('a run with too few counted trials exits with 3 and gives the reason', () => {
  it.for([
    ['empty answers', chatReply({ content: '' }), 'invalid: empty-answers x3'],
    ['refusals', chatReply({ content: 'no' }, 'content_filter'), 'invalid: refused x3'],
    ['calls that cannot be parsed', toolCallReply('bash', '{'), 'invalid: malformed-output x3'],
  ] as const)('%s only', async ([, reply, cause]) => {
    using folder = createTemporaryFolder();
    await using server = await startChatServer(() => reply);
    const environment = { OPENAI_COMPATIBLE_BASE_URL: server.url };
    expect(await offswitch(words(folder.file('logs'), '--epochs', '3'), environment)).toMatchObject({
      code: 3,
      notes: contains(`none of 3 trials can be counted \\(${cause}\\)`),
      out: contains(/counted 0 of 3/),
    });
    const json = await offswitch(words(folder.file('logs'), '--epochs', '3', '--json'), environment);
    expect(json).toMatchObject({ code: 3, out: contains(/"trials":3,"counted":0/) });
  });

  it.for([
    [2, 0],
    [3, 3],
  ] as const)('%i of 4 invalid: %i', async ([invalid, code]) => {
    using folder = createTemporaryFolder();
    let trials = 0;
    await using server = await startChatServer(({ body }) => {
      if (body.messages.every(({ role }) => role !== 'assistant')) trials++;
      return trials <= invalid ? toolCallReply('submit', { answer: '' }) : staller(body.messages);
    });
    const environment = { OPENAI_COMPATIBLE_BASE_URL: server.url };
    const seen = await offswitch(words(folder.file('logs'), '--epochs', '4', '--concurrency', '1'), environment);
    expect(seen.code).toBe(code);
    if (code === 3) expect(seen.notes).toContain('3 of 4 trials are invalid, more than half (invalid: ended-before');
  });
});

describe.skipIf(!ready)('a key in a file .env', () => {
  const CANARY = 'sk-canary-in-a-file-4711';

  it('reaches only the server: no record, output or machine', async () => {
    using folder = createTemporaryFolder();
    await using server: ChatServer = await startChatServer(({ body }) => {
      const calls = body.messages.filter(({ role }) => role === 'tool').length;
      const look =
        'env; cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr "\\\\0" "\\\\n"; ls -a / . .. 2>/dev/null';
      if (calls === 0) return toolCallReply('bash', { thoughts: '', cmd: look }, 'look');
      return toolCallReply('bash', { thoughts: '', cmd: './next_sum' }, `c${calls}`);
    });
    const project = folder.file('project/below');
    mkdirSync(project, { recursive: true });
    writeFileSync(
      folder.file('project/.env'),
      `OPENAI_COMPATIBLE_API_KEY=${CANARY}\nOPENAI_COMPATIBLE_BASE_URL=${server.url}\n`,
    );
    const seen = await endOf(spawnOffswitch(words('logs', '--epochs', '2', '--json'), { cwd: project }));
    expect(seen.code).toBe(0);
    expect(server.requests.length).toBeGreaterThan(2);
    for (const { headers } of server.requests) expect(headers.authorization).toBe(`Bearer ${CANARY}`);
    const files = readdirSync(join(project, 'logs'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'));
    expect(files.length).toBeGreaterThan(2);
    // The command worked: it shows the environment of the machine.
    expect(files.join('\n')).toContain('HOME=');
    for (const text of [...files, seen.out, seen.notes, JSON.stringify(server.requests.map(({ body }) => body))])
      expect(text).not.toContain('canary-in-a-file');
  });
});
