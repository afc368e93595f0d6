import OpenAI from 'openai';
import { expect, test } from 'vitest';

import { call, inOrder, say, serveGateway } from '../testing.ts';

test('a whole and a streamed answer are the same for the SDK', async () => {
  await using gateway = await serveGateway({
    upstream: {
      answer: inOrder(
        say([{ type: 'text', text: 'hi' }, call('a', 'Bash', { command: 'ls' }), call('b', 'patch', { input: 'x' })]),
      ),
    },
  });
  const client = new OpenAI({ apiKey: 'x', baseURL: gateway.url + '/v1', maxRetries: 0 });
  const body = {
    model: 'm',
    input: 'hello',
    tools: [
      { type: 'function' as const, name: 'Bash', parameters: { type: 'object' as const }, strict: false },
      { type: 'custom' as const, name: 'patch' },
    ],
  };
  const whole = await client.responses.create(body);
  const streamed = await client.responses.stream(body).finalResponse();
  expect(streamed.output.map((x) => ({ ...x, id: '' }))).toMatchObject(whole.output.map((x) => ({ ...x, id: '' })));
});
