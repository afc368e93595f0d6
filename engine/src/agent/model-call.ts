import { APICallError, type LanguageModelV4CallOptions, type LanguageModelV4GenerateResult } from '@ai-sdk/provider';

import { startDeadline } from '../base/deadline.ts';
import { toUntrusted } from '../base/untrusted-text.ts';
import type { OpenModel } from '../model/contract.ts';
import { generateByStreaming, ModelStreamError } from '../model/generate-by-streaming.ts';
import type { ModelAttempt } from '../record/events.ts';

/** What became of one question to a model, with every attempt that was made. */
export interface ModelCallResult {
  readonly result: LanguageModelV4GenerateResult | null;
  readonly attempts: readonly ModelAttempt[];
  /** Set when there is no result; null too when the signal was aborted: then nothing is known to be wrong. */
  readonly failure: ModelFailure | null;
}

export interface ModelFailure {
  /**
   * `unauthorised` (401, 403), `unknown-model` (404), `rejected` (other 4xx), `unreachable` (no connection),
   * `overloaded` (429, 5xx, timeouts, to the end of the retries), `unreadable` (an answer that is no answer).
   */
  readonly code: 'unauthorised' | 'unknown-model' | 'rejected' | 'unreachable' | 'overloaded' | 'unreadable';
  readonly text: string;
}

export interface RetryPolicy {
  /** Milliseconds before the second, third … attempt; its length bounds the attempts. */
  readonly delaysMs: readonly number[];
  /** One attempt; then it is given up. */
  readonly attemptMsMax: number;
}

export const DEFAULT_RETRY: RetryPolicy = { delaysMs: [1000, 4000, 16_000], attemptMsMax: 600_000 };

const STREAM_BOUNDS = { bytesMax: 8 * 1024 * 1024, idleMsMax: 120_000 };
const RETRY_AFTER_MS_MAX = 60_000;
const ERROR_CHARACTERS_MAX = 2000;
/** What is shorter can be guessed, and is a word: `EMPTY`, `ollama`. To take it out of answers would change commands. */
const SECRET_CHARACTERS_MIN = 8;

interface ModelCallOptions {
  readonly stream?: boolean;
  readonly open: OpenModel;
  readonly retry: RetryPolicy;
  readonly elapsed: () => number;
  readonly signal: AbortSignal;
}

/** Asks, and asks again where asking again can help. Never rejects. */
export async function callModel(
  request: Omit<LanguageModelV4CallOptions, 'abortSignal'>,
  { open, retry, elapsed, signal, stream = false }: ModelCallOptions,
): Promise<ModelCallResult> {
  const attempts: ModelAttempt[] = [];
  for (let attempt = 0; !signal.aborted; attempt++) {
    const started = elapsed();
    try {
      using deadline = startDeadline(signal, retry.attemptMsMax);
      const abortSignal = deadline.signal;
      const result = stream
        ? await generateByStreaming(open.model, { ...request, abortSignal }, STREAM_BOUNDS)
        : await open.model.doGenerate({ ...request, abortSignal });
      attempts.push({ durationMs: elapsed() - started, status: 200, error: null });
      return { result: clean(result, open.secrets), attempts, failure: null };
    } catch (error) {
      const { code, text, status, retryable, retryAfterMs } = readFailure(error, open.secrets);
      const shown = signal.aborted ? 'aborted' : code;
      attempts.push({ durationMs: elapsed() - started, status, error: { code: shown, text: toUntrusted(text) } });
      const delay = retry.delaysMs[attempt];
      if (!signal.aborted && (!retryable || delay === undefined))
        return { result: null, attempts, failure: { code, text } };
      await sleep(retryAfterMs ?? delay ?? 0, signal);
    }
  }
  return { result: null, attempts, failure: null };
}

/**
 * What a server sends is cleaned before anybody sees it, so that the record shows what was run. A key that it sends back
 * never gets into the sandbox, where it could take another shape; half a surrogate pair could not be written down.
 */
function clean(
  { content, finishReason, usage, warnings, response }: LanguageModelV4GenerateResult,
  secrets: readonly string[],
): LanguageModelV4GenerateResult {
  const long = secrets.filter((secret) => secret.length >= SECRET_CHARACTERS_MIN);
  const { id, modelId } = response ?? {};
  return mapTexts(
    {
      content,
      finishReason,
      usage,
      warnings,
      response: { ...(id !== undefined && { id }), ...(modelId !== undefined && { modelId }) },
    },
    (text) => hideSecrets(text.toWellFormed(), long),
  );
}

/** The same value with every text in it changed. */
function mapTexts<T>(value: T, change: (text: string) => string): T;
function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((one: unknown) => mapTexts(one, change));
  // Bytes and dates hold no text.
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapTexts(one, change)]));
}

interface Failure extends ModelFailure {
  readonly status: number | null;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
}

function readFailure(error: unknown, secrets: readonly string[]): Failure {
  const text = describe(error, secrets).slice(0, ERROR_CHARACTERS_MAX);
  if (!APICallError.isInstance(error)) {
    // A connection that breaks off in the middle of an answer is as good as a server that is down for a moment.
    const brokeOff = error instanceof ModelStreamError ? error.code !== 'answer-too-large' : isBrokenOff(error);
    const timedOut = brokeOff || (error instanceof Error && error.name === 'TimeoutError');
    return {
      code: timedOut ? 'overloaded' : 'unreadable',
      text,
      status: null,
      retryable: timedOut,
      retryAfterMs: null,
    };
  }
  const status = error.statusCode ?? null;
  // A status below 400 with an error: the answer came, and was not what the protocol says.
  if (status !== null && status < 400) {
    const brokeOff = isBrokenOff(error);
    return { code: brokeOff ? 'overloaded' : 'unreadable', text, status, retryable: brokeOff, retryAfterMs: null };
  }
  const seconds = Number(error.responseHeaders?.['retry-after'] ?? Number.NaN);
  const retryAfterMs = seconds >= 0 ? Math.min(seconds * 1000, RETRY_AFTER_MS_MAX) : null;
  return { code: codeOf(status), text, status, retryable: status === null || error.isRetryable, retryAfterMs };
}

function isBrokenOff(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = 'code' in cause ? String(cause.code) : '';
    if (/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(code) || cause.message === 'terminated') return true;
  }
  return false;
}

function codeOf(status: number | null): ModelFailure['code'] {
  if (status === null) return 'unreachable';
  if (status === 401 || status === 403) return 'unauthorised';
  if (status === 404) return 'unknown-model';
  if (status === 408 || status === 409 || status === 429 || status >= 500) return 'overloaded';
  return 'rejected';
}

function describe(error: unknown, secrets: readonly string[]): string {
  if (!(error instanceof Error)) return hideSecrets(String(error), secrets);
  const causes: string[] = [];
  for (let cause: unknown = error; cause instanceof Error && causes.length < 4; cause = cause.cause) {
    const words = cause.message === '' && 'code' in cause ? String(cause.code) : cause.message;
    if (!causes.includes(words)) causes.push(words);
  }
  // Hidden before anything is cut: half a key is a secret too.
  const body = hideSecrets(APICallError.isInstance(error) ? (error.responseBody ?? '') : '', secrets);
  return [
    hideSecrets(causes.join(': '), secrets),
    body === '' || causes.includes(body) ? '' : `(the server said: ${body.slice(0, 500)})`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** A server that is asked with a wrong key likes to print it; inside JSON it may be written with escapes. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    .reduce((shown, secret) => (secret === '' ? shown : shown.replaceAll(secret, '[secret]')), text);
}

/** Resolves early when the signal is aborted. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake, { once: true });
  });
}
