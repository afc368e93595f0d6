import { describe, expect, it } from 'vitest';

import { describeModelContract } from '../contract-suite.ts';
import { startChatServer } from '../testing/chat-server.ts';
import { generateContent } from '../testing/wire-protocols.ts';
import { describeWireProtocol } from '../wire-suite.ts';
import { googleProvider } from './google.ts';

const protocol = generateContent();
const environment = (url: string, key: string): Record<string, string> => ({
  GOOGLE_BASE_URL: url,
  GOOGLE_API_KEY: key,
});

describe('google', () => {
  it('knows its key and address by the names of the AI SDK too, after its own', async () => {
    await using server = await startChatServer(() => protocol.reply({ text: 'hello', end: 'done' }));
    const others = { GOOGLE_GENERATIVE_AI_BASE_URL: server.url, GOOGLE_GENERATIVE_AI_API_KEY: 'the-other' };
    const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hello' }] }];
    for (const environment of [others, { ...others, GOOGLE_API_KEY: 'its-own' }]) {
      const { model } = await googleProvider.open('gemini-3-pro', { environment });
      await model.doGenerate({ prompt });
    }
    expect(server.requests.map(({ headers }) => headers['x-goog-api-key'])).toEqual(['the-other', 'its-own']);
  });
});

describeModelContract({
  provider: googleProvider,
  environment,
  required: ['GOOGLE_API_KEY'],
  keyOf: (headers) => [headers['x-goog-api-key']].flat()[0],
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

describeWireProtocol({ provider: googleProvider, protocol, environment });
