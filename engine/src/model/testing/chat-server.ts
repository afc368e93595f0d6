import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A test server for chat completions over real HTTP on loopback, with the requests that it got. */
export interface ChatServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly ChatRequest[];
}

export interface ChatRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: {
    readonly model: string;
    readonly messages: readonly Record<string, unknown>[];
    readonly tools?: readonly unknown[];
  } & Record<string, unknown>;
}

export interface ChatReply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Sent unchanged. */
  readonly body: unknown;
  /** Milliseconds before the answer. */
  readonly delayMs?: number;
  /** Close the connection without an answer. */
  readonly hangUp?: boolean;
  /** After the body, the connection stays open and silent, or is reset. Not given: it ends normally. */
  readonly afterwards?: 'silence' | 'reset';
}

/** An ordinary answer of a model that wants to call one tool. */
export function toolCallReply(tool: string, input: unknown, id = 'call_1'): ChatReply {
  return chatReply({
    tool_calls: [
      {
        id,
        type: 'function',
        function: { name: tool, arguments: typeof input === 'string' ? input : JSON.stringify(input) },
      },
    ],
  });
}

export function chatReply(message: Record<string, unknown>, finishReason?: string): ChatReply {
  return {
    body: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'served-model-2026',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: null, ...message },
          finish_reason: finishReason ?? ('tool_calls' in message ? 'tool_calls' : 'stop'),
        },
      ],
      usage: {
        prompt_tokens: 100,
        completion_tokens: 20,
        total_tokens: 120,
        completion_tokens_details: { reasoning_tokens: 5 },
      },
    },
  };
}

export async function startChatServer(
  answer: (request: ChatRequest, number: number) => ChatReply,
): Promise<ChatServer> {
  const requests: ChatRequest[] = [];
  const server = createServer((request, response) => {
    const blocks: Buffer[] = [];
    request.on('data', (block: Buffer) => blocks.push(block));
    request.on('end', () => {
      const path = request.url ?? '';
      // One protocol has the model in its path.
      const [, model] = /\/models\/(.+):\w+(?:\?|$)/.exec(path) ?? [];
      const body = JSON.parse(Buffer.concat(blocks).toString()) as ChatRequest['body'];
      const seen = { path, headers: request.headers, body: model === undefined ? body : { ...body, model } };
      const reply = answer(seen, requests.push(seen));
      if (reply.hangUp === true) {
        response.destroy();
        return;
      }
      setTimeout(() => {
        response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
        const body = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
        if (reply.afterwards === undefined) response.end(body);
        // A reset drops unread data: give the piece time to arrive.
        else
          response.write(
            body,
            () => reply.afterwards === 'reset' && setTimeout(() => request.socket.resetAndDestroy(), 50),
          );
      }, reply.delayMs ?? 0);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
