import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, it } from 'vitest';

import { createSystemWorld } from '../base/world.ts';
import { openaiCompatibleProvider } from '../model/adapters/openai-compatible.ts';
import { callModel } from './model-call.ts';

const signal = new AbortController().signal;
const piece = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', model: 'served', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

/** Asks once through a server that writes what `play` says. */
async function ask(play: (response: ServerResponse, attempt: number) => void): ReturnType<typeof callModel> {
  let attempts = 0;
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    play(response, ++attempts);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const environment = { OPENAI_COMPATIBLE_BASE_URL: `http://127.0.0.1:${port}/v1` };
    const open = await openaiCompatibleProvider.open('m', { environment });
    const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hello' }] }];
    const retry = { delaysMs: [10], attemptMsMax: 5000 };
    return await callModel({ prompt }, { open, retry, world: createSystemWorld(), signal, stream: true });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const whole = (response: ServerResponse): void => {
  response.end(
    `${piece({ role: 'assistant', content: 'he' })}${piece({ content: 'llo' })}${piece({}, 'stop')}data: [DONE]\n\n`,
  );
};

describe('an answer in pieces', () => {
  it('is put together', async () => {
    const { result, failure } = await ask(whole);
    expect(failure).toBeNull();
    expect(result?.content).toEqual([expect.objectContaining({ type: 'text', text: 'hello' })]);
    expect(result?.response?.modelId).toBe('served');
  });

  it('that breaks off in the middle is asked for again, and both attempts are recorded', async () => {
    const { result, attempts } = await ask((response, attempt) => {
      if (attempt > 1) whole(response);
      else {
        response.write(piece({ content: 'he' }));
        setTimeout(() => response.destroy(), 20);
      }
    });
    expect(attempts.map(({ error }) => error?.code ?? 'answer')).toEqual(['overloaded', 'answer']);
    expect(result?.content).toEqual([expect.objectContaining({ text: 'hello' })]);
  });

  it('that never ends is an error and not a shorter answer', async () => {
    const { result, failure } = await ask((response) => {
      const flood = setInterval(() => response.write(piece({ content: 'x'.repeat(500_000) })), 1);
      response.on('close', () => clearInterval(flood));
    });
    expect(result).toBeNull();
    expect(failure?.code).toBe('unreadable');
  });
});
