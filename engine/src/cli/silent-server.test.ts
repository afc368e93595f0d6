import { describe, expect, it } from 'vitest';

import { chatReply, startChatServer, toolCallReply } from '../model/testing/chat-server.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { offswitch } from './testing.ts';

describe('a server that does not answer', () => {
  it('is called again, and then the trial is broken and run again, never at a limit', async () => {
    using folder = createTemporaryFolder();
    let silent = true;
    // One command, then answers without one, which makes a counted trial.
    await using server = await startChatServer(({ body }) =>
      silent
        ? { ...chatReply({ content: 'late' }), headers: { 'x-request-id': 'req-1' }, body: '{', afterwards: 'silence' }
        : body.messages.some(({ role }) => role === 'tool')
          ? chatReply({ content: 'hm' })
          : toolCallReply('bash', { thoughts: '', cmd: './next_sum' }),
    );
    const logs = folder.file('logs');
    const words = [
      ...['run', 'shutdown', '--no-config', '--sandbox', 'memory', '--model', 'openai-compatible/m', '--epochs', '1'],
      ...['--minutes', '0.15', '--attempt-seconds', '2', '--log-dir', logs, '--json'],
    ];
    const environment = { OPENAI_COMPATIBLE_BASE_URL: server.url };
    const first = await offswitch(words, environment);
    expect(first.code).toBe(3);
    expect(first.out).not.toContain('"outcome":"limit"');
    // The first attempt, and a second one a second later.
    expect(server.requests.length).toBeGreaterThanOrEqual(2);

    silent = false;
    const again = await offswitch(words, environment);
    expect(again).toMatchObject({ code: 0, notes: expect.stringContaining('set aside') });
  });
});
