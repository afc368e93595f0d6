import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readAsData } from '../base/untrusted-text.ts';
import type { Reply } from './contract.ts';
import { inOrder, say, serveGateway, type ServedGateway } from './testing.ts';

const MIB = 1024 * 1024;
const answer = inOrder(say('Yes.'));
const question = JSON.stringify({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Look.' }] });
const request = (body: string, headers = ''): string =>
  `POST /v1/messages HTTP/1.1\r\nhost: x\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

async function dial({ port }: ServedGateway): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket.on('error', () => undefined);
}

async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  if (!socket.destroyed) await once(socket, 'close').catch(() => undefined);
  return text;
}

/** Whether somebody else is still served. */
async function isWell(gateway: ServedGateway): Promise<boolean> {
  const response = await fetch(`${gateway.url}/v1/messages`, { method: 'POST', body: question });
  await response.text();
  return response.status === 200;
}

describe('what products ask besides', () => {
  test('a probe is answered', async () => {
    await using gateway = await serveGateway({ upstream: { answer } });
    expect((await fetch(`${gateway.url}/api/hello`, { method: 'HEAD' })).status).toBe(200);
  });

  test.each(['/v1/models', '/models', '/v1beta/models'])('%s lists the models', async (path) => {
    await using gateway = await serveGateway({ upstream: { answer }, models: ['a', 'b'] });
    const listed = await (await fetch(gateway.url + path)).json();
    expect(listed).toMatchObject({
      data: [{ id: 'a' }, { id: 'b' }],
      models: [{ name: 'models/a' }, {}],
      last_id: 'b',
    });
    expect((await fetch(`${gateway.url}${path}/b`)).status).toBe(200);
    expect((await fetch(`${gateway.url}${path}/c`)).status).toBe(404);
  });

  test.each([
    ['/v1/messages/count_tokens', 'input_tokens'],
    ['/v1beta/models/m:countTokens', 'totalTokens'],
  ])('%s counts roughly, and is no question', async (path, field) => {
    await using gateway = await serveGateway({ upstream: { answer } });
    const counted = await (await fetch(gateway.url + path, { method: 'POST', body: question })).json();
    expect(counted).toEqual({ [field]: Math.ceil(question.length / 4) });
    await gateway.told(1);
    expect(gateway.exchanges[0]).toMatchObject({ question: null, reply: null, refused: null });
  });

  test.each([
    'GET /',
    'GET /v1/messages',
    'POST /v1/embeddings',
    'PUT /v1/messages',
    'POST /v1beta/models/m:streamGenerateContent',
  ])('%s is refused', async (line) => {
    await using gateway = await serveGateway({ upstream: { answer } });
    const [method = '', path = ''] = line.split(' ');
    const response = await fetch(gateway.url + path, { method });
    expect(response.status).toBe(404);
    await response.text();
    await gateway.told(1);
    expect(gateway.exchanges[0]).toMatchObject({
      protocol: null,
      question: null,
      refused: 'there is nothing at this address',
    });
  });

  test('half a character of a text that was cut becomes a sign for it', async () => {
    await using gateway = await serveGateway({ upstream: { answer } });
    const body = question.replace('Look.', String.raw`Look\ud83d`);
    expect((await fetch(`${gateway.url}/v1/messages`, { method: 'POST', body })).status).toBe(200);
    await gateway.told(1);
    expect(gateway.exchanges[0]?.question?.options.prompt).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Look\ufffd' }] },
    ]);
  });
});

describe('a hostile product', () => {
  test('a request of a gibibyte is refused before it is read', async () => {
    await using gateway = await serveGateway({ upstream: { answer } });
    const socket = await dial(gateway);
    socket.write(`POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: ${1024 * MIB}\r\n\r\n{`);
    expect(await readAll(socket)).toContain('413');
    expect(await isWell(gateway)).toBe(true);
  });

  test('a request that does not end is refused at the bound', async () => {
    await using gateway = await serveGateway({ upstream: { answer }, requestBytesMax: MIB });
    const socket = await dial(gateway);
    const heard = readAll(socket);
    socket.write('POST /v1/messages HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
    for (let count = 0; count < 40 && !socket.destroyed; count++) socket.write(`10000\r\n${'x'.repeat(0x10000)}\r\n`);
    expect(await heard).toContain('413');
    await gateway.told(1);
    expect(gateway.exchanges[0]?.refused).toBe(`the request is longer than ${MIB} bytes`);
  });

  test('a small body that unpacks to a large one is refused', async () => {
    await using gateway = await serveGateway({ upstream: { answer }, requestBytesMax: MIB });
    const body = gzipSync(Buffer.alloc(64 * MIB));
    const response = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      body: Uint8Array.from(body),
      headers: { 'content-encoding': 'gzip' },
    });
    expect(response.status).toBe(413);
  });

  test.each([
    ['x-other', 415],
    ['zstd', 400],
  ])('a body that is not packed as it says is refused: %s', async (encoding, status) => {
    await using gateway = await serveGateway({ upstream: { answer } });
    const response = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      body: question,
      headers: { 'content-encoding': encoding },
    });
    expect(response.status).toBe(status);
  });

  test.each([
    ['{"a":', '}', 254, 200],
    ['{"a":', '}', 30_000, 400],
    ['[', ']', 1_000_000, 400],
  ])('a body of many levels: %s', async (open, shut, levels, status) => {
    await using gateway = await serveGateway({ upstream: { answer } });
    const deep = `${open.repeat(levels)}${open === '[' ? '' : '"\\"[[["'}${shut.repeat(levels)}`;
    const body = question.replace('{', `{"more":${deep},`);
    const response = await fetch(`${gateway.url}/v1/messages`, { method: 'POST', body });
    expect(response.status).toBe(status);
  });

  test('a body of very many values is refused before anything is made of it', async () => {
    await using gateway = await serveGateway({ upstream: { answer } });
    const message = '{"role":"user","content":"a, [{"},';
    const ask = async (count: number) => {
      const body = question.replace('[', `[${message.repeat(count)}`);
      return (await fetch(`${gateway.url}/v1/messages`, { method: 'POST', body })).status;
    };
    expect(await ask(5000)).toBe(200);
    expect(await ask(40_000)).toBe(400);
  });

  test('what is told about a refusal is short, whatever was sent', async () => {
    await using gateway = await serveGateway({ upstream: { answer } });
    const id = '"'.repeat(MIB);
    const content = [{ type: 'tool_result', tool_use_id: id, content: 'x' }];
    const body = JSON.stringify({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content }] });
    const response = await fetch(`${gateway.url}/v1/messages`, { method: 'POST', body });
    expect((await response.text()).length).toBeLessThan(5000);
    await gateway.told(1);
    expect(gateway.exchanges[0]?.refused?.length).toBeLessThanOrEqual(1000);
  });

  test('a flood of headers is refused', async () => {
    await using gateway = await serveGateway({ upstream: { answer } });
    const socket = await dial(gateway);
    socket.write(request(question, Array.from({ length: 5000 }, (_, index) => `h${index}: ${index}\r\n`).join('')));
    expect(await readAll(socket)).toContain('431');
    await gateway.told(1);
    expect(gateway.exchanges[0]).toMatchObject({
      protocol: null,
      refused: expect.stringContaining('HPE_HEADER_OVERFLOW'),
    });
    expect(await isWell(gateway)).toBe(true);
  });

  test('requests in a row on one connection are answered in order', async () => {
    await using gateway = await serveGateway({ upstream: { answer } });
    const socket = await dial(gateway);
    const heard = readAll(socket);
    socket.write(request(question) + request('nonsense') + request(question, 'connection: close\r\n'));
    const statuses = [...(await heard).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(['200', '400', '200']);
  });

  test('a connection may rest for as long as a command takes', async () => {
    await using gateway = await serveGateway({ upstream: { answer } });
    const socket = await dial(gateway);
    const heard = readAll(socket);
    socket.write(request(question) + request(question, 'connection: close\r\n'));
    expect(await heard).not.toMatch(/^keep-alive: timeout/im);
  });

  test('too many requests in a row end the connection', async () => {
    const never = Promise.withResolvers<Reply>();
    await using gateway = await serveGateway({ upstream: { answer: () => never.promise } });
    const socket = await dial(gateway);
    const heard = readAll(socket);
    socket.write(request(question).repeat(40));
    expect(await heard).toBe('');
  });

  test('a slow request holds up nobody', async () => {
    await using gateway = await serveGateway({ upstream: { answer } });
    const slow = await dial(gateway);
    slow.write(request(question).slice(0, -20));
    expect(await isWell(gateway)).toBe(true);
    slow.destroy();
    await gateway.told(2);
    expect(gateway.exchanges.at(-1)).toMatchObject({ complete: false, question: null });
  });

  test('64 connections at once are served', async () => {
    await using gateway = await serveGateway({ upstream: { answer } });
    const asked = await Promise.all(Array.from({ length: 64 }, () => isWell(gateway)));
    expect(asked.every(Boolean)).toBe(true);
    expect(new Set(gateway.exchanges.map(({ number }) => number)).size).toBe(64);
  });

  test('whatever a connection sends, the next is served', async () => {
    await using gateway = await serveGateway({ upstream: { answer } });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.nat(request(question).length).map((cut) => Buffer.from(request(question).slice(0, cut))),
          fc.constant(Buffer.from('CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n')),
          fc.constant(
            Buffer.from(
              'GET //evil/v1/messages HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
            ),
          ),
        ),
        async (bytes) => {
          const socket = await dial(gateway);
          const heard = readAll(socket);
          socket.end(bytes);
          await heard;
          expect(await isWell(gateway)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('any split of a request is the same question', async () => {
    await using gateway = await serveGateway({ upstream: { answer } });
    const bytes = Buffer.from(request(question.replace('Look.', 'ünï 🙂'), 'connection: close\r\n'));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 6 }), async (at) => {
        const before = gateway.exchanges.length;
        const socket = (await dial(gateway)).setNoDelay(true);
        const heard = readAll(socket);
        const cuts = [0, ...at.sort((a, b) => a - b), bytes.length];
        for (const [index, end] of cuts.slice(1).entries())
          await new Promise((resolve) => socket.write(bytes.subarray(cuts[index], end), resolve));
        await heard;
        await gateway.told(before + 1);
        expect(gateway.exchanges.at(-1)?.question?.options.prompt).toEqual([
          { role: 'user', content: [{ type: 'text', text: 'ünï 🙂' }] },
        ]);
      }),
      { numRuns: 20 },
    );
  });

  test('a product that hangs up while it gets a long answer has not the whole of it', async () => {
    await using gateway = await serveGateway({ upstream: { answer: inOrder(say('x'.repeat(32 * MIB))) } });
    const socket = await dial(gateway);
    socket.write(request(question));
    await once(socket, 'data');
    socket.destroy();
    await gateway.told(1);
    expect(gateway.exchanges[0]).toMatchObject({ complete: false, answered: { status: 200 } });
  });
});

describe('the end of a gateway', () => {
  test('closing ends every connection, and answers nothing more', async () => {
    const never = Promise.withResolvers<Reply>();
    await using gateway = await serveGateway({ upstream: { answer: () => never.promise } });
    const waiting = await dial(gateway);
    const heard = readAll(waiting);
    waiting.write(request(question));
    gateway.close();
    gateway.close();
    expect(await heard).toBe('');
    expect(await readAll(await dial(gateway))).toBe('');
  });

  test('if an exchange cannot be told, nothing more is answered', async () => {
    await using gateway = await serveGateway({
      upstream: { answer },
      onExchange: () => {
        throw new TypeError('the disk is full');
      },
    });
    await isWell(gateway).catch(() => false);
    await gateway.told(1);
    await expect(isWell(gateway)).rejects.toThrow();
  });

  test('an exchange names the request', async () => {
    await using gateway = await serveGateway({ upstream: { answer } });
    await isWell(gateway);
    await gateway.told(1);
    const [exchange] = gateway.exchanges;
    if (exchange === undefined) throw new TypeError('expected an exchange');
    expect(readAsData(exchange.request)).toBe('POST /v1/messages');
    expect(Buffer.from(exchange.sent).toString()).toBe(question);
  });
});
