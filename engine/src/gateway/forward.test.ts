import { describe, expect, test } from 'vitest';

import type { Forwarder } from './contract.ts';
import { STREAM_HEADERS } from './responder.ts';
import { serveGateway, serveProvider } from './testing.ts';

const KEY = 'sk-a-key-that-nobody-may-see';
const body = JSON.stringify({
  model: 'm',
  max_tokens: 9,
  messages: [{ role: 'user', content: 'Look.' }],
  stream: true,
});
const event = (data: { readonly type: string } & Record<string, unknown>): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const START = event({
  type: 'message_start',
  message: { type: 'message', content: [], stop_reason: null, usage: { input_tokens: 1, output_tokens: 1 } },
});
const textBlock = (index: number, text: string): string =>
  event({ type: 'content_block_start', index, content_block: { type: 'text', text: '' } }) +
  event({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } }) +
  event({ type: 'content_block_stop', index });
const toolBlock = (index: number, pieces: readonly string[]): string =>
  event({
    type: 'content_block_start',
    index,
    content_block: { type: 'tool_use', id: 'call_1', name: 'look', input: {} },
  }) +
  pieces
    .map((piece) =>
      event({ type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json: piece } }),
    )
    .join('') +
  event({ type: 'content_block_stop', index });
const END =
  event({ type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } }) +
  event({ type: 'message_stop' });

const forwarder = (baseUrl: string, rest: Partial<Forwarder> = {}): { readonly forward: Forwarder } => ({
  forward: { baseUrl, headers: { 'x-api-key': KEY, authorization: `Bearer ${KEY}` }, ...rest },
});
const ask = (url: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${url}/v1/messages?beta=true&key=made-up`, { method: 'POST', body, ...init });

describe('the forwarder', () => {
  test('puts the key in, and takes the product’s own out', async () => {
    await using provider = await serveProvider(
      (_request, response) => void response.writeHead(200, STREAM_HEADERS).end(START + END),
    );
    await using gateway = await serveGateway({ upstream: forwarder(`${provider.url}/base/`) });
    const headers = {
      'x-api-key': 'made-up',
      authorization: 'Bearer made-up',
      cookie: 'a=b',
      'anthropic-beta': 'x',
      te: 'gzip',
    };
    expect(await (await ask(gateway.url, { headers })).text()).toBe(START + END);
    const [asked] = provider.requests;
    expect(asked).toMatchObject({ target: '/base/v1/messages?beta=true', body });
    expect(asked?.headers).toMatchObject({ 'x-api-key': KEY, authorization: `Bearer ${KEY}`, 'anthropic-beta': 'x' });
    expect(JSON.stringify(asked?.headers)).not.toMatch(/made-up|cookie|"te"/);
    await gateway.told(1);
    expect(show(gateway.exchanges)).not.toContain(KEY);
  });

  test('text of a stream is there before its end, and calls are held until it is decided over them', async () => {
    const more = Promise.withResolvers<void>();
    const decided = Promise.withResolvers<void>();
    const deciding = Promise.withResolvers<unknown>();
    await using provider = await serveProvider((_request, response) => {
      response.writeHead(200, STREAM_HEADERS).write(START + textBlock(0, 'I look.'));
      void more.promise.then(() => response.end(toolBlock(1, ['{"a', 't":', '"ü"}']) + END));
    });
    await using gateway = await serveGateway({
      upstream: forwarder(provider.url, {
        decide: async (_question, calls) => {
          deciding.resolve(calls);
          await decided.promise;
          return { do: 'pass' };
        },
      }),
    });
    const response = await ask(gateway.url);
    const reader = response.body?.getReader();
    if (reader === undefined) throw new TypeError('expected a body');
    let text = '';
    const readUntil = async (isEnough: () => boolean): Promise<void> => {
      while (!isEnough()) {
        const { value, done } = await reader.read();
        if (done) return;
        text += Buffer.from(value).toString();
      }
    };
    await readUntil(() => text === START + textBlock(0, 'I look.'));
    more.resolve();
    expect(await deciding.promise).toEqual([{ callId: 'call_1', tool: 'look', input: '{"at":"ü"}' }]);
    expect(text).not.toContain('call_1');
    decided.resolve();
    await readUntil(() => false);
    expect(text).toBe(START + textBlock(0, 'I look.') + toolBlock(1, ['{"a', 't":', '"ü"}']) + END);
  });

  test.each([
    ['an unknown event', event({ type: 'xyzzy' })],
    ['an unknown kind of block', event({ type: 'content_block_start', index: 0, content_block: { type: 'xyzzy' } })],
    ['the key', textBlock(0, KEY)],
    [
      'a piece of a block that never began',
      event({ type: 'content_block_delta', index: 7, delta: { type: 'input_json_delta', partial_json: '{' } }),
    ],
  ])('an answer with %s is refused', async (_name, bad) => {
    await using provider = await serveProvider(
      (_request, response) =>
        void response.writeHead(200, STREAM_HEADERS).end(START + toolBlock(3, ['{}']) + bad + END),
    );
    await using gateway = await serveGateway({ upstream: forwarder(provider.url) });
    const text = await (await ask(gateway.url)).text();
    expect(text).toContain('event: error');
    expect(text).not.toContain('call_1');
    await gateway.told(1);
    expect(gateway.exchanges[0]).toMatchObject({
      reply: null,
      refused: expect.stringContaining('no answer that can be read'),
    });
    expect(show(gateway.exchanges)).not.toContain(KEY);
  });

  test('an error of the provider passes, without the key that it repeats', async () => {
    await using provider = await serveProvider(
      (_request, response) =>
        void response
          .writeHead(401, { 'x-echo': KEY, 'retry-after': '3' })
          .end(`{"error":{"message":"wrong key ${KEY}"}}`),
    );
    await using gateway = await serveGateway({ upstream: forwarder(provider.url) });
    const response = await ask(gateway.url);
    expect(response.status).toBe(401);
    expect(response.headers.get('retry-after')).toBe('3');
    expect(response.headers.get('x-echo')).toBeNull();
    expect(await response.text()).toBe('{"error":{"message":"wrong key [secret]"}}');
    await gateway.told(1);
    expect(gateway.exchanges[0]).toMatchObject({ reply: { status: 401 }, refused: null });
    expect(show(gateway.exchanges)).not.toContain(KEY);
  });

  test.each([
    ['a redirect', (url: string) => ({ status: 307, headers: { location: `${url}/elsewhere` } })],
    ['a packed answer', () => ({ status: 200, headers: { 'content-encoding': 'br' } })],
  ])('%s is refused', async (_name, answer) => {
    await using elsewhere = await serveProvider((_request, response) => void response.end('x'));
    await using provider = await serveProvider((_request, response) => {
      const { status, headers } = answer(elsewhere.url);
      response.writeHead(status, headers).end('x');
    });
    await using gateway = await serveGateway({ upstream: forwarder(provider.url) });
    expect((await ask(gateway.url)).status).toBe(502);
    expect(elsewhere.requests).toEqual([]);
  });

  test('a provider that is down is an error, which names no address', async () => {
    const provider = await serveProvider((_request, response) => void response.end());
    await provider[Symbol.asyncDispose]();
    await using gateway = await serveGateway({ upstream: forwarder(provider.url) });
    const response = await ask(gateway.url);
    expect(response.status).toBe(502);
    expect(await response.text()).not.toContain('127.0.0.1');
  });

  test('the provider’s connection ends when the product hangs up', async () => {
    const ended = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    await using provider = await serveProvider((_request, response) => {
      response.on('close', ended.resolve);
      asked.resolve();
    });
    await using gateway = await serveGateway({ upstream: forwarder(provider.url) });
    const client = new AbortController();
    const answer = ask(gateway.url, { signal: client.signal }).catch(() => 'aborted');
    await asked.promise;
    client.abort();
    await Promise.all([answer, ended.promise, gateway.told(1)]);
    expect(gateway.exchanges[0]).toMatchObject({ complete: false, reply: null });
  });

  test('lists of models come from the provider; unknown addresses never reach it', async () => {
    await using provider = await serveProvider((_request, response) => void response.end('{"data":[]}'));
    await using gateway = await serveGateway({ upstream: forwarder(provider.url) });
    expect(await (await fetch(`${gateway.url}/v1/models`)).json()).toEqual({ data: [] });
    expect((await fetch(`${gateway.url}/v1/files`)).status).toBe(404);
    expect(provider.requests.map(({ target }) => target)).toEqual(['/v1/models']);
  });
});

function show(exchanges: readonly object[]): string {
  return JSON.stringify(exchanges, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString() : value,
  ).concat(
    ...exchanges
      .map((one) =>
        Object.values(one).map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString() : '')),
      )
      .flat(),
  );
}
