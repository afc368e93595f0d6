import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

import type { StreamEvent } from './protocols/contract.ts';

/** Sends one answer, and remembers what was sent. Writing to a product that has hung up does nothing. */
export interface Responder {
  /** Aborted when the product hangs up before it has the whole answer. */
  readonly signal: AbortSignal;
  /** Resolves when the answer has left, or cannot any more: whether all of it did. */
  readonly closed: Promise<boolean>;
  readonly begin: (status: number, headers: OutgoingHttpHeaders) => void;
  readonly hasBegun: () => boolean;
  /** Resolves when the product has room for more, or has hung up. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly end: () => void;
  /** Breaks the answer off, so that the product cannot take it for whole. */
  readonly cut: () => void;
  /** A whole answer in JSON. */
  readonly send: (status: number, body: unknown) => void;
  readonly sendStream: (events: Iterable<StreamEvent>) => void;
  /** Status 0 if nothing was sent. */
  readonly answered: () => { readonly status: number; readonly bytes: Uint8Array };
}

export const STREAM_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };

export function createResponder(response: ServerResponse): Responder {
  const chunks: Uint8Array[] = [];
  const hungUp = new AbortController();
  const closed = new Promise<boolean>((resolve) => {
    response.on('close', () => {
      if (!response.writableFinished) hungUp.abort(new DOMException('the product hung up', 'AbortError'));
      resolve(response.writableFinished);
    });
  });
  response.on('error', () => undefined);
  const { signal } = hungUp;
  const begin = (status: number, headers: OutgoingHttpHeaders): void => {
    if (!signal.aborted) response.writeHead(status, headers);
  };
  const put = (bytes: Uint8Array): boolean => {
    if (signal.aborted) return true;
    chunks.push(bytes);
    return response.write(bytes);
  };
  const end = (): void => void response.end();
  const send = (status: number, body: unknown): void => {
    const bytes = Buffer.from(body === undefined ? '' : JSON.stringify(body));
    begin(status, { ...(bytes.length > 0 && { 'content-type': 'application/json' }), 'content-length': bytes.length });
    put(bytes);
    end();
  };
  return {
    signal,
    closed,
    begin,
    hasBegun: () => response.headersSent,
    write: async (bytes) => {
      if (put(bytes)) return;
      const { promise, resolve } = Promise.withResolvers<unknown>();
      response.once('drain', resolve).once('close', resolve);
      await promise;
      response.off('drain', resolve).off('close', resolve);
    },
    end,
    cut: () => void response.destroy(),
    send,
    sendStream: (events) => {
      const text = [...events].map(showEvent).join('');
      begin(200, STREAM_HEADERS);
      put(Buffer.from(text));
      end();
    },
    answered: () => ({ status: response.headersSent ? response.statusCode : 0, bytes: Buffer.concat(chunks) }),
  };
}

/** As server-sent events are written. */
export function showEvent({ event, data }: StreamEvent): string {
  const name = event === undefined ? '' : `event: ${event}\n`;
  return `${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}
