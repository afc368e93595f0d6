import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import { sha256 } from '../base/sha256.ts';
import { toUntrusted } from '../base/untrusted-text.ts';
import type { Exchange, Gateway, GatewayOptions, Question, Reply } from './contract.ts';
import { createPassing } from './forward.ts';
import { listModels } from './list-models.ts';
import { answerMcp } from './mcp.ts';
import { protocols } from './protocols.ts';
import type { Asked, Failure, Protocol, Route } from './protocols/contract.ts';
import { roughTokens } from './protocols/prompt.ts';
import { type Body, createShare, parseBody, readBody, type Room, type Share } from './read-body.ts';
import { REASON_CHARACTERS_MAX, RefusedRequest } from './refused-request.ts';
import { createResponder, type Responder, showEvent } from './responder.ts';

/** What a request says may be twice as long in a record, escaped again, and a line of that holds 64 MiB. */
const REQUEST_BYTES_MAX = 30 * 1024 * 1024;
/** Bodies of so many of the longest requests are in memory at once, whatever the product sends. */
const LONGEST_AT_ONCE = 3;
/** Requests of one connection that wait for an answer. Clients ask one at a time. */
const WAITING_MAX = 8;

const MCP_PATH = '/mcp';
const MCP = { name: 'mcp', error: toPlainError, errorEvent: (failure: Failure) => ({ data: toPlainError(failure) }) };

/** A request, and what is known of it so far. */
interface Case {
  readonly number: number;
  readonly request: IncomingMessage;
  readonly responder: Responder;
  readonly share: Share;
  askedAt: number;
  url: URL | null;
  protocol: Pick<Protocol, 'name' | 'error' | 'errorEvent'> | null;
  body: Body;
  question: Question | null;
  reply: Reply | null;
  refused: string | null;
}

/** Creates a gateway. It listens nowhere: connections are given to it. */
export function createGateway(options: GatewayOptions): Gateway {
  const { upstream, onExchange, requestBytesMax = REQUEST_BYTES_MAX, models = [], tools = [], now } = options;
  const passing = 'forward' in upstream ? createPassing(upstream.forward) : null;
  const answerer = 'answer' in upstream ? upstream.answer : null;
  const room: Room = { left: LONGEST_AT_ONCE * requestBytesMax };
  /** Cases in work, by the connection that they came on. */
  const connections = new Map<Duplex, Set<Promise<void>>>();
  let cases = 0;
  let isOpen = true;

  const close = (): void => {
    isOpen = false;
    for (const stream of connections.keys()) stream.destroy();
  };

  const report = (exchange: Exchange): void => {
    try {
      onExchange(exchange);
    } catch {
      // What cannot be recorded must not happen.
      close();
    }
  };

  const ask = async (it: Case, { protocol, route }: Found, url: URL): Promise<void> => {
    const { number, responder, body } = it;
    const asked = protocol.read(parseBody(body.plain), {
      route,
      newId: createIds(`${it.askedAt} ${number}`),
      seconds: Math.floor(it.askedAt / 1000),
      bytes: body.plain.length,
    });
    const { model, streamed, options: call } = asked;
    const question = { number, protocol: protocol.name, model, streamed, options: call };
    it.question = question;
    if (answerer === null)
      return passing?.ask({ request: it.request, url, raw: body.raw, responder, protocol, asked, question, seen: it });
    const reply = await unlessAborted(answerer(question, responder.signal), responder.signal);
    it.reply = reply;
    sendReply(reply, { protocol, asked, responder });
  };

  const serveMcp = async (it: Case): Promise<void> => {
    const { request, responder } = it;
    it.protocol = MCP;
    // It asks nothing of the client, so there is no stream to read, and no session to end.
    if (request.method !== 'POST') throw new RefusedRequest('expected POST', 405);
    const answer = await answerMcp(parseBody(it.body.plain), tools);
    it.refused = answer?.failed ?? null;
    if (answer === null) responder.send(202, undefined);
    else responder.send(200, answer.body);
  };

  const answer = async (it: Case): Promise<void> => {
    const { request, responder } = it;
    const { method = '' } = request;
    const url = readTarget(request.url ?? '');
    it.url = url;
    const found = findRoute(method, url);
    it.protocol = found?.protocol ?? null;
    it.body = await readBody(request, requestBytesMax, it.share);
    it.askedAt = now();
    if (found?.route.do === 'ask') return ask(it, found, url);
    if (url.pathname === MCP_PATH && tools.length > 0) return serveMcp(it);
    // Products ask at their start whether somebody is there.
    if (method === 'HEAD') return responder.send(200, undefined);
    const listed = method === 'GET' ? listModels(url.pathname, models) : null;
    if (passing !== null && (found !== null || listed !== null))
      return passing.pass({ request, url, raw: it.body.raw, responder });
    if (found !== null) return responder.send(200, found.protocol.countTokens(roughTokens(it.body.plain.length)));
    if (listed === null) throw new RefusedRequest('there is nothing at this address', 404);
    responder.send(listed.status, listed.body);
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const responder = createResponder(response);
    const none = Buffer.alloc(0);
    const it: Case = {
      number: ++cases,
      request,
      responder,
      askedAt: now(),
      url: null,
      protocol: null,
      body: { raw: none, plain: none },
      share: createShare(room),
      question: null,
      reply: null,
      refused: null,
    };
    try {
      await answer(it);
    } catch (error) {
      if (!responder.signal.aborted) fail(it, error);
    }
    const complete = await responder.closed;
    it.share.giveBack();
    report({
      number: it.number,
      protocol: it.protocol?.name ?? null,
      request: toUntrusted(showRequest(request, it.url)),
      question: it.question,
      reply: it.reply,
      sent: it.body.plain,
      answered: responder.answered(),
      askedAt: it.askedAt,
      complete,
      refused: it.refused,
    });
  };

  // A product keeps its connection while a command runs, and must not find it closed when it asks again.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const working = connections.get(request.socket);
    if (working === undefined || working.size >= WAITING_MAX) {
      request.socket.destroy();
      return;
    }
    const work = serve(request, response).finally(() => working.delete(work));
    working.add(work);
  });
  server.on('clientError', (error: Error & { readonly code?: string; readonly rawPacket?: Buffer }, stream) => {
    const isReset = error.code === 'ECONNRESET' || !stream.writable;
    if (isReset || (connections.get(stream)?.size ?? 0) > 0) {
      stream.destroy();
      return;
    }
    const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
    stream.end(`HTTP/1.1 ${status} Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () =>
      stream.destroy(),
    );
    report({
      number: ++cases,
      protocol: null,
      request: toUntrusted(''),
      question: null,
      reply: null,
      sent: error.rawPacket ?? Buffer.alloc(0),
      answered: { status, bytes: Buffer.alloc(0) },
      askedAt: now(),
      complete: true,
      refused: `no HTTP/1.1: ${error.code ?? error.message}`,
    });
  });

  const connect: Gateway['connect'] = async ({ stream }) => {
    if (!isOpen || stream.destroyed) {
      stream.destroy();
      return;
    }
    const working = new Set<Promise<void>>();
    connections.set(stream, working);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    stream.once('close', resolve).on('error', () => undefined);
    server.emit('connection', stream);
    await promise;
    await Promise.all(working);
    connections.delete(stream);
  };
  return { connect, close };
}

function readTarget(target: string): URL {
  // Proxies are asked with a whole address; only its path matters here.
  const url = target.startsWith('/') ? `http://gateway${target}` : target;
  if (!URL.canParse(url)) throw new RefusedRequest('the target is no path');
  return new URL(url);
}

interface Found {
  readonly protocol: Protocol;
  readonly route: Route;
}

function findRoute(method: string, url: URL): Found | null {
  for (const protocol of protocols) {
    const route = protocol.route(method, url);
    if (route !== null) return { protocol, route };
  }
  return null;
}

/** Values of a query may be keys; these are not. */
const SHOWN_VALUES: ReadonlySet<string> = new Set(['alt', 'beta', 'limit', 'pageSize']);

function showRequest({ method = '' }: IncomingMessage, url: URL | null): string {
  if (url === null) return method;
  const query = [...url.searchParams].map(([name, value]) => `${name}=${SHOWN_VALUES.has(name) ? value : '…'}`);
  return `${method} ${url.pathname}${query.length === 0 ? '' : '?'}${query.join('&')}`;
}

/** Ids that no other question of the gateway gets. */
function createIds(seed: string): (prefix: string) => string {
  let count = 0;
  return (prefix) => `${prefix}${sha256(`${seed} ${++count}`).slice(0, 24)}`;
}

/** Rejects when the signal is aborted, also if the work goes on. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

interface Sending {
  readonly protocol: Protocol;
  readonly asked: Asked;
  readonly responder: Responder;
}

function sendReply(reply: Reply, { protocol, asked, responder }: Sending): void {
  if ('status' in reply) responder.send(reply.status, protocol.error(reply));
  else if (asked.streamed) responder.sendStream(asked.stream(reply));
  else responder.send(200, asked.whole(reply));
}

function fail(it: Case, error: unknown): void {
  const { responder, protocol, request } = it;
  it.refused = error instanceof Error ? error.message.slice(0, REASON_CHARACTERS_MAX) : 'the answer failed';
  // What went wrong in here is for the record; it may name this computer.
  const isRefused = error instanceof RefusedRequest;
  const { status, message } = isRefused ? error : { status: 500, message: 'the server had an error' };
  if (responder.hasBegun()) {
    const event = protocol?.errorEvent({ status, message });
    void responder.write(Buffer.from(event === undefined ? '' : showEvent(event)));
    responder.end();
  } else responder.send(status, (protocol?.error ?? toPlainError)({ status, message }));
  // The rest of a request that is too long is not waited for.
  if (!request.complete) void responder.closed.then(() => request.socket.destroy());
}

/** For a request that is none of any protocol. */
function toPlainError({ status, message }: Failure): unknown {
  return { error: { type: status === 404 ? 'not_found_error' : 'invalid_request_error', code: status, message } };
}
