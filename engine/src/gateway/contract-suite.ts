import { promisify } from 'node:util';
import { brotliCompress, deflate, gzip, zstdCompress } from 'node:zlib';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readAsData } from '../base/untrusted-text.ts';
import type { Reply } from './contract.ts';
import type { Answer } from './protocols/contract.ts';
import { STREAM_HEADERS } from './responder.ts';
import { call, inOrder, say, serveGateway, serveProvider } from './testing.ts';

/** The vendor's own SDK, and bodies in its own words. */
export interface VendorClient {
  readonly protocol: string;
  /**
   * Asks with the SDK, without retries: the system says `Be brief.`, the user `Look.`; tools `look` and `patch`, which take an
   * object. Rejects as the SDK does.
   */
  readonly ask: (url: string, options: AskOptions) => Promise<SdkAnswer>;
  readonly statusOf: (error: unknown) => number | undefined;
  /** Target of a request that is not streamed. */
  readonly target: string;
  /** Target of one that is streamed; its body has `stream`, if the protocol has that. */
  readonly streamedTarget: string;
  readonly bodies: {
    /** See `CONVERSATION`. */
    readonly conversation: Record<string, unknown>;
    readonly unknownPart: Record<string, unknown>;
    readonly unknownTool: Record<string, unknown>;
    readonly orphanResult: Record<string, unknown>;
  };
}

export interface AskOptions {
  readonly streamed: boolean;
  readonly signal?: AbortSignal;
}

export interface SdkAnswer {
  readonly text: string;
  readonly calls: readonly { readonly id: string; readonly tool: string; readonly input: unknown }[];
  readonly end: 'calls' | 'length' | 'refusal' | 'stop';
  readonly usage: { readonly input: number; readonly output: number };
}

/** What every protocol's `conversation` must be read as. */
const CONVERSATION = [
  { role: 'system', content: 'Be brief.' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'Look.' },
      { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'aGk=' } },
    ],
  },
  {
    role: 'assistant',
    content: [
      { type: 'text', text: 'I look.' },
      { type: 'tool-call', toolCallId: 'call_1', toolName: 'look', input: { at: 'a' } },
      { type: 'tool-call', toolCallId: 'call_2', toolName: 'look', input: { at: 'b' } },
    ],
  },
  {
    role: 'tool',
    content: [
      { type: 'tool-result', toolCallId: 'call_1', toolName: 'look', output: { type: 'text', value: 'found ünï 🙂' } },
      { type: 'tool-result', toolCallId: 'call_2', toolName: 'look', output: { type: 'text', value: 'nothing' } },
    ],
  },
];

const ANSWERS: Readonly<Record<string, Answer>> = {
  'a text': say('Good morning, ünï 🙂 \u0000\u2028 "\\n'),
  'an empty text': say(''),
  'no part at all': say([]),
  'a tool call': say([call('call_1', 'look', { at: 'a' })]),
  'a text and two calls': say([
    { type: 'text', text: 'I look.' },
    call('call_1', 'look', { at: '🙂' }),
    call('call_2', 'look', {}),
  ]),
  'an answer that was cut': say('I lo', 'length'),
};

const anyAnswer: fc.Arbitrary<Answer> = fc
  .record({
    text: fc.string({ unit: 'binary', minLength: 1 }).map((text) => text.toWellFormed()),
    inputs: fc.array(
      fc.dictionary(
        fc.string({ unit: 'grapheme' }).filter((key) => key !== '__proto__'),
        fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean(), fc.constant(null)),
        { noNullPrototype: true },
      ),
      { maxLength: 3 },
    ),
  })
  .map(({ text, inputs }) =>
    say([{ type: 'text', text }, ...inputs.map((input, index) => call(`call_${index}`, 'look', input))]),
  );

/** Registers the tests that every protocol must pass. */
export function describeProtocolContract(vendor: VendorClient): void {
  const { protocol, ask, statusOf, target, streamedTarget, bodies } = vendor;
  const post = async (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: Buffer.isBuffer(body) ? Uint8Array.from(body) : JSON.stringify(body),
    });
  const readQuestion = async (body: unknown, headers: Record<string, string> = {}) => {
    await using gateway = await serveGateway({ upstream: { answer: inOrder(say('Yes.')) } });
    const response = await post(gateway.url + target, body, headers);
    await response.text();
    await gateway.told(1);
    return { status: response.status, exchange: gateway.exchanges[0] };
  };

  describe(`protocol ${protocol}`, () => {
    describe.each([false, true])('streamed: %s', (streamed) => {
      test.each(Object.entries(ANSWERS))('the SDK reads %s', async (_name, answer) => {
        await using gateway = await serveGateway({ upstream: { answer: inOrder(answer) } });
        expect(await ask(gateway.url, { streamed })).toEqual(seenOf(answer));
        await gateway.told(1);
        expect(gateway.exchanges[0]).toMatchObject({
          number: 1,
          protocol,
          reply: answer,
          complete: true,
          refused: null,
          question: { streamed, model: 'm', options: { tools: [{ name: 'look' }, { name: 'patch' }] } },
        });
        expect(gateway.exchanges[0]?.answered.bytes.length).toBeGreaterThan(0);
      });

      test('the SDK reads a refusal', async () => {
        await using gateway = await serveGateway({
          upstream: { answer: inOrder(say('I will not.', 'content-filter')) },
        });
        const { text, calls } = await ask(gateway.url, { streamed });
        expect({ text, calls }).toEqual({ text: 'I will not.', calls: [] });
      });

      test('the SDK reads any answer', async () => {
        const answers: Answer[] = [];
        await using gateway = await serveGateway({
          upstream: {
            answer: async () => {
              const answer = answers.at(-1);
              if (answer === undefined) throw new TypeError('needs an answer');
              return answer;
            },
          },
        });
        await fc.assert(
          fc.asyncProperty(anyAnswer, async (answer) => {
            answers.push(answer);
            expect(await ask(gateway.url, { streamed })).toEqual(seenOf(answer));
          }),
          { numRuns: 25 },
        );
      });

      test.each([400, 401, 403, 404, 429, 500, 529])('the SDK sees the status %i of an error', async (status) => {
        await using gateway = await serveGateway({ upstream: { answer: inOrder({ status, message: 'No more.' }) } });
        const error = await ask(gateway.url, { streamed }).then(
          () => null,
          (caught: unknown) => caught,
        );
        expect(statusOf(error)).toBe(status);
        expect(String(error)).toContain('No more.');
      });

      test('the SDK sees an error of the server when the answerer breaks, without its words', async () => {
        await using gateway = await serveGateway({
          upstream: { answer: () => Promise.reject(new TypeError('/home/somebody is broken')) },
        });
        const error = await ask(gateway.url, { streamed }).then(
          () => null,
          (caught: unknown) => caught,
        );
        expect(statusOf(error)).toBe(500);
        expect(String(error)).not.toContain('somebody');
        await gateway.told(1);
        expect(gateway.exchanges[0]?.refused).toBe('/home/somebody is broken');
      });

      test('an answerer is told when the product hangs up', async () => {
        const asked = Promise.withResolvers<AbortSignal>();
        await using gateway = await serveGateway({
          upstream: {
            answer: (_question, signal) => {
              asked.resolve(signal);
              return Promise.withResolvers<Reply>().promise;
            },
          },
        });
        const client = new AbortController();
        const answer = ask(gateway.url, { streamed, signal: client.signal }).catch(() => 'aborted');
        const signal = await asked.promise;
        client.abort();
        expect(await answer).toBe('aborted');
        await gateway.told(1);
        expect(signal.aborted).toBe(true);
        expect(gateway.exchanges[0]).toMatchObject({
          complete: false,
          reply: null,
          refused: null,
          answered: { status: 0 },
        });
      });
    });

    test('reads a conversation as every protocol does', async () => {
      const { status, exchange } = await readQuestion(bodies.conversation);
      expect(status).toBe(200);
      expect(exchange?.question?.options.prompt).toMatchObject(CONVERSATION);
      expect(exchange?.question?.options.prompt.length).toBe(CONVERSATION.length);
    });

    test('a field that nobody knows changes nothing', async () => {
      const { status, exchange } = await readQuestion({ ...bodies.conversation, xyzzy: { a: [1] } });
      expect(status).toBe(200);
      expect(exchange?.question?.options).toEqual(
        (await readQuestion(bodies.conversation)).exchange?.question?.options,
      );
    });

    test.each(['unknownPart', 'unknownTool', 'orphanResult'] as const)(
      'refuses what it cannot read: %s',
      async (name) => {
        const { status, exchange } = await readQuestion(bodies[name]);
        expect(status).toBe(400);
        expect(exchange).toMatchObject({
          protocol,
          question: null,
          reply: null,
          refused: expect.stringMatching(/\w{5}/),
        });
        expect(Buffer.from(exchange?.answered.bytes ?? []).toString()).toContain(
          JSON.stringify(exchange?.refused).slice(1, -1),
        );
      },
    );

    test.each(['', '{', '[]', 'null', '3', '{"model":1}'])('refuses the body %j', async (text) => {
      const { status, exchange } = await readQuestion(Buffer.from(text));
      expect(status).toBe(400);
      expect(exchange?.refused).not.toBeNull();
    });

    test('a packed body is the same question', async () => {
      const plain = await readQuestion(bodies.conversation);
      for (const [encoding, pack] of Object.entries({ gzip, deflate, br: brotliCompress, zstd: zstdCompress })) {
        const packed = await promisify(pack)(Buffer.from(JSON.stringify(bodies.conversation)));
        const { exchange } = await readQuestion(packed, { 'content-encoding': encoding });
        expect(exchange?.question).toEqual(plain.exchange?.question);
        expect(exchange?.sent).toEqual(plain.exchange?.sent);
      }
    });

    describe.each([false, true])('forwarded, streamed: %s', (streamed) => {
      /** What a provider would say, in its own form. */
      const render = async (reply: Reply): Promise<Buffer> => {
        await using gateway = await serveGateway({ upstream: { answer: inOrder(reply) } });
        const response = await post(gateway.url + (streamed ? streamedTarget : target), streamedBody());
        return Buffer.from(await response.arrayBuffer());
      };
      const streamedBody = (): unknown =>
        streamed && !streamedTarget.includes('stream') ? { ...bodies.conversation, stream: true } : bodies.conversation;
      const headers = streamed ? STREAM_HEADERS : { 'content-type': 'application/json' };

      test.each(Object.entries(ANSWERS))('passes the bytes of %s, and reads it', async (_name, answer) => {
        const bytes = await render(answer);
        await using provider = await serveProvider((_request, response) => {
          response.writeHead(200, headers).end(bytes);
        });
        await using gateway = await serveGateway({
          upstream: { forward: { baseUrl: provider.url, headers: { 'x-key': 'a-secret-key' } } },
        });
        const response = await post(gateway.url + (streamed ? streamedTarget : target), streamedBody());
        expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
        await gateway.told(1);
        const [exchange] = gateway.exchanges;
        expect(exchange).toMatchObject({ complete: true, refused: null });
        const parts = (reply: Reply | null | undefined): unknown =>
          reply && 'content' in reply
            ? reply.content.filter((part) => part.type !== 'text' || part.text !== '')
            : reply;
        expect(parts(exchange?.reply)).toMatchObject(parts(answer) as object);
      });

      test('the SDK gets words in place of calls that are refused', async () => {
        const bytes = await render(ANSWERS['a text and two calls'] ?? say(''));
        await using provider = await serveProvider((_request, response) => {
          response.writeHead(200, headers).end(bytes);
        });
        const decided: unknown[] = [];
        await using gateway = await serveGateway({
          upstream: {
            forward: {
              baseUrl: provider.url,
              headers: {},
              decide: async (_question, calls) => {
                decided.push(...calls);
                return { do: 'refuse', text: 'That is not allowed.' };
              },
            },
          },
        });
        const answer = await ask(gateway.url, { streamed });
        expect(answer).toMatchObject({ text: 'I look.That is not allowed.', calls: [], end: 'stop' });
        expect(decided).toEqual([
          { callId: 'call_1', tool: 'look', input: '{"at":"🙂"}' },
          { callId: 'call_2', tool: 'look', input: '{}' },
        ]);
        await gateway.told(1);
        expect(gateway.exchanges[0]?.refused).toBe('That is not allowed.');
        expect(Buffer.from(gateway.exchanges[0]?.answered.bytes ?? []).toString()).not.toContain('call_1');
      });

      test.each([
        ['a stop', async () => ({ do: 'stop', text: 'It is over.' }) as const],
        ['no decision', () => Promise.reject(new TypeError('broken'))],
      ])('the SDK gets an error and no call after %s', async (_name, decide) => {
        const bytes = await render(say([call('call_1', 'look', {})]));
        await using provider = await serveProvider((_request, response) => {
          response.writeHead(200, headers).end(bytes);
        });
        await using gateway = await serveGateway({
          upstream: { forward: { baseUrl: provider.url, headers: {}, decide } },
        });
        await expect(ask(gateway.url, { streamed })).rejects.toThrow();
        await gateway.told(1);
        expect(gateway.exchanges[0]?.refused).not.toBeNull();
        expect(Buffer.from(gateway.exchanges[0]?.answered.bytes ?? []).toString()).not.toContain('call_1');
      });

      test('an answer that is cut anywhere gives the SDK no call', async () => {
        const bytes = await render(ANSWERS['a text and two calls'] ?? say(''));
        let cutAt = 0;
        await using provider = await serveProvider((_request, response) => {
          response.writeHead(200, headers).write(bytes.subarray(0, cutAt), () => response.destroy());
        });
        await using gateway = await serveGateway({ upstream: { forward: { baseUrl: provider.url, headers: {} } } });
        await fc.assert(
          fc.asyncProperty(fc.nat(bytes.length - 3), async (cut) => {
            cutAt = cut;
            const before = gateway.exchanges.length;
            const response = await post(gateway.url + (streamed ? streamedTarget : target), streamedBody());
            const text = await response.text().catch(() => '');
            expect(text).not.toContain('call_1');
            await gateway.told(before + 1);
            expect(gateway.exchanges.at(-1)).toMatchObject({ reply: null, refused: expect.any(String) });
          }),
          { numRuns: 30 },
        );
      });

      test.each(['', 'nonsense', '{}', 'data: {}\n\n', 'data: {"type":"xyzzy"}\n\n'])(
        'nonsense of a provider is an error: %j',
        async (nonsense) => {
          await using provider = await serveProvider((_request, response) => {
            response.writeHead(200, headers).end(nonsense);
          });
          await using gateway = await serveGateway({ upstream: { forward: { baseUrl: provider.url, headers: {} } } });
          await expect(ask(gateway.url, { streamed })).rejects.toThrow();
          await gateway.told(1);
          expect(gateway.exchanges[0]).toMatchObject({ reply: null, refused: expect.any(String) });
        },
      );

      test('any split of the provider’s bytes is the same answer', async () => {
        const answer = ANSWERS['a text and two calls'] ?? say('');
        const bytes = await render(answer);
        let cuts: readonly number[] = [];
        await using provider = await serveProvider((_request, response) => {
          response.writeHead(200, headers);
          const at = [0, ...cuts, bytes.length];
          for (const [index, end] of at.slice(1).entries()) response.write(bytes.subarray(at[index], end));
          response.end();
        });
        await using gateway = await serveGateway({ upstream: { forward: { baseUrl: provider.url, headers: {} } } });
        await fc.assert(
          fc.asyncProperty(
            fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 8 }),
            async (at) => {
              cuts = at.sort((a, b) => a - b);
              const { text, calls } = await ask(gateway.url, { streamed });
              expect({ text, calls }).toEqual({ text: seenOf(answer).text, calls: seenOf(answer).calls });
            },
          ),
          { numRuns: 10 },
        );
      });
    });

    test('names the request without the values of its query', async () => {
      await using gateway = await serveGateway({ upstream: { answer: inOrder(say('Yes.')) } });
      const mark = target.includes('?') ? '&' : '?';
      await (await post(`${gateway.url}${target}${mark}key=AIza-secret`, bodies.conversation)).text();
      await gateway.told(1);
      expect(readAsData(gateway.exchanges[0]?.request ?? ({} as never))).toBe(`POST ${target}${mark}key=…`);
    });
  });
}

function seenOf(answer: Answer): SdkAnswer {
  const text = answer.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
  const calls = answer.content.flatMap((part) =>
    part.type === 'tool-call'
      ? [{ id: part.toolCallId, tool: part.toolName, input: JSON.parse(part.input) as unknown }]
      : [],
  );
  const end = answer.finishReason.unified === 'length' ? 'length' : calls.length > 0 ? 'calls' : 'stop';
  return { text, calls, end, usage: { input: 120, output: 30 } };
}
