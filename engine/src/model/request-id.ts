import { AsyncLocalStorage } from 'node:async_hooks';

/** The number by which a server knows one request: what its people ask for when something went wrong. */
export interface RequestIds {
  /** The last one that a server gave during the work; null when none did. */
  readonly last: () => string | null;
}

/** Longer than what is recorded, so that a key in it can be hidden before it is cut. */
const SEEN_CHARACTERS_MAX = 4096;
/** As servers name it: OpenAI, xAI and most gateways; Anthropic; Google's and Amazon's front doors. */
const HEADERS = ['x-request-id', 'request-id', 'x-goog-request-id', 'x-amzn-requestid'];

const noted = new AsyncLocalStorage<{ id: string | null }>();

/** Does the work and hands it what every `fetch` of a model below it sees, also where the work fails. */
export function withRequestIds<T>(work: (ids: RequestIds) => Promise<T>): Promise<T> {
  const seen: { id: string | null } = { id: null };
  return noted.run(seen, () => work({ last: () => seen.id }));
}

/** Called for each answer, before its body is read. */
export function noteRequestId(headers: Headers): void {
  const seen = noted.getStore();
  if (seen === undefined) return;
  const found = HEADERS.map((name) => headers.get(name)).find((value) => value !== null && value.trim() !== '');
  // A header can hold anything; what is no printable ASCII is no number.
  const clean = (found ?? '').replaceAll(/[^\x21-\x7e]/g, '').slice(0, SEEN_CHARACTERS_MAX);
  seen.id = clean === '' ? null : clean;
}
