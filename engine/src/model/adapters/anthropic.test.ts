import { describe, expect, it } from 'vitest';

import { describeModelContract } from '../contract-suite.ts';
import { startChatServer } from '../testing/chat-server.ts';
import { messages } from '../testing/wire-protocols.ts';
import { describeWireProtocol } from '../wire-suite.ts';
import { anthropicProvider } from './anthropic.ts';

const protocol = messages();
const environment = (url: string, key: string): Record<string, string> => ({
  ANTHROPIC_BASE_URL: url,
  ANTHROPIC_API_KEY: key,
});

describeModelContract({
  provider: anthropicProvider,
  environment,
  required: ['ANTHROPIC_API_KEY'],
  keyOf: (headers) => [headers['x-api-key']].flat()[0],
  replies: {
    text: protocol.reply({ reasoning: 'because', text: 'hello', end: 'done' }),
    toolCalls: protocol.reply({
      calls: ['ls', 'pwd'].map((cmd, index) => ({
        id: `call-${'ab'.charAt(index)}`,
        name: 'bash',
        input: JSON.stringify({ cmd }),
      })),
      end: 'done',
    }),
    cut: protocol.reply({ text: 'hel', end: 'cut' }),
  },
});

describeWireProtocol({ provider: anthropicProvider, protocol, environment });

describe('anthropic', () => {
  it.each([
    [undefined, 16_384],
    [500, 500],
  ])('bounds an answer for which %s tokens were asked at %d', async (maxOutputTokens, sent) => {
    await using server = await startChatServer(() => protocol.reply({ text: 'hello', end: 'done' }));
    const { model, properties } = await anthropicProvider.open('some-model', {
      environment: environment(server.url, 'some-key'),
    });
    const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hello' }] }];
    await model.doGenerate({ prompt, ...(maxOutputTokens !== undefined && { maxOutputTokens }) });
    expect(server.requests[0]?.body).toMatchObject({ max_tokens: sent });
    expect(properties).toEqual({ maxOutputTokensDefault: '16384' });
  });
});
