import { createServer } from 'node:net';

import { describe, expect, it } from 'vitest';

import { createSystemWorld, type World } from '../base/world.ts';
import {
  type ChatReply,
  chatReply,
  type ChatRequest,
  type ChatServer,
  startChatServer,
} from '../model/testing/chat-server.ts';
import { callModel, DEFAULT_RETRY, type ModelCallResult, type RetryPolicy } from './model-call.ts';
import { inTurn, openServed } from './testing.ts';

const FAST: RetryPolicy = { delaysMs: [1, 1, 1], attemptMsMax: 10_000 };
const good = chatReply({ content: 'hello' });
const failing = (status: number, message = 'busy', headers: Record<string, string> = {}): ChatReply => ({
  status,
  headers,
  body: { error: { message } },
});

interface Asking {
  readonly retry?: RetryPolicy;
  readonly signal?: AbortSignal;
  readonly key?: string;
  readonly world?: Partial<Pick<World, 'now' | 'random'>>;
}

async function askAt(url: string, { retry = FAST, signal, key, world }: Asking = {}): Promise<ModelCallResult> {
  return callModel(
    { prompt: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }] },
    {
      open: await openServed(url, key),
      retry,
      world: { ...createSystemWorld(), ...world },
      signal: signal ?? new AbortController().signal,
    },
  );
}

interface ServedCall extends ModelCallResult {
  readonly requests: ChatServer['requests'];
}

async function ask(
  answer: (request: ChatRequest, number: number) => ChatReply,
  asking: Asking = {},
): Promise<ServedCall> {
  await using server = await startChatServer(answer);
  return { ...(await askAt(server.url, asking)), requests: server.requests };
}

describe('a model call', () => {
  it('takes one attempt if nothing fails', async () => {
    const { result, attempts, failure, requests } = await ask(inTurn(good));
    expect(result?.content).toMatchObject([{ type: 'text', text: 'hello' }]);
    expect(attempts).toEqual([{ durationMs: expect.any(Number), status: 200, error: null }]);
    expect(failure).toBeNull();
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['429', failing(429), 429, 'overloaded'],
    ['500', failing(500), 500, 'overloaded'],
    ['503', failing(503), 503, 'overloaded'],
    ['408', failing(408), 408, 'overloaded'],
    ['a connection that is closed without an answer', { hangUp: true, body: '' }, null, 'unreachable'],
  ])('is retried after %s, and every attempt is reported', async (_what, bad, status, code) => {
    const { result, attempts, failure } = await ask(inTurn(bad, bad, good));
    expect(result).not.toBeNull();
    expect(failure).toBeNull();
    expect(attempts).toMatchObject([
      { status, error: { code } },
      { status, error: { code } },
      { status: 200, error: null },
    ]);
  });

  it('fails with the last failure when the retries run out', async () => {
    const { result, attempts, failure, requests } = await ask(inTurn(failing(503, 'still busy')));
    expect(result).toBeNull();
    expect(attempts).toHaveLength(4);
    expect(requests).toHaveLength(4);
    expect(failure).toEqual({ code: 'overloaded', text: expect.stringContaining('still busy') });
  });

  it.each([
    [401, 'unauthorised'],
    [403, 'unauthorised'],
    [404, 'unknown-model'],
    [400, 'rejected'],
    [422, 'rejected'],
  ])('is not retried after %d, which is "%s"', async (status, code) => {
    const { attempts, failure, requests } = await ask(inTurn(failing(status, 'no such thing')));
    expect(requests).toHaveLength(1);
    expect(attempts).toMatchObject([{ status, error: { code } }]);
    expect(failure).toEqual({ code, text: expect.stringContaining('no such thing') });
  });

  it('waits as long as the server asks for', async () => {
    const times: number[] = [];
    await ask((_request, number) => {
      times.push(performance.now());
      return number === 1 ? failing(429, 'busy', { 'retry-after': '0.3' }) : good;
    });
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(280);
  });

  it('does not wait if the server says "Retry-After: 0"', async () => {
    const patient = { delaysMs: [30_000], attemptMsMax: 10_000 };
    const { attempts } = await ask(inTurn(failing(429, 'busy', { 'retry-after': '0' }), good), { retry: patient });
    expect(attempts).toHaveLength(2);
  });

  it('waits until the date in "Retry-After", but no longer than a minute', async () => {
    const date = 'Wed, 21 Oct 2043 07:28:00 GMT';
    for (const [left, least, most] of [
      [300, 280, 25_000],
      [-5000, 0, 25_000],
    ] as const) {
      const times: number[] = [];
      await ask(
        (_request, number) => {
          times.push(performance.now());
          return number === 1 ? failing(503, 'busy', { 'retry-after': date }) : good;
        },
        { retry: { delaysMs: [30_000], attemptMsMax: 10_000 }, world: { now: () => Date.parse(date) - left } },
      );
      const waited = (times[1] ?? 0) - (times[0] ?? 0);
      expect(waited).toBeGreaterThanOrEqual(least);
      expect(waited).toBeLessThan(most);
    }
    // For a distant date it waits a minute, or until the caller aborts.
    const signal = AbortSignal.timeout(3000);
    const far = await ask(inTurn(failing(503, 'busy', { 'retry-after': date })), { signal });
    expect(far).toMatchObject({ result: null, attempts: [{ status: 503 }] });
    expect(far.requests).toHaveLength(1);
  });

  it('adds random jitter to its waits, so that many callers do not retry at once', async () => {
    const waits: number[] = [];
    for (const random of [0, 0.999]) {
      const times: number[] = [];
      await ask(
        (_request, number) => {
          times.push(performance.now());
          return number === 1 ? failing(503) : good;
        },
        { retry: { delaysMs: [800], attemptMsMax: 10_000 }, world: { random: () => random } },
      );
      waits.push((times[1] ?? 0) - (times[0] ?? 0));
    }
    expect(waits[0]).toBeGreaterThanOrEqual(590);
    expect(waits[1]).toBeGreaterThanOrEqual(990);
  });

  it.each([
    ['x-request-id', 'req_011CSHoEeqs5C35K2UUqR7Fy'],
    ['request-id', 'req_018EeWyXxfu5pfWkrYcMdjWG'],
  ])('reports the request id from the header %s, even after a failure', async (header, id) => {
    const headers = { [header]: id };
    const { attempts } = await ask(inTurn(failing(503, 'busy', headers), { ...good, headers }, good));
    expect(attempts).toMatchObject([
      { status: 503, requestId: id },
      { status: 200, requestId: id },
    ]);
    const silent = { ...good, headers, body: '{', afterwards: 'silence' } as const;
    const late = await ask(inTurn(silent, good), { retry: { delaysMs: [1], attemptMsMax: 3000 } });
    expect(late.attempts).toMatchObject([{ status: null, requestId: id }, { status: 200 }]);
    expect(late.attempts[1]).not.toHaveProperty('requestId');
  });

  it('hides keys in a request id, and cuts it', async () => {
    const key = 'sk-canary-0123456789abcdef';
    const { attempts } = await ask(inTurn({ ...good, headers: { 'x-request-id': `${key}-${'x'.repeat(5000)}` } }), {
      key,
    });
    expect(attempts[0]?.requestId?.length).toBeLessThanOrEqual(200);
    expect(JSON.stringify(attempts)).not.toContain('canary');
  });

  it('gives up on a silent server well within the default time of a trial', () => {
    const { delaysMs, attemptMsMax } = DEFAULT_RETRY;
    const all = (delaysMs.length + 1) * attemptMsMax + 1.25 * delaysMs.reduce((sum, ms) => sum + ms, 0);
    expect(all).toBeLessThan(10 * 60_000);
  });

  it.each(['Wed, 99 Foo 2043 99:99:99 GMT', '-5', 'soon'])(
    'uses its own delay after "Retry-After: %s"',
    async (value) => {
      const { attempts } = await ask(inTurn(failing(503, 'busy', { 'retry-after': value }), good));
      expect(attempts).toHaveLength(2);
    },
  );

  it('is "unreachable" if no server listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    await new Promise((resolve) => server.close(resolve));
    if (address === null || typeof address === 'string') throw new TypeError('no port');
    const { result, attempts, failure } = await askAt(`http://127.0.0.1:${address.port}/v1`);
    expect(result).toBeNull();
    expect(attempts).toHaveLength(4);
    expect(attempts).toMatchObject([{ status: null }, { status: null }, { status: null }, { status: null }]);
    expect(failure).toEqual({ code: 'unreachable', text: expect.stringContaining('ECONNREFUSED') });
  });

  it.each([
    ['HTML instead of JSON', '<html><body>Sign in to continue</body></html>'],
    ['JSON that is not an answer', '{"object":"list"}'],
    ['an answer without choices', '{"id":"x","choices":[]}'],
    ['nothing', ''],
  ])('is "unreadable", and not retried, after %s', async (_what, body) => {
    const { result, attempts, failure, requests } = await ask(inTurn({ body }));
    expect(result).toBeNull();
    expect(requests).toHaveLength(1);
    expect(attempts).toMatchObject([{ error: { code: 'unreadable' } }]);
    expect(failure?.code).toBe('unreadable');
    expect(failure?.text).not.toBe('');
  });

  it('quotes an HTML error page, but cuts it', async () => {
    const { failure } = await ask(inTurn({ status: 502, body: `<html>Bad gateway ${'x'.repeat(100_000)}` }), {
      retry: { ...FAST, delaysMs: [] },
    });
    expect(failure?.text).toContain('Bad gateway');
    expect(failure?.text.length).toBeLessThanOrEqual(2000);
  });

  it('aborts an attempt that takes too long, and retries', async () => {
    const slow = { ...good, delayMs: 60_000 };
    const { result, attempts } = await ask(inTurn(slow, good), { retry: { delaysMs: [1], attemptMsMax: 3000 } });
    expect(result).not.toBeNull();
    expect(attempts).toMatchObject([{ status: null, error: { code: 'overloaded' } }, { status: 200 }]);
  });

  it('ends at once if it is aborted while waiting for an answer, and reports the attempt', async () => {
    // An answer that it waited for would be a result.
    const called = await ask(inTurn({ ...good, delayMs: 60_000 }), { signal: AbortSignal.timeout(50) });
    expect(called).toMatchObject({ result: null, failure: null, attempts: [{ error: { code: 'aborted' } }] });
  });

  it('ends at once if it is aborted between two attempts, and reports the first', async () => {
    const called = await ask(inTurn(failing(503)), {
      retry: { delaysMs: [60_000], attemptMsMax: 10_000 },
      signal: AbortSignal.timeout(3000),
    });
    expect(called).toMatchObject({ result: null, failure: null, attempts: [{ status: 503 }] });
    expect(called.requests).toHaveLength(1);
  });

  it('sends nothing if it was aborted before', async () => {
    const { requests, attempts } = await ask(inTurn(good), { signal: AbortSignal.abort() });
    expect([requests, attempts]).toEqual([[], []]);
  });

  it('keeps a key out of its errors, even if the text is cut in the middle of the key', async () => {
    const key = 'sk-canary-0123456789abcdef';
    // Server messages are cut at 500 characters: place the key at different offsets around that.
    for (const before of [0, 470, 480, 490, 499]) {
      const body = `${'x'.repeat(before)}${key} is wrong`;
      const { failure, attempts } = await ask(inTurn({ status: 401, body }), { key });
      expect(JSON.stringify([failure, attempts])).not.toContain('sk-canary');
      expect(failure?.text).toContain('x'.repeat(before));
    }
  });

  it('keeps a key that cannot be sent out of its errors', async () => {
    const key = 'sk-canary-with-\u20AC-inside';
    const { failure, attempts, requests } = await ask(inTurn(good), { key });
    expect(requests).toHaveLength(0);
    expect(failure).not.toBeNull();
    expect(JSON.stringify([failure, attempts])).not.toContain('canary');
  });
});
