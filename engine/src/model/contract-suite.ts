import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';

import type { LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from '@ai-sdk/provider';
import { describe, expect, it, vi } from 'vitest';

import { UsageError } from '../base/usage-error.ts';
import type { ModelProvider } from './contract.ts';
import { type ChatReply, type ChatServer, startChatServer } from './testing/chat-server.ts';

export interface ModelSuiteOptions {
  readonly provider: ModelProvider;
  /** Variables that name a server and a key. */
  readonly environment: (url: string, key: string) => Readonly<Record<string, string>>;
  /** Variables that are each required to open a model. */
  readonly required: readonly string[];
  /** URL that a provider without required variables asks; not given when a variable is required. */
  readonly localDefault?: string;
  /** The key as the server got it: for most, `Authorization` without `Bearer `. */
  readonly keyOf: (headers: IncomingHttpHeaders) => string | undefined;
  /** The same answers in the protocol of this provider. */
  readonly replies: ModelReplies;
}

export interface ModelReplies {
  /** Text `hello`, reasoning `because`, id `answer-1`, model `served-model`; 100 tokens in, 20 out, 5 of them reasoning. */
  readonly text: ChatReply;
  /** Two calls of `bash` with `{"cmd":"ls"}` and `{"cmd":"pwd"}`, ids `call-a` and `call-b`. */
  readonly toolCalls: ChatReply;
  /** The answer was cut at its length limit. */
  readonly cut: ChatReply;
}

const KEY = 'key-of-the-suite-0123456789';

const question: LanguageModelV4CallOptions = {
  prompt: [
    { role: 'system', content: 'You are brief.' },
    { role: 'user', content: [{ type: 'text', text: 'What is here?' }] },
  ],
  tools: [
    {
      type: 'function',
      name: 'bash',
      description: 'Runs a command.',
      inputSchema: { type: 'object', properties: { cmd: { type: 'string' } }, required: ['cmd'] },
    },
  ],
};

/** The tests that every adapter must pass. */
export function describeModelContract(options: ModelSuiteOptions): void {
  const { provider, environment, required, localDefault, keyOf, replies } = options;
  interface ServedCall {
    readonly result: LanguageModelV4GenerateResult;
    readonly server: ChatServer;
  }
  const ask = async (reply: ChatReply): Promise<ServedCall> => {
    await using server = await startChatServer(() => reply);
    const { model } = await provider.open('some-model', { environment: environment(server.url, KEY) });
    return { result: await model.doGenerate(question), server };
  };

  describe(`model contract: ${provider.prefix}`, () => {
    it('has a prefix that can stand before a slash, and says which variables it reads', () => {
      expect(provider.prefix).toMatch(/^[a-z][a-z0-9-]*$/);
      for (const variable of required) expect(provider.usage).toContain(variable);
    });

    it('opens without a connection', async () => {
      let connections = 0;
      const server = createServer(() => connections++).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      await provider.open('some-model', { environment: environment(`http://127.0.0.1:${port}/v1`, KEY) });
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(connections).toBe(0);
      server.close();
    });

    it.each(required)('names %s in one sentence when it is missing or empty', async (variable) => {
      const whole = environment('http://127.0.0.1:9/v1', KEY);
      const { [variable]: _, ...without } = whole;
      for (const lacking of [without, { ...whole, [variable]: '' }, { ...whole, [variable]: ' ' }]) {
        const error: unknown = await provider.open('some-model', { environment: lacking }).catch((one: unknown) => one);
        expect(error).toBeInstanceOf(UsageError);
        expect(error).toMatchObject({ message: expect.stringContaining(variable) });
        expect(error).not.toMatchObject({ message: expect.stringContaining('\n') });
      }
    });

    it('bears the name that the user wrote, slashes of the model id included', async () => {
      const environmentOf = environment('http://127.0.0.1:9/v1', KEY);
      const { name } = await provider.open('maker/some-model:free', { environment: environmentOf });
      expect(name).toBe(`${provider.prefix}/maker/some-model:free`);
    });

    it('sends every sampling parameter that is given, or says which one its interface does not take', async () => {
      await using server = await startChatServer(() => replies.text);
      const { model } = await provider.open('some-model', { environment: environment(server.url, KEY) });
      const given = { temperature: 0.37, topP: 0.83, topK: 41, maxOutputTokens: 1234, seed: 987_654 };
      const { warnings } = await model.doGenerate({ ...question, ...given });
      const sent = JSON.stringify(server.requests[0]?.body);
      const refused = warnings.flatMap((warning) => (warning.type === 'unsupported' ? [warning.feature] : []));
      for (const [name, value] of Object.entries(given))
        expect([name, sent.includes(`:${value}`)]).toEqual([name, !refused.includes(name)]);
    });

    it('says at which address it asks', async () => {
      await using server = await startChatServer(() => replies.text);
      const open = await provider.open('some-model', { environment: environment(server.url, KEY) });
      await open.model.doGenerate(question);
      expect(open.endpoint).toMatch(/^http:/);
      const { host, pathname } = new URL(open.endpoint ?? '');
      expect(host).toBe(new URL(server.url).host);
      for (const { path } of server.requests) expect(path.startsWith(pathname)).toBe(true);
    });

    it('sends no key of the environment to an address that a file chose', async () => {
      const variables = environment('http://127.0.0.1:9/v1', KEY);
      const [address = ''] = Object.keys(variables).filter((name) => variables[name] !== KEY);
      const [key = ''] = Object.keys(variables).filter((name) => variables[name] === KEY);
      const openWith = (...names: readonly string[]): Promise<unknown> =>
        provider.open('some-model', { environment: variables, fromFile: new Set(names) }).catch((one: unknown) => one);
      const refused = await openWith(address);
      expect(refused).toBeInstanceOf(UsageError);
      expect(refused).toMatchObject({
        message: `${address} comes from a file .env and ${key} from the environment, so the file would choose where your key is sent: set both in the same place`,
      });
      // Both from one place, or the address from the environment, which wins over any file.
      for (const names of [[], [address, key], [key]])
        expect(await openWith(...names)).toMatchObject({ secrets: [KEY] });
    });

    it('takes nothing from the environment of the process', async () => {
      const variables = environment('http://127.0.0.1:9/v1', KEY);
      for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
      try {
        if (localDefault === undefined) {
          await expect(provider.open('some-model', { environment: {} })).rejects.toThrow(UsageError);
          return;
        }
        // Nothing is missing, so it opens. It must then ask its default address, without the key.
        const asked: { readonly url: string; readonly sent: string }[] = [];
        vi.stubGlobal('fetch', async (input: string | URL | Request, init?: RequestInit) => {
          const request = new Request(input, init);
          asked.push({ url: request.url, sent: JSON.stringify([...request.headers]) });
          return Response.json(replies.text.body);
        });
        const { model, secrets } = await provider.open('some-model', { environment: {} });
        await model.doGenerate(question);
        expect(asked.map(({ url }) => url)).toEqual([localDefault]);
        expect([asked[0]?.sent, JSON.stringify(secrets)].join()).not.toContain(KEY);
      } finally {
        vi.unstubAllEnvs();
        vi.unstubAllGlobals();
      }
    });

    it('sends the key to the server, and says that it is a secret', async () => {
      const { server } = await ask(replies.text);
      expect(server.requests.map(({ headers }) => keyOf(headers))).toEqual([KEY]);
      const { secrets } = await provider.open('some-model', { environment: environment(server.url, `  ${KEY}\n`) });
      expect(secrets).toEqual([KEY]);
    });

    it('asks for the model by the id after the prefix, with every message and tool', async () => {
      const { server } = await ask(replies.text);
      const sent = JSON.stringify(server.requests[0]?.body);
      for (const part of ['some-model', 'You are brief.', 'What is here?', 'bash', 'Runs a command.'])
        expect(sent).toContain(part);
    });

    it('answers text and reasoning, with the id of the answer and the model that gave it', async () => {
      const { result } = await ask(replies.text);
      const parts = result.content.filter(({ type }) => type === 'text' || type === 'reasoning');
      expect(parts).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ type: 'reasoning', text: 'because' }),
          expect.objectContaining({ type: 'text', text: 'hello' }),
        ]),
      );
      expect(parts).toHaveLength(2);
      expect(result.response).toMatchObject({ id: 'answer-1', modelId: 'served-model' });
      expect(result.finishReason.unified).toBe('stop');
      expect(result.warnings).toEqual([]);
    });

    it('answers how many tokens were used', async () => {
      const { result } = await ask(replies.text);
      expect(result.usage).toMatchObject({ inputTokens: { total: 100 }, outputTokens: { total: 20, reasoning: 5 } });
    });

    it('answers several tool calls in their order', async () => {
      const { result } = await ask(replies.toolCalls);
      expect(result.content).toMatchObject([
        { type: 'tool-call', toolCallId: 'call-a', toolName: 'bash', input: '{"cmd":"ls"}' },
        { type: 'tool-call', toolCallId: 'call-b', toolName: 'bash', input: '{"cmd":"pwd"}' },
      ]);
      expect(result.finishReason.unified).toBe('tool-calls');
    });

    it('says when an answer was cut', async () => {
      expect((await ask(replies.cut)).result.finishReason.unified).toBe('length');
    });

    it.each([429, 500, 503])('makes no attempt of its own to retry after %d', async (status) => {
      await using server = await startChatServer(() => ({ status, body: { error: { message: 'busy' } } }));
      const { model } = await provider.open('some-model', { environment: environment(server.url, KEY) });
      await expect(model.doGenerate(question)).rejects.toMatchObject({ statusCode: status });
      expect(server.requests).toHaveLength(1);
    });

    it('gives up when it is told to', async () => {
      await using server = await startChatServer(() => ({ ...replies.text, delayMs: 5000 }));
      const { model } = await provider.open('some-model', { environment: environment(server.url, KEY) });
      const abortSignal = AbortSignal.timeout(50);
      await expect(model.doGenerate({ ...question, abortSignal })).rejects.toThrow(/abort/);
    });
  });
}
