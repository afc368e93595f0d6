import { noteRequestId } from './request-id.ts';

/**
 * `fetch` for model adapters. Three promises that the adapters' packages do not make: an answer has a bound, a key
 * follows no redirect, and a server that sends the key back in an error does not get it into our texts.
 */
export interface BoundedFetchOptions {
  readonly secrets: readonly string[];
  /** Bytes of one answer in JSON; beyond them it is broken off with `AnswerTooLargeError`. */
  readonly answerBytesMax?: number;
  /** Bytes of one answer in pieces, which takes many times the bytes of its text. */
  readonly streamBytesMax?: number;
}

/** The longest answers of today's models are under 1 MB. */
export const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
export const STREAM_BYTES_MAX = 64 * 1024 * 1024;
/** What a server says about an error, beyond it cut. */
const ERROR_BYTES_MAX = 64 * 1024;

export class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError';
  readonly code = 'answer-too-large';

  constructor(bytesMax: number) {
    super(`the answer of the model is longer than ${bytesMax} bytes`);
  }
}

export function createBoundedFetch({
  secrets,
  answerBytesMax = ANSWER_BYTES_MAX,
  streamBytesMax = STREAM_BYTES_MAX,
}: BoundedFetchOptions): typeof globalThis.fetch {
  return async (input, init) => {
    // Followed, a redirect would carry `x-api-key` to wherever it points.
    const response = await fetch(input, { ...init, redirect: 'manual' });
    noteRequestId(response.headers);
    if (response.body === null) return response;
    if (!response.ok) return copyResponse(response, await readError(response.body, secrets));
    const isStream = /event-stream|ndjson/.test(response.headers.get('content-type') ?? '');
    return copyResponse(response, response.body.pipeThrough(limitBytes(isStream ? streamBytesMax : answerBytesMax)));
  };
}

function copyResponse({ status, statusText, headers }: Response, body: ReadableStream<Uint8Array> | string): Response {
  // The body is no longer compressed, nor as long as it was.
  const kept = [...headers].filter(([name]) => name !== 'content-encoding' && name !== 'content-length');
  return new Response(body, { status, statusText, headers: kept });
}

function limitBytes(bytesMax: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) controller.error(new AnswerTooLargeError(bytesMax));
      else controller.enqueue(chunk);
    },
  });
}

async function readError(body: ReadableStream<Uint8Array>, secrets: readonly string[]): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > ERROR_BYTES_MAX) break;
  }
  const text = Buffer.concat(chunks).toString();
  const shown = secrets.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text);
  // The piece that was read last may end in the middle of a key: everything that could begin one goes.
  const keyCharactersMax = Math.max(0, ...secrets.map(({ length }) => length));
  return bytes > ERROR_BYTES_MAX ? shown.slice(0, -Math.max(1, keyCharactersMax)) : shown;
}
