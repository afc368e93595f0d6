import type { Question, Reply } from '../contract.ts';

/**
 * The protocol of one vendor's model API: how a question is read, and how an answer is written as that vendor writes it.
 * It is pure: no clock, no chance, no connection.
 *
 * To add one: one file here, one line in `../protocols.ts`, one call of `describeProtocolContract` in its test.
 */
export interface Protocol {
  readonly name: string;
  /** What a request is for; null if it is none of this protocol's. */
  readonly route: (method: string, url: URL) => Route | null;
  /** Throws a `RefusedRequest` if anything that a model would be asked cannot be read. */
  readonly read: (body: unknown, context: ReadContext) => Asked;
  /** The answer to a request that counts tokens. */
  readonly countTokens: (tokens: number) => unknown;
  readonly error: (failure: Failure) => unknown;
  /** The same within a stream that has begun. */
  readonly errorEvent: (failure: Failure) => StreamEvent;
  readonly answers: AnswerReader;
}

export type Answer = Exclude<Reply, Failure>;
export type Failure = Extract<Reply, { readonly status: number }>;

export interface Route {
  readonly do: 'ask' | 'count-tokens';
  /** What stands in the target instead of in the body. */
  readonly model?: string;
  readonly streamed?: boolean;
}

export interface ReadContext {
  readonly route: Route;
  /** A fresh id as vendors write them: the prefix and 24 digits or letters. */
  readonly newId: (prefix: string) => string;
  /** Seconds since 1970. */
  readonly seconds: number;
  /** Bytes of the request, for a rough count where the model gives none. */
  readonly bytes: number;
}

/** A question that was read, and how its answer is written. Both throw a `TypeError` for a part that has no form in the protocol. */
export interface Asked extends Pick<Question, 'model' | 'streamed' | 'options'> {
  readonly whole: (answer: Answer) => unknown;
  /** `begun`: data of the events that the product already has; the answer goes on from there. */
  readonly stream: (answer: Answer, begun?: readonly unknown[]) => Iterable<StreamEvent>;
}

export interface StreamEvent {
  readonly event?: string;
  /** Written as JSON; a string is written as it is (`[DONE]`). */
  readonly data: unknown;
}

/** Reads what a provider answers. Everything here throws if it meets what it does not know. */
export interface AnswerReader {
  /** Whether an event may pass before the answer is known, since it holds nothing of a tool call and ends nothing. */
  readonly mayPass: (data: unknown) => boolean;
  /** The body that the answer would have had without streaming; throws if its end is missing. */
  readonly assemble: (events: readonly unknown[]) => unknown;
  readonly readWhole: (body: unknown) => Reply;
}
