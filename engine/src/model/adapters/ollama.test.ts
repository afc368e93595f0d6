import { describe, expect, it, vi } from 'vitest';

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
  required: [],
  localDefault: 'http://localhost:11434/v1/chat/completions',
  keyOf: ({ authorization }) => /^Bearer (.*)$/.exec(authorization ?? '')?.[1],
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

describeWireProtocol({ provider: ollamaProvider, protocol, environment });

/** Where it would ask. The network is left alone: nobody says what listens at a default address. */
async function askedAt(environment: Record<string, string>): Promise<string> {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (input: string | URL | Request) => {
    asked.push(input instanceof Request ? input.url : String(input));
    return Response.json(protocol.reply({ text: 'hello', end: 'done' }).body);
  });
  try {
    const { model } = await ollamaProvider.open('qwen3:8b', { environment });
    await model.doGenerate({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }] });
  } finally {
    vi.unstubAllGlobals();
  }
  return asked.join(' ');
}

describe('ollama', () => {
  it.each([
    [{}, 'http://localhost:11434'],
    [{ OLLAMA_HOST: ' ' }, 'http://localhost:11434'],
    [{ OLLAMA_HOST: 'gpu.example' }, 'http://gpu.example:11434'],
    [{ OLLAMA_HOST: '192.0.2.7:8000' }, 'http://192.0.2.7:8000'],
    [{ OLLAMA_HOST: ':8000' }, 'http://localhost:8000'],
    [{ OLLAMA_HOST: '0.0.0.0' }, 'http://localhost:11434'],
    [{ OLLAMA_HOST: '[::]:8000' }, 'http://localhost:8000'],
    [{ OLLAMA_HOST: 'https://ollama.example' }, 'https://ollama.example'],
    [{ OLLAMA_HOST: 'http://ollama.example:8000/' }, 'http://ollama.example:8000'],
    [{ OLLAMA_HOST: 'other.example', OLLAMA_BASE_URL: 'http://gpu.example:1234' }, 'http://gpu.example:1234'],
  ])('with %j asks %s', async (variables, address) => {
    expect(await askedAt(variables)).toBe(`${address}/v1/chat/completions`);
  });

  it('sends no key of the environment to a host that a file chose', async () => {
    const environment = { OLLAMA_HOST: 'gpu.example', OLLAMA_API_KEY: 'mine' };
    const open = (...names: readonly string[]): Promise<unknown> =>
      ollamaProvider.open('qwen3:8b', { environment, fromFile: new Set(names) });
    await expect(open('OLLAMA_HOST')).rejects.toThrow(/^OLLAMA_HOST comes from a file \.env/);
    await expect(open('OLLAMA_HOST', 'OLLAMA_API_KEY')).resolves.toMatchObject({
      endpoint: 'http://gpu.example:11434/v1',
    });
    await expect(open()).resolves.toMatchObject({ name: 'ollama/qwen3:8b' });
  });

  it.each(['http://', 'not an address', 'ftp://gpu.example'])('refuses OLLAMA_HOST=%s in a sentence', async (host) => {
    const opened = ollamaProvider.open('qwen3:8b', { environment: { OLLAMA_HOST: host } });
    await expect(opened).rejects.toMatchObject({ name: 'UsageError', message: expect.stringContaining('OLLAMA_') });
  });

  it.each([
    ['', '/v1/chat/completions'],
    ['/', '/v1/chat/completions'],
    ['/v1', '/v1/chat/completions'],
    ['/behind/a/proxy/v1/', '/behind/a/proxy/v1/chat/completions'],
  ])('finds its server at an address that ends with "%s"', async (path, asked) => {
    await using server = await startChatServer(() => protocol.reply({ text: 'hello', end: 'done' }));
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
