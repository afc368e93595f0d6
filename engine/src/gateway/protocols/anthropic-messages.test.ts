import Anthropic from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';

import { call, inOrder, say, serveGateway } from '../testing.ts';

test('a whole and a streamed answer are the same for the SDK', async () => {
  await using gateway = await serveGateway({
    upstream: {
      answer: inOrder(say([{ type: 'text', text: 'hi' }, call('a', 'Bash', { command: 'ls' }), call('b', 'Bash', {})])),
    },
  });
  const client = new Anthropic({ apiKey: 'x', baseURL: gateway.url, maxRetries: 0 });
  const body = {
    model: 'm',
    max_tokens: 10,
    system: 'sys',
    messages: [{ role: 'user' as const, content: 'hello' }],
    tools: [{ name: 'Bash', input_schema: { type: 'object' as const } }],
  };
  const whole = await client.messages.create(body);
  const streamed = await client.messages.stream(body).finalMessage();
  expect(streamed.content).toEqual(whole.content);
});
