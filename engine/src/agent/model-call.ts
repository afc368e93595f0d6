import { APICallError, type LanguageModelV4CallOptions, type LanguageModelV4GenerateResult } from '@ai-sdk/provider';

import { startDeadline } from '../base/deadline.ts';
import { hideSecrets } from '../base/hide-secrets.ts';
import { toUntrusted } from '../base/untrusted-text.ts';
import type { World } from '../base/world.ts';
import type { OpenModel } from '../model/contract.ts';
import { withRequestIds } from '../model/request-id.ts';
import type { ModelAttempt } from '../record/events.ts';

/** The result of one model call, with all its attempts. */
export interface ModelCallResult {
  readonly result: LanguageModelV4GenerateResult | null;
  readonly attempts: readonly ModelAttempt[];
  /** Why there is no result. Null if there is one, or if the signal was aborted. */
  readonly failure: ModelFailure | null;
}

export interface ModelFailure {
  /**
   * `unauthorised` (401, 403), `unknown-model` (404), `rejected` (other 4xx), `unreachable` (no connection),
   * `overloaded` (429, 5xx or timeouts until the retries ran out), `unreadable` (not a valid answer).
   */
  readonly code: 'unauthorised' | 'unknown-model' | 'rejected' | 'unreachable' | 'overloaded' | 'unreadable';
  readonly text: string;
}

export interface RetryPolicy {
  /** Milliseconds before the second, third … attempt, ± 25 %. The length of the list limits the number of retries. */
  readonly delaysMs: readonly number[];
  /** Timeout of one attempt. Does not apply to a model in this process. */
  readonly attemptMsMax: number;
}

/** All attempts together take less time than a trial has by default, so that a silent server is detected within it. */
export const DEFAULT_RETRY: RetryPolicy = { delaysMs: [1000, 4000, 16_000], attemptMsMax: 120_000 };

const RETRY_AFTER_MS_MAX = 60_000;
const ERROR_CHARACTERS_MAX = 2000;
const REQUEST_ID_CHARACTERS_MAX = 200;
/** Shorter keys are placeholders such as `EMPTY` or `ollama`. Removing such a word from answers would change commands. */
const SECRET_CHARACTERS_MIN = 8;

interface ModelCallOptions {
  readonly open: OpenModel;
  readonly retry: RetryPolicy;
  readonly world: Pick<World, 'elapsed' | 'now' | 'random'>;
  readonly signal: AbortSignal;
}

/** Calls the model, and retries if a retry can help. Never rejects. */
export async function callModel(
  request: Omit<LanguageModelV4CallOptions, 'abortSignal'>,
  { open, retry, world, signal }: ModelCallOptions,
): Promise<ModelCallResult> {
  const attempts: ModelAttempt[] = [];
  for (let attempt = 0; !signal.aborted; attempt++) {
    const started = world.elapsed();
    const attempted = await withRequestIds(async (ids): Promise<AttemptResult> => {
      const answered = await askOnce(request, { open, retry, signal }).then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      );
      const id = ids.last();
      const known = id === null ? {} : { requestId: hideSecrets(id, open.secrets).slice(0, REQUEST_ID_CHARACTERS_MAX) };
      return { ...answered, info: { durationMs: world.elapsed() - started, ...known } };
    });
    if ('result' in attempted) {
      attempts.push({ ...attempted.info, status: 200, error: null });
      return { result: clean(attempted.result, open.secrets), attempts, failure: null };
    }
    const { code, text, status, retryable, retryAfterMs } = readFailure(attempted.error, open.secrets, world.now());
    const shown = signal.aborted ? 'aborted' : code;
    attempts.push({ ...attempted.info, status, error: { code: shown, text: toUntrusted(text) } });
    const delay = retry.delaysMs[attempt];
    if (!signal.aborted && (!retryable || delay === undefined))
      return { result: null, attempts, failure: { code, text } };
    await sleep(jitter(retryAfterMs, delay ?? 0, world.random()), signal);
  }
  return { result: null, attempts, failure: null };
}

type AttemptInfo = Pick<ModelAttempt, 'durationMs' | 'requestId'>;
type AttemptResult =
  | { readonly result: LanguageModelV4GenerateResult; readonly info: AttemptInfo }
  | { readonly error: unknown; readonly info: AttemptInfo };

async function askOnce(
  request: Omit<LanguageModelV4CallOptions, 'abortSignal'>,
  { open, retry, signal }: Omit<ModelCallOptions, 'world'>,
): Promise<LanguageModelV4GenerateResult> {
  const idleMsMax = open.inProcess === true ? Number.MAX_SAFE_INTEGER : retry.attemptMsMax;
  using deadline = startDeadline(signal, idleMsMax);
  return await open.model.doGenerate({ ...request, abortSignal: deadline.signal });
}

/** Spreads out the retries of trials that failed together. Never retries sooner than the server asked for. */
function jitter(retryAfterMs: number | null, delayMs: number, random: number): number {
  if (retryAfterMs !== null) return retryAfterMs * (1 + random / 4);
  return delayMs * (0.75 + random / 2);
}

/**
 * Cleans the answer of a server before anything else reads it, so that the record shows what was run. It removes keys,
 * because a key that reaches the sandbox could be transformed there, and lone surrogates, because they cannot be recorded.
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

/** Applies `change` to every string in a value. */
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

function readFailure(error: unknown, secrets: readonly string[], now: number): Failure {
  const text = describe(error, secrets).slice(0, ERROR_CHARACTERS_MAX);
  if (!APICallError.isInstance(error)) {
    // A connection that breaks off during an answer is retried like a server that is briefly down.
    const timedOut = isBrokenOff(error) || (error instanceof Error && error.name === 'TimeoutError');
    return {
      code: timedOut ? 'overloaded' : 'unreadable',
      text,
      status: null,
      retryable: timedOut,
      retryAfterMs: null,
    };
  }
  const status = error.statusCode ?? null;
  // An error with a status below 400: an answer came, but it violates the protocol.
  if (status !== null && status < 400) {
    const brokeOff = isBrokenOff(error);
    return { code: brokeOff ? 'overloaded' : 'unreadable', text, status, retryable: brokeOff, retryAfterMs: null };
  }
  const retryAfterMs = readRetryAfter(error.responseHeaders?.['retry-after'] ?? '', now);
  return { code: codeOf(status), text, status, retryable: status === null || error.isRetryable, retryAfterMs };
}

/** Parses seconds or an HTTP date to milliseconds; null for anything else. A date in the past means no wait. */
function readRetryAfter(text: string, now: number): number | null {
  const words = text.trim();
  if (/^\d+(\.\d+)?$/.test(words)) return Math.min(Number(words) * 1000, RETRY_AFTER_MS_MAX);
  if (!/^[A-Z][a-z]+, .* GMT$/.test(words)) return null;
  const waitMs = Date.parse(words) - now;
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(0, waitMs), RETRY_AFTER_MS_MAX);
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
  // Hide secrets before cutting the text: part of a key is a secret too.
  const body = hideSecrets(APICallError.isInstance(error) ? (error.responseBody ?? '') : '', secrets);
  return [
    hideSecrets(causes.join(': '), secrets),
    body === '' || causes.includes(body) ? '' : `(the server said: ${body.slice(0, 500)})`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** Resolves early if the signal is aborted. */
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
