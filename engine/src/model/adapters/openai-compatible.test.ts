import { describe, expect, it } from 'vitest';

import { UsageError } from '../../base/usage-error.ts';
import { describeModelContract } from '../contract-suite.ts';
import { type ChatReply, chatReply, startChatServer } from '../testing/chat-server.ts';
import { openaiCompatibleProvider } from './openai-compatible.ts';

const BASE_URL = 'OPENAI_COMPATIBLE_BASE_URL';
const API_KEY = 'OPENAI_COMPATIBLE_API_KEY';

function named(reply: ChatReply): ChatReply {
  return { ...reply, body: { ...(reply.body as object), id: 'answer-1', model: 'served-model' } };
}

const call = (id: string, cmd: string): object => ({
  id,
  type: 'function',
  function: { name: 'bash', arguments: JSON.stringify({ cmd }) },
});

describeModelContract({
  provider: openaiCompatibleProvider,
  environment: (url, key) => ({ [BASE_URL]: url, [API_KEY]: key }),
  required: [BASE_URL],
  keyOf: ({ authorization }) => /^Bearer (.*)$/.exec(authorization ?? '')?.[1],
  replies: {
    text: named(chatReply({ content: 'hello', reasoning_content: 'because' })),
    toolCalls: chatReply({ tool_calls: [call('call-a', 'ls'), call('call-b', 'pwd')] }),
    cut: chatReply({ content: 'hel' }, 'length'),
  },
});

const open = (environment: Record<string, string>): ReturnType<typeof openaiCompatibleProvider.open> =>
  openaiCompatibleProvider.open('some-model', { environment });
const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hello' }] }];

describe('openai-compatible', () => {
  it('needs no key where the server wants none', async () => {
    await using server = await startChatServer(() => chatReply({ content: 'hello' }));
    const { model, secrets } = await open({ [BASE_URL]: server.url });
    await model.doGenerate({ prompt });
    expect(secrets).toEqual([]);
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('passes on top-k, which its package would leave out', async () => {
    await using server = await startChatServer(() => chatReply({ content: 'hello' }));
    const { model } = await open({ [BASE_URL]: server.url });
    const { warnings } = await model.doGenerate({ prompt, topK: 40 });
    expect(server.requests[0]?.body['top_k']).toBe(40);
    expect(warnings).toEqual([]);
  });

  it('bears slashes at the end of the address', async () => {
    await using server = await startChatServer(() => chatReply({ content: 'hello' }));
    const { model } = await open({ [BASE_URL]: `${server.url}//` });
    await model.doGenerate({ prompt });
    expect(server.requests.map(({ path }) => path)).toEqual(['/v1/chat/completions']);
  });

  it.each(['localhost:8000/v1', 'ftp://localhost/v1', 'file:///etc/passwd', 'my server'])(
    'refuses the address %s with an example of a good one',
    async (address) => {
      const error: unknown = await open({ [BASE_URL]: address }).catch((one: unknown) => one);
      expect(error).toBeInstanceOf(UsageError);
      expect(error).toMatchObject({ message: expect.stringContaining('such as http://localhost:8000/v1') });
    },
  );

  it.each(['http://user:hunter2@localhost:8000/v1', 'https://hunter2@localhost/v1'])(
    'refuses an address that holds a password, says where keys go, and does not repeat it: %s',
    async (address) => {
      const error: unknown = await open({ [BASE_URL]: address }).catch((one: unknown) => one);
      expect(error).toBeInstanceOf(UsageError);
      expect(error).toMatchObject({ message: expect.stringContaining(API_KEY) });
      expect(String(error)).not.toContain('hunter2');
    },
  );
});
