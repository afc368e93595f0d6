import { AsyncLocalStorage } from 'node:async_hooks';

/** The id by which a server knows a request. Vendors' support asks for it. */
export interface RequestIds {
  /** The last id that a server returned during the work; null if none did. */
  readonly last: () => string | null;
}

/** Longer than what is recorded, so that a key in it can be removed before it is cut. */
const SEEN_CHARACTERS_MAX = 4096;
/** The headers of, in order: OpenAI, xAI and most gateways; Anthropic; Google; Amazon. */
const HEADERS = ['x-request-id', 'request-id', 'x-goog-request-id', 'x-amzn-requestid'];

const noted = new AsyncLocalStorage<{ id: string | null }>();

/** Runs the work and hands it the request ids that every model `fetch` inside it sees, also if the work fails. */
export function withRequestIds<T>(work: (ids: RequestIds) => Promise<T>): Promise<T> {
  const seen: { id: string | null } = { id: null };
  return noted.run(seen, () => work({ last: () => seen.id }));
}

/** Called for each answer, before its body is read. */
export function noteRequestId(headers: Headers): void {
  const seen = noted.getStore();
  if (seen === undefined) return;
  const found = HEADERS.map((name) => headers.get(name)).find((value) => value !== null && value.trim() !== '');
  // A header can hold anything; only printable ASCII is kept.
  const clean = (found ?? '').replaceAll(/[^\x21-\x7e]/g, '').slice(0, SEEN_CHARACTERS_MAX);
  seen.id = clean === '' ? null : clean;
}
