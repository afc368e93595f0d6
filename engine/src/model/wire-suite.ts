import { inspect } from 'node:util';

import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
} from '@ai-sdk/provider';
import { describe, expect, it } from 'vitest';

import { AnswerTooLargeError } from './bounded-fetch.ts';
import type { ModelProvider } from './contract.ts';
import { type ChatReply, type ChatServer, startChatServer } from './testing/chat-server.ts';
import type { WireAnswer, WireProtocol } from './testing/wire-protocols.ts';

export interface WireSuiteOptions {
  readonly provider: ModelProvider;
  readonly protocol: WireProtocol;
  readonly environment: (url: string, key: string) => Readonly<Record<string, string>>;
}

/** A canary key: wherever it appears, a real key would have leaked. */
const CANARY = 'canary-key-3f9d0c1e77a2';
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

const plain: WireAnswer = { text: 'hello', end: 'done' };
const call = (id: string, cmd: string): { id: string; name: string; input: string } => ({
  id,
  name: 'bash',
  input: JSON.stringify({ cmd }),
});
const twoCalls: WireAnswer = { text: 'I look.', calls: [call('call-a', 'ls'), call('call-b', 'pwd')], end: 'done' };

/** What the wire carries, and what becomes of an invalid answer. */
export function describeWireProtocol({ provider, protocol, environment }: WireSuiteOptions): void {
  const open = async (server: ChatServer): Promise<LanguageModelV4> =>
    (await provider.open('some-model', { environment: environment(server.url, CANARY) })).model;
  const receive = async (reply: ChatReply): Promise<LanguageModelV4GenerateResult> => {
    await using server = await startChatServer(() => reply);
    return await (await open(server)).doGenerate(question);
  };
  const ask = (answer: WireAnswer): Promise<LanguageModelV4GenerateResult> => receive(protocol.reply(answer));

  describe(`wire protocol: ${provider.prefix} (${protocol.name})`, () => {
    it('text', async () => {
      const result = await ask(plain);
      expect(shown(result)).toEqual(['text: hello']);
      expect(result.finishReason).toEqual({ unified: 'stop', raw: protocol.rawEnd.done ?? undefined });
      expect(result.response).toMatchObject({ id: 'answer-1', modelId: 'served-model' });
      expect(result.warnings).toEqual([]);
    });

    it('reasoning, before the text', async () => {
      expect(shown(await ask({ reasoning: 'because', text: 'hello', end: 'done' }))).toEqual([
        'reasoning: because',
        'text: hello',
      ]);
    });

    it('a tool call', async () => {
      const result = await ask({ calls: [call('call-a', 'ls -l "$HOME"')], end: 'done' });
      expect(shown(result)).toEqual([`call call-a bash ${JSON.stringify({ cmd: 'ls -l "$HOME"' })}`]);
      expect(result.finishReason).toEqual({ unified: 'tool-calls', raw: protocol.rawEnd.calls ?? undefined });
    });

    it('several tool calls after a text, in their order', async () => {
      expect(shown(await ask(twoCalls))).toEqual([
        'text: I look.',
        'call call-a bash {"cmd":"ls"}',
        'call call-b bash {"cmd":"pwd"}',
      ]);
    });

    it('text beyond ASCII', async () => {
      expect(shown(await ask({ text: 'größer 日本 🛑', end: 'done' }))).toEqual(['text: größer 日本 🛑']);
    });

    it('tokens', async () => {
      const { usage } = await ask(plain);
      expect(usage.inputTokens.total).toBe(100);
      expect(usage.outputTokens.total).toBe(20);
      expect(usage.outputTokens.reasoning).toBe(5);
    });

    it('an answer cut at its bound', async () => {
      const { finishReason } = await ask({ text: 'hel', end: 'cut' });
      expect(finishReason).toEqual({ unified: 'length', raw: protocol.rawEnd.cut ?? undefined });
    });

    it('a refusal', async () => {
      const { finishReason } = await ask({ text: 'No.', end: 'refused' });
      expect(finishReason).toEqual({ unified: 'content-filter', raw: protocol.rawEnd.refused ?? undefined });
    });

    it('an answer with nothing in it', async () => {
      const result = await ask({ end: 'done' });
      expect(shown(result)).toEqual([]);
      expect(result.finishReason.unified).toBe('stop');
    });

    it.skipIf(!protocol.argumentsAreText)('arguments that are no JSON, as they came', async () => {
      const result = await ask({ calls: [{ id: 'call-a', name: 'bash', input: '{"cmd":' }], end: 'done' });
      expect(shown(result)).toEqual(['call call-a bash {"cmd":']);
    });

    it('a call of a tool that nobody offered', async () => {
      const result = await ask({ calls: [{ id: 'call-a', name: 'fly', input: '{"to":"Oslo"}' }], end: 'done' });
      expect(shown(result)).toEqual(['call call-a fly {"to":"Oslo"}']);
    });

    it('a whole conversation with calls and their results goes back', async () => {
      await using server = await startChatServer(() => protocol.reply(plain));
      await using first = await startChatServer(() => protocol.reply({ ...twoCalls, reasoning: 'because' }));
      const { content } = await (await open(first)).doGenerate(question);
      const model = await open(server);
      await model.doGenerate({
        ...question,
        prompt: [
          ...question.prompt,
          { role: 'assistant', content: toReplay(content) },
          {
            role: 'tool',
            content: ['call-a', 'call-b'].map((toolCallId) => ({
              type: 'tool-result',
              toolCallId,
              toolName: 'bash',
              output: { type: 'text', value: `result of ${toolCallId}` },
            })),
          },
        ],
      });
      const sent = JSON.stringify(server.requests[0]?.body);
      for (const part of ['You are brief.', 'What is here?', 'I look.', 'result of call-a', 'result of call-b', 'pwd'])
        expect(sent).toContain(part);
    });

    it.each([400, 401, 403, 404, 429, 500, 503, 529])('status %d with the words of the vendor', async (status) => {
      const words = `the vendor says ${status}`;
      const error = await caught(receive(protocol.error(status, words)));
      expect(error).toMatchObject({ name: 'AI_APICallError', statusCode: status });
      expect(String(error)).toContain(words);
    });

    it('how long to wait after 429, where the server says so', async () => {
      const busy = protocol.error(429, 'slow down');
      for (const headers of [{ 'retry-after': '7' }, {}]) {
        const error = await caught(receive({ ...busy, headers }));
        expect(error).toMatchObject({ isRetryable: true, responseHeaders: headers });
      }
    });

    it('an error page that is no JSON', async () => {
      const error = await caught(receive({ status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad' }));
      expect(error).toMatchObject({ name: 'AI_APICallError', statusCode: 502, responseBody: '<h1>Bad' });
    });

    it.each(['', '{', 'null', '[]', '{}', '{"choices":[]}', '<html>', '"hello"'])(
      'an error, not an answer, where the server says %s',
      async (body) => {
        const error = await caught(receive({ body }));
        // Gemini omits its list of answers if a filter stopped the question: there, an empty object is an answer.
        if (error === undefined) expect(protocol.name).toBe('generateContent');
        else expect(error).toBeInstanceOf(Error);
      },
    );

    it('a connection that is refused, closed or reset', async () => {
      const closed = await startChatServer(() => ({ body: '' }));
      await closed[Symbol.asyncDispose]();
      expect(await caught((await open(closed)).doGenerate(question))).toBeInstanceOf(Error);
      expect(await caught(receive({ body: '', hangUp: true }))).toBeInstanceOf(Error);
      const { body } = protocol.reply(plain);
      expect(await caught(receive({ body: JSON.stringify(body).slice(0, 40), afterwards: 'reset' }))).toBeInstanceOf(
        Error,
      );
    });

    it('the end of the caller’s patience', async () => {
      await using server = await startChatServer(() => ({ body: '{', afterwards: 'silence' }));
      const model = await open(server);
      const abortSignal = AbortSignal.timeout(60);
      expect(await caught(model.doGenerate({ ...question, abortSignal }))).toMatchObject({ name: /Abort|Timeout/ });
    });

    it('an answer of 10 MB is broken off', async () => {
      const huge: WireAnswer = { text: 'a'.repeat(10_000_000), end: 'done' };
      expect(causes(await caught(receive(protocol.reply(huge))))).toContain(AnswerTooLargeError.name);
    });

    it('no key in an error, even where the server sends it back', async () => {
      const replies: ChatReply[] = [
        protocol.error(401, `wrong key ${CANARY}`),
        { status: 500, body: `{"key":"${CANARY}"` },
        { status: 404, headers: { 'content-type': 'text/html' }, body: CANARY },
        { body: '{' },
        { body: '', hangUp: true },
      ];
      for (const reply of replies) {
        const error = await caught(receive(reply));
        expect(error).toBeInstanceOf(Error);
        expect(inspect(error, { depth: 12, showHidden: true, maxStringLength: null })).not.toContain(CANARY);
      }
    });

    it('a redirect is an error, and the key does not go along', async () => {
      await using elsewhere = await startChatServer(() => protocol.reply(plain));
      const location = `${elsewhere.url}/taken`;
      expect(await caught(receive({ status: 307, headers: { location }, body: '' }))).toMatchObject({
        statusCode: 307,
      });
      expect(elsewhere.requests).toEqual([]);
    });
  });
}

function shown({ content }: LanguageModelV4GenerateResult): string[] {
  return content.map((part) =>
    part.type === 'text' || part.type === 'reasoning'
      ? `${part.type}: ${part.text}`
      : part.type === 'tool-call'
        ? `call ${part.toolCallId} ${part.toolName} ${part.input}`
        : part.type,
  );
}

type AssistantContent = Extract<LanguageModelV4CallOptions['prompt'][number], { role: 'assistant' }>['content'];

/** An answer in the form in which the agent's loop sends it back. */
function toReplay(content: readonly LanguageModelV4Content[]): AssistantContent {
  return content.flatMap((part): AssistantContent => {
    const options =
      'providerMetadata' in part && part.providerMetadata !== undefined
        ? { providerOptions: part.providerMetadata }
        : {};
    if (part.type === 'text' || part.type === 'reasoning') return [{ type: part.type, text: part.text, ...options }];
    if (part.type !== 'tool-call') return [];
    const { toolCallId, toolName } = part;
    return [{ type: 'tool-call', toolCallId, toolName, input: JSON.parse(part.input), ...options }];
  });
}

/** The error, or undefined if there was none. */
async function caught(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error;
  }
}

function causes(error: unknown): string[] {
  const names: string[] = [];
  for (let one = error; one instanceof Error && names.length < 8; one = one.cause) names.push(one.name);
  return names;
}
