import { describe, expect, it } from 'vitest';

import { describeModelContract } from '../contract-suite.ts';
import { startChatServer } from '../testing/chat-server.ts';
import { chatCompletions } from '../testing/wire-protocols.ts';
import { describeWireProtocol } from '../wire-suite.ts';
import { ollamaProvider } from './ollama.ts';

const protocol = chatCompletions('reasoning');
const environment = (url: string, key: string): Record<string, string> => ({
  OLLAMA_BASE_URL: url,
  OLLAMA_API_KEY: key,
});

describeModelContract({
  provider: ollamaProvider,
  environment,
  required: ['OLLAMA_BASE_URL'],
  keyOf: ({ authorization }) => /^Bearer (.*)$/.exec(authorization ?? '')?.[1],
  replies: {
    text: protocol.whole({ reasoning: 'because', text: 'hello', end: 'done' }),
    toolCalls: protocol.whole({
      calls: ['ls', 'pwd'].map((cmd, index) => ({
        id: `call-${'ab'.charAt(index)}`,
        name: 'bash',
        input: JSON.stringify({ cmd }),
      })),
      end: 'done',
    }),
    cut: protocol.whole({ text: 'hel', end: 'cut' }),
  },
});

describeWireProtocol({ provider: ollamaProvider, protocol, environment });

describe('ollama', () => {
  it.each([
    ['', '/v1/chat/completions'],
    ['/', '/v1/chat/completions'],
    ['/v1', '/v1/chat/completions'],
    ['/behind/a/proxy/v1/', '/behind/a/proxy/v1/chat/completions'],
  ])('finds its server at an address that ends with "%s"', async (path, asked) => {
    await using server = await startChatServer(() => protocol.whole({ text: 'hello', end: 'done' }));
    const { origin } = new URL(server.url);
    const { model, secrets } = await ollamaProvider.open('qwen3:8b', {
      environment: { OLLAMA_BASE_URL: origin + path },
    });
    const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hello' }] }];
    await model.doGenerate({ prompt, temperature: 0.5, seed: 7, maxOutputTokens: 100 });
    expect(secrets).toEqual([]);
    expect(server.requests).toMatchObject([
      { path: asked, body: { model: 'qwen3:8b', temperature: 0.5, seed: 7, max_tokens: 100 } },
    ]);
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });
});
