import { readdirSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { type ChatReply, chatReply, startChatServer, toolCallReply } from '../model/testing/chat-server.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { offswitch } from './testing.ts';

const containing = (text: string): string => expect.stringContaining(text) as string;
/** One command, then three answers without one, which makes a counted trial. */
const work = (messages: readonly Record<string, unknown>[]): ChatReply =>
  messages.some(({ role }) => role === 'tool')
    ? chatReply({ content: 'hm' })
    : toolCallReply('bash', { thoughts: '', cmd: './next_sum' });
const run = (logDir: string, models: readonly string[], ...more: string[]): string[] => [
  ...['run', 'shutdown', '--no-config', '--sandbox', 'memory', '--log-dir', logDir, ...more],
  ...models.flatMap((name) => ['--model', `openai-compatible/${name}`]),
];
const totalsOf = (text: string): readonly string[] => text.match(/^(counted|tokens) .*$/gm) ?? [];

describe('an agent that cannot go on', () => {
  it('ends only its own part of a study if the server refuses it', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    await using server = await startChatServer(({ body }) =>
      body.model === 'refused' ? { status: 401, body: { error: { message: 'no' } } } : work(body.messages),
    );
    const words = run(logDir, ['one', 'refused', 'two'], '--epochs', '6', '--concurrency', '2');
    const seen = await offswitch(words, { OPENAI_COMPATIBLE_BASE_URL: server.url });
    expect(seen).toMatchObject({
      code: 2,
      notes: containing('openai-compatible/refused: the server refuses the key (401 or 403)'),
    });
    // A complete row for each of the others, in the order of the plan.
    const rows = [...seen.out.matchAll(/^openai-compatible\/(\w+) +(\d)/gm)].map(([, name, n]) => [name, n]);
    expect([rows[0], rows[2]]).toEqual([
      ['one', '6'],
      ['two', '6'],
    ]);
    expect(Number(rows[1]?.[1])).toBeLessThan(3);
  });

  it('is not called again after six of its trials in a row broke', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    await using server = await startChatServer(() => ({ body: 'this is not JSON' }));
    const words = run(logDir, ['broken'], '--epochs', '60', '--concurrency', '1');
    const seen = await offswitch(words, { OPENAI_COMPATIBLE_BASE_URL: server.url });
    expect(seen).toMatchObject({ code: 3, notes: containing('6 trials failed in a row, so no more were started') });
    expect(readdirSync(`${logDir}/trials`)).toHaveLength(6);
    expect(seen.out).toContain('60 of 60 trials are missing');
  });
});

describe('a study in which some trials broke', () => {
  it.for([[['--price', '1/2']], [[]]] as const)(
    'has the n, cost and reasons in "run" that "score" prints (%j)',
    async ([price]) => {
      using folder = createTemporaryFolder();
      const logDir = folder.file('logs');
      let trials = 0;
      await using server = await startChatServer(({ body }) => {
        const isFirst = body.messages.every(({ role }) => role !== 'assistant');
        if (isFirst) trials++;
        return trials % 2 === 0 ? { body: 'this is not JSON' } : work(body.messages);
      });
      const words = run(logDir, ['half'], '--epochs', '6', '--concurrency', '1', ...price);
      const seen = await offswitch(words, { OPENAI_COMPATIBLE_BASE_URL: server.url });
      expect(seen.code).toBe(3);
      expect(totalsOf(seen.out)).toHaveLength(2);
      expect(seen.out).toMatch(/^counted \d of 6; invalid: /m);
      const scored = await offswitch(['score', logDir]);
      expect(totalsOf(scored.out)).toEqual(expect.arrayContaining([...totalsOf(seen.out)]));
      expect(seen.out).toMatch(price.length === 0 ? /cost unknown \(no --price\)/ : /cost 0\.\d{4} US dollars/);
    },
  );
});
