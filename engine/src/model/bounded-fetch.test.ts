import { describe, expect, it } from 'vitest';

import { createBoundedFetch } from './bounded-fetch.ts';
import { startChatServer } from './testing/chat-server.ts';

const KEY = 'canary-key-0123456789';
const ask = { method: 'POST', body: '{}' };

describe('the fetch of models', () => {
  it('hands an answer on as it is, up to its last allowed byte', async () => {
    await using server = await startChatServer(() => ({ body: 'a'.repeat(1000) }));
    const fetch = createBoundedFetch({ secrets: [], answerBytesMax: 1000 });
    const response = await fetch(server.url, ask);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.text()).toHaveLength(1000);
  });

  it('breaks off one byte later', async () => {
    await using server = await startChatServer(() => ({ body: 'a'.repeat(1001) }));
    const fetch = createBoundedFetch({ secrets: [], answerBytesMax: 1000 });
    const response = await fetch(server.url, ask);
    await expect(response.text()).rejects.toMatchObject({
      name: 'AnswerTooLargeError',
      code: 'answer-too-large',
      message: 'the answer of the model is longer than 1000 bytes',
    });
  });

  it('takes the key out of errors', async () => {
    await using server = await startChatServer(() => ({ status: 401, body: `no: ${KEY} ${KEY}` }));
    const response = await createBoundedFetch({ secrets: [KEY] })(server.url, ask);
    expect(response.status).toBe(401);
    expect(await response.text()).toBe('no: [secret] [secret]');
  });

  it('cuts a long error, and leaves no piece of a key at the cut', async () => {
    // A key across every place at which the text could be cut.
    for (const before of [65_520, 65_530, 65_536 - KEY.length]) {
      const body = 'x'.repeat(before) + KEY + 'y'.repeat(200_000);
      await using server = await startChatServer(() => ({ status: 500, body }));
      const text = await (await createBoundedFetch({ secrets: [KEY] })(server.url, ask)).text();
      expect(text.length).toBeLessThan(body.length);
      expect(text).not.toMatch(/canar/);
    }
  });

  it('follows no redirect', async () => {
    await using elsewhere = await startChatServer(() => ({ body: 'taken' }));
    const headers = { location: elsewhere.url };
    await using server = await startChatServer(() => ({ status: 308, headers, body: '' }));
    const response = await createBoundedFetch({ secrets: [KEY] })(server.url, {
      ...ask,
      headers: { 'x-api-key': KEY },
    });
    expect(response.status).toBe(308);
    expect(elsewhere.requests).toEqual([]);
  });
});
