import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';

import type { Answerer, Exchange, GatewayOptions, Reply } from './contract.ts';
import { createGateway } from './create-gateway.ts';
import type { Answer } from './protocols/contract.ts';

export interface ServedGateway extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly exchanges: readonly Exchange[];
  /** Resolves when so many exchanges have been told. */
  readonly told: (count: number) => Promise<void>;
  readonly close: () => void;
}

/** A gateway whose connections come from a real listener of this computer. */
export async function serveGateway(
  options: Omit<GatewayOptions, 'onExchange' | 'now'> & { readonly onExchange?: (exchange: Exchange) => void },
): Promise<ServedGateway> {
  const exchanges: Exchange[] = [];
  let wake = (): void => undefined;
  const gateway = createGateway({
    now: () => Date.now(),
    ...options,
    onExchange: (exchange) => {
      exchanges.push(exchange);
      wake();
      options.onExchange?.(exchange);
    },
  });
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (stream) => {
    sockets.add(stream);
    void gateway.connect({ stream, host: '127.0.0.1', port: 8484 }).then(() => {
      sockets.delete(stream);
      stream.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    exchanges,
    told: async (count) => {
      while (exchanges.length < count)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    },
    close: () => gateway.close(),
    [Symbol.asyncDispose]: async () => {
      gateway.close();
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** An answer of these parts. */
export function say(content: Answer['content'] | string, unified?: Answer['finishReason']['unified']): Answer {
  const parts = typeof content === 'string' ? [{ type: 'text' as const, text: content }] : content;
  const asks = parts.some(({ type }) => type === 'tool-call');
  return {
    content: parts,
    finishReason: { unified: unified ?? (asks ? 'tool-calls' : 'stop'), raw: undefined },
    usage: {
      inputTokens: { total: 120, noCache: 100, cacheRead: 20, cacheWrite: 0 },
      outputTokens: { total: 30, text: 30, reasoning: 0 },
    },
  };
}

export function call(toolCallId: string, toolName: string, input: unknown): Answer['content'][number] {
  return { type: 'tool-call', toolCallId, toolName, input: JSON.stringify(input) };
}

/** Gives the replies in order, then repeats the last one. */
export function inOrder(...replies: readonly Reply[]): Answerer {
  let count = 0;
  return async () => {
    const reply = replies[Math.min(count++, replies.length - 1)];
    if (reply === undefined) throw new TypeError('needs a reply');
    return reply;
  };
}

export interface ServedProvider extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly {
    readonly target: string;
    readonly headers: IncomingHttpHeaders;
    readonly body: string;
  }[];
}

/** A provider that answers each question, whose body has been read, as it is told. */
export async function serveProvider(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<ServedProvider> {
  const requests: { target: string; headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createHttpServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      requests.push({
        target: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('latin1'),
      });
      answer(request, response);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
