import { noteRequestId } from './request-id.ts';

/**
 * `fetch` for model adapters. It adds three guarantees to the adapters' packages: an answer is bounded, a key follows no
 * redirect, and a key that a server sends back in an error is removed.
 */
export interface BoundedFetchOptions {
  readonly secrets: readonly string[];
  /** Bytes of one answer; beyond them it fails with `AnswerTooLargeError`. */
  readonly answerBytesMax?: number;
}

/** The longest answers of today's models are under 1 MB. */
export const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
/** Bytes kept of a server's error body; the rest is cut. */
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
}: BoundedFetchOptions): typeof globalThis.fetch {
  return async (input, init) => {
    // Following a redirect would send `x-api-key` to wherever it points.
    const response = await fetch(input, { ...init, redirect: 'manual' });
    noteRequestId(response.headers);
    if (response.body === null) return response;
    if (!response.ok) return copyResponse(response, await readError(response.body, secrets));
    return copyResponse(response, response.body.pipeThrough(limitBytes(answerBytesMax)));
  };
}

function copyResponse({ status, statusText, headers }: Response, body: ReadableStream<Uint8Array> | string): Response {
  // The body is no longer compressed, and its length may have changed.
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
  // The last chunk may end inside a key: remove everything that could be the start of one.
  const keyCharactersMax = Math.max(0, ...secrets.map(({ length }) => length));
  return bytes > ERROR_BYTES_MAX ? shown.slice(0, -Math.max(1, keyCharactersMax)) : shown;
}
