import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as askHttp,
} from 'node:http';
import { request as askHttps } from 'node:https';

import { hideSecrets } from '../base/hide-secrets.ts';
import type { AskedToolCall, Forwarder, Question, Reply } from './contract.ts';
import type { Answer, Asked, Protocol } from './protocols/contract.ts';
import { readEvents } from './read-events.ts';
import { RefusedRequest } from './refused-request.ts';
import { type Responder, showEvent, STREAM_HEADERS } from './responder.ts';

/** The longest answers of today's models are under 1 MB; images are longer. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
/** Shorter words of a header, such as `Bearer`, are no secret. */
const SECRET_MIN = 8;

const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];
const OF_THE_PRODUCT = ['authorization', 'proxy-authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'cookie'];
/** Set anew: the answer has to be read, so it must not be packed. */
const SET_ANEW = ['host', 'content-length', 'accept-encoding', 'expect'];
const KEYS_IN_QUERY = ['key', 'api_key', 'api-key', 'access_token'];

/** A request to pass on. */
export interface Forwarded {
  readonly request: IncomingMessage;
  readonly url: URL;
  /** The body as it came. */
  readonly raw: Uint8Array;
  readonly responder: Responder;
}

export interface ForwardedQuestion extends Forwarded {
  readonly protocol: Protocol;
  readonly asked: Asked;
  readonly question: Question;
  /** Filled in: what the provider answered, and what was decided against it. */
  readonly seen: { reply: Reply | null; refused: string | null };
}

export interface Passing {
  /** Passes a request that is no question. Throws a `RefusedRequest` if the provider cannot be reached or its answer read. */
  readonly pass: (forwarded: Forwarded) => Promise<void>;
  /** Passes a question. The same, and if it was decided to stop. */
  readonly ask: (question: ForwardedQuestion) => Promise<void>;
}

export function createPassing(forwarder: Forwarder): Passing {
  const secrets = Object.values(forwarder.headers)
    .flatMap((value) => [value, ...value.split(' ')])
    .filter(({ length }) => length >= SECRET_MIN);

  const open = async ({ request, url, raw, responder }: Forwarded): Promise<IncomingMessage> => {
    const target = new URL(forwarder.baseUrl);
    target.pathname = `${target.pathname.replace(/\/+$/, '')}${url.pathname}`;
    target.search = url.search;
    // Deleting writes all of the query anew, so only where there is a key.
    for (const name of KEYS_IN_QUERY) if (target.searchParams.has(name)) target.searchParams.delete(name);
    const ask = target.protocol === 'https:' ? askHttps : askHttp;
    const headers = {
      ...without(request.headers, [...HOP_BY_HOP, ...OF_THE_PRODUCT, ...SET_ANEW]),
      'accept-encoding': 'identity',
      ...(raw.length > 0 && { 'content-length': raw.length }),
      ...forwarder.headers,
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    ask(target, { method: request.method, headers, signal: responder.signal })
      .on('response', resolve)
      .on('error', reject)
      .end(raw);
    const answer = await promise;
    const { statusCode: status = 0 } = answer;
    // Following a redirect would carry the key to wherever it points.
    if (status < 200 || (status >= 300 && status < 400)) {
      answer.destroy();
      throw new TypeError(`status ${status}`);
    }
    if ((answer.headers['content-encoding'] ?? 'identity') !== 'identity') {
      answer.destroy();
      throw new TypeError('it is packed');
    }
    return answer;
  };

  const checkSecrets = (bytes: Buffer): void => {
    if (secrets.some((secret) => bytes.includes(secret))) throw new TypeError('it holds the key');
  };

  /** Sends it as it is. */
  const sendBytes = (answer: IncomingMessage, bytes: Buffer, responder: Responder): void => {
    const { statusCode: status = 0 } = answer;
    // A provider may repeat the key in an error.
    const isShown = secrets.every((secret) => !bytes.includes(secret));
    const shown = isShown ? bytes : Buffer.from(hideSecrets(bytes.toString(), secrets));
    if (status < 400) checkSecrets(bytes);
    responder.begin(status, { ...headersOf(answer, secrets), 'content-length': shown.length });
    void responder.write(shown);
    responder.end();
  };

  const decide = async (question: Question, reply: Answer): Promise<Answer | null> => {
    const calls = callsOf(reply);
    if (calls.length === 0 || forwarder.decide === undefined) return null;
    const verdict = await forwarder.decide(question, calls).catch(() => {
      throw new RefusedRequest('it could not be decided over the tool calls', 403);
    });
    if (verdict.do === 'pass') return null;
    if (verdict.do === 'stop') throw new RefusedRequest(verdict.text, 403);
    const kept = reply.content.filter(({ type }) => type === 'text' || type === 'reasoning');
    return {
      ...reply,
      content: [...kept, { type: 'text', text: verdict.text }],
      finishReason: { unified: 'stop', raw: undefined },
    };
  };

  const askWhole = async (answer: IncomingMessage, it: ForwardedQuestion): Promise<void> => {
    const { protocol, asked, question, responder, seen } = it;
    const bytes = await readWhole(answer);
    checkSecrets(bytes);
    const reply = protocol.answers.readWhole(JSON.parse(bytes.toString()));
    seen.reply = reply;
    const instead = 'status' in reply ? null : await decide(question, reply);
    if (instead === null) return sendBytes(answer, bytes, responder);
    seen.refused = textAtEnd(instead);
    responder.send(200, asked.whole(instead));
  };

  const askStreamed = async (answer: IncomingMessage, it: ForwardedQuestion): Promise<void> => {
    const { protocol, asked, question, responder, seen } = it;
    const all: unknown[] = [];
    const passed: unknown[] = [];
    const held: Buffer[] = [];
    const begin = (): void => {
      if (!responder.hasBegun()) responder.begin(200, { ...headersOf(answer, secrets), ...STREAM_HEADERS });
    };
    for await (const { raw, data } of readEvents(answer, ANSWER_BYTES_MAX)) {
      checkSecrets(raw);
      const value: unknown = data === '' || data === '[DONE]' ? data : JSON.parse(data);
      // A comment keeps the connection open.
      const mayPass = data === '' || protocol.answers.mayPass(value);
      if (data !== '') all.push(value);
      if (!mayPass || held.length > 0) {
        held.push(raw);
        continue;
      }
      if (data !== '') passed.push(value);
      begin();
      await responder.write(raw);
    }
    const reply = protocol.answers.readWhole(protocol.answers.assemble(all));
    seen.reply = reply;
    if ('status' in reply) throw new RefusedRequest(reply.message, reply.status);
    const instead = await decide(question, reply);
    begin();
    if (instead === null) for (const raw of held) await responder.write(raw);
    else {
      seen.refused = textAtEnd(instead);
      const said = { ...instead, content: instead.content.slice(passed.length === 0 ? 0 : -1) };
      for (const event of asked.stream(said, passed)) await responder.write(Buffer.from(showEvent(event)));
    }
    responder.end();
  };

  /** Says what went wrong without the key and without the address. */
  const guard = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (error instanceof RefusedRequest) throw error;
      const text = hideSecrets(reasonOf(error), secrets);
      throw new RefusedRequest(`the provider gave no answer that can be read (${text.slice(0, 200)})`, 502);
    }
  };

  return {
    pass: (it) =>
      guard(async () => {
        const answer = await open(it);
        sendBytes(answer, await readWhole(answer), it.responder);
      }),
    ask: (it) =>
      guard(async () => {
        const answer = await open(it);
        const { statusCode: status = 0 } = answer;
        if (status >= 400) {
          const bytes = await readWhole(answer);
          it.seen.reply = { status, message: hideSecrets(bytes.subarray(0, 2000).toString(), secrets) };
          sendBytes(answer, bytes, it.responder);
        } else await (it.asked.streamed ? askStreamed(answer, it) : askWhole(answer, it));
      }),
  };
}

/** Errors of connections name the address; their code does not. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

function textAtEnd({ content }: Answer): string {
  const last = content.at(-1);
  return last?.type === 'text' ? last.text : '';
}

function callsOf({ content }: Answer): readonly AskedToolCall[] {
  return content.flatMap((part) =>
    part.type === 'tool-call' && part.providerExecuted !== true
      ? [{ callId: part.toolCallId, tool: part.toolName, input: part.input }]
      : [],
  );
}

async function readWhole(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('expected bytes');
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new TypeError(`it is longer than ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Headers without those named, and without those that belong to one connection. */
function without(headers: IncomingHttpHeaders, names: readonly string[]): OutgoingHttpHeaders {
  const listed = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !names.includes(name) && !listed.includes(name)),
  );
}

function headersOf({ headers }: IncomingMessage, secrets: readonly string[]): OutgoingHttpHeaders {
  const kept = without(headers, [...HOP_BY_HOP, 'content-length', 'content-encoding', 'set-cookie', 'date']);
  return Object.fromEntries(
    Object.entries(kept).filter(([, value]) => secrets.every((secret) => !String(value).includes(secret))),
  );
}
