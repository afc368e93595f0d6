import type { LanguageModelV4, LanguageModelV4StreamPart, LanguageModelV4StreamResult } from '@ai-sdk/provider';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { generateByStreaming } from './generate-by-streaming.ts';

const BOUNDS = { bytesMax: 1000, idleMsMax: 1000 };
const question = { prompt: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Go.' }] }] };
const finish: LanguageModelV4StreamPart = {
  type: 'finish',
  finishReason: { unified: 'stop', raw: 'stop' },
  usage: {
    inputTokens: { total: 1, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: 2, text: undefined, reasoning: undefined },
  },
};
const text = (id: string, ...deltas: string[]): LanguageModelV4StreamPart[] => [
  { type: 'text-start', id },
  ...deltas.map((delta): LanguageModelV4StreamPart => ({ type: 'text-delta', id, delta })),
  { type: 'text-end', id },
];

function streaming(doStream: (signal: AbortSignal) => Promise<LanguageModelV4StreamResult>): LanguageModelV4 {
  return {
    specificationVersion: 'v4',
    provider: 'test',
    modelId: 'streaming',
    supportedUrls: {},
    doGenerate: () => {
      throw new TypeError('not asked');
    },
    doStream: ({ abortSignal = new AbortController().signal }) => doStream(abortSignal),
  };
}

const bringing = (...parts: readonly LanguageModelV4StreamPart[]): LanguageModelV4 =>
  streaming(() => Promise.resolve({ stream: ReadableStream.from(parts), response: { headers: { a: 'b' } } }));

describe('an answer from a stream', () => {
  it('is put together from its pieces, in the order in which they began', async () => {
    const result = await generateByStreaming(
      bringing(
        { type: 'stream-start', warnings: [{ type: 'other', message: 'careful' }] },
        { type: 'response-metadata', id: 'answer-1' },
        { type: 'response-metadata', modelId: 'served-model' },
        { type: 'reasoning-start', id: 'r' },
        { type: 'text-start', id: 't' },
        { type: 'text-delta', id: 't', delta: 'hel' },
        { type: 'reasoning-delta', id: 'r', delta: 'because' },
        { type: 'ping' },
        { type: 'text-delta', id: 't', delta: 'lo' },
        { type: 'reasoning-end', id: 'r', providerMetadata: { vendor: { signature: 'sealed' } } },
        { type: 'text-end', id: 't' },
        { type: 'tool-call', toolCallId: 'call-a', toolName: 'bash', input: '{"cmd":"ls"}' },
        ...text('t', 'again, with the same id'),
        finish,
      ),
      question,
      BOUNDS,
    );
    expect(result).toEqual({
      content: [
        { type: 'reasoning', text: 'because', providerMetadata: { vendor: { signature: 'sealed' } } },
        { type: 'text', text: 'hello' },
        { type: 'tool-call', toolCallId: 'call-a', toolName: 'bash', input: '{"cmd":"ls"}' },
        { type: 'text', text: 'again, with the same id' },
      ],
      finishReason: finish.finishReason,
      usage: finish.usage,
      response: { id: 'answer-1', modelId: 'served-model', headers: { a: 'b' } },
      warnings: [{ type: 'other', message: 'careful' }],
    });
  });

  it('is the same however its text is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string(), { minLength: 1 }), async (deltas) => {
        const whole = deltas.join('');
        const bounds = { ...BOUNDS, bytesMax: Buffer.byteLength(whole) };
        const { content } = await generateByStreaming(bringing(...text('t', ...deltas), finish), question, bounds);
        expect(content).toEqual(whole === '' ? [] : [{ type: 'text', text: whole }]);
      }),
    );
  });

  it('keeps a block without text that the vendor wants back', async () => {
    const sealed = { type: 'reasoning-start' as const, id: 'r', providerMetadata: { vendor: { data: 'sealed' } } };
    const { content } = await generateByStreaming(bringing(sealed, finish), question, BOUNDS);
    expect(content).toEqual([{ type: 'reasoning', text: '', providerMetadata: { vendor: { data: 'sealed' } } }]);
  });

  it('has arguments as the model wrote them, where a package put an empty object in their place', async () => {
    const parts: LanguageModelV4StreamPart[] = [
      { type: 'tool-input-start', id: 'call-a', toolName: 'bash' },
      { type: 'tool-input-delta', id: 'call-a', delta: '{"cmd":' },
      { type: 'tool-input-end', id: 'call-a' },
      { type: 'tool-call', toolCallId: 'call-a', toolName: 'bash', input: '{}' },
    ];
    const { content } = await generateByStreaming(bringing(...parts, finish), question, BOUNDS);
    expect(content).toMatchObject([{ input: '{"cmd":' }]);
  });
});

describe('a stream that is no answer', () => {
  it.each([
    ['one byte too many', [...text('t', 'ä'.repeat(500), 'b'), finish], 'answer-too-large'],
    ['an error of the vendor', [{ type: 'error', error: { message: 'overloaded' } }, finish], 'stream-broken'],
    ['no end', text('t', 'hel'), 'stream-unfinished'],
    ['nothing', [], 'stream-unfinished'],
  ] as const)('%s', async (_what, parts, code) => {
    const asked = generateByStreaming(bringing(...parts), question, BOUNDS);
    await expect(asked).rejects.toMatchObject({ name: 'ModelStreamError', code });
  });

  it('says what the vendor said', async () => {
    const error = { type: 'error' as const, error: new TypeError('terminated') };
    const asked = generateByStreaming(bringing(error), question, BOUNDS);
    await expect(asked).rejects.toMatchObject({
      message: 'the stream of the model broke: terminated',
      cause: error.error,
    });
  });

  it('silence before the first piece, and the connection is closed', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<string>();
    const model = streaming((signal) => {
      signal.addEventListener('abort', () => resolve('closed'));
      return new Promise(() => undefined);
    });
    const asked = generateByStreaming(model, question, { ...BOUNDS, idleMsMax: 30 });
    await expect(asked).rejects.toMatchObject({
      code: 'stream-silent',
      message: 'nothing came from the model for 30 ms',
    });
    expect(await closed).toBe('closed');
  });

  it('pieces that never end are given up at the bound, and the stream is closed', async () => {
    const { promise: cancelled, resolve } = Promise.withResolvers<string>();
    const stream = new ReadableStream<LanguageModelV4StreamPart>({
      start: (controller) => controller.enqueue({ type: 'text-start', id: 't' }),
      pull: (controller) => controller.enqueue({ type: 'text-delta', id: 't', delta: 'more ' }),
      cancel: () => resolve('cancelled'),
    });
    const model = streaming(() => Promise.resolve({ stream }));
    await expect(generateByStreaming(model, question, BOUNDS)).rejects.toMatchObject({ code: 'answer-too-large' });
    expect(await cancelled).toBe('cancelled');
  });

  it('the end of the caller’s patience is his error, not ours', async () => {
    const model = streaming(() => Promise.resolve({ stream: new ReadableStream() }));
    const asked = generateByStreaming(model, { ...question, abortSignal: AbortSignal.timeout(20) }, BOUNDS);
    await expect(asked).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
