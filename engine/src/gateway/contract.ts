import type { LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from '@ai-sdk/provider';

import type { UntrustedText } from '../base/untrusted-text.ts';
import type { HostConnection } from '../sandbox/contract.ts';

/**
 * Stands between an agent product and its model, where the product cannot reach it. Towards the product it speaks the
 * protocols of model APIs; behind it is a model, a control or a script (`Answerer`), or the user's own provider
 * (`Forwarder`). What it cannot read it refuses: nothing passes unseen.
 *
 * To add a protocol: one file in `protocols/`, one line in `protocols.ts`, one call of `describeProtocolContract` in its
 * test, with the vendor's own SDK as the client.
 */
export interface Gateway {
  /** Serves one connection of the product (HTTP/1.1, kept alive). Resolves when it has ended; never rejects. */
  readonly connect: (connection: HostConnection) => Promise<void>;
  /** Ends every connection, and answers nothing more. Idempotent. */
  readonly close: () => void;
}

export interface GatewayOptions {
  readonly upstream: Upstream;
  /** Tools that the gateway itself offers, over MCP at the path `/mcp` (streamable HTTP). Default: none. */
  readonly tools?: readonly GatewayTool[];
  /** Names of the models that it lists. Default: none. With a `Forwarder` the provider answers. */
  readonly models?: readonly string[];
  /** Told of every exchange when its answer has been sent, or has failed. */
  readonly onExchange: (exchange: Exchange) => void;
  /** Longest request body, in bytes. Longer ones are refused with status 413. Default: 30 MiB. */
  readonly requestBytesMax?: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What answers the product's questions. */
export type Upstream = { readonly answer: Answerer } | { readonly forward: Forwarder };

/** Answers in this process. Rejecting gives the product an error of its protocol, and `refused` says why. */
export type Answerer = (question: Question, signal: AbortSignal) => Promise<Reply>;

/** A question of the product, the same for every protocol. */
export interface Question {
  /** 1, 2, 3 … in the order of arrival. */
  readonly number: number;
  /** `anthropic-messages`, `openai-responses`, `openai-chat`, `gemini`. */
  readonly protocol: string;
  /** The model that the product asks for; a claim, which decides nothing. */
  readonly model: string;
  readonly streamed: boolean;
  /** Prompt, tools and parameters, as every model adapter takes them. */
  readonly options: LanguageModelV4CallOptions;
}

/** An answer, or an error of the model's server with its HTTP status (400 to 599). */
export type Reply =
  | Pick<LanguageModelV4GenerateResult, 'content' | 'finishReason' | 'usage'>
  | { readonly status: number; readonly message: string };

/** Passes bytes on to a provider, with the key that the product does not have. */
export interface Forwarder {
  /** Base address of the provider, e.g. `https://api.anthropic.com`. Nothing else is reached. */
  readonly baseUrl: string;
  /** Headers that carry the key; they replace those of the product. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Decides over an answer before its tool calls reach the product. Text of a stream passes at once; tool calls are held
   * until this resolves. Default: everything passes.
   */
  readonly decide?: (question: Question, calls: readonly AskedToolCall[]) => Promise<Verdict>;
}

export interface AskedToolCall {
  readonly callId: string;
  readonly tool: string;
  /** JSON, as the model wrote it. */
  readonly input: string;
}

/** `refuse`: the product gets the text instead of the calls. `stop`: it gets an error that it does not retry (403). */
export type Verdict = { readonly do: 'pass' } | { readonly do: 'refuse' | 'stop'; readonly text: string };

/** One request of the product, whether it was a question or not, and what it got. */
export interface Exchange {
  readonly number: number;
  /** Null for a request that is none of any protocol. */
  readonly protocol: string | null;
  /** Method and target; query values that may be keys are left out. */
  readonly request: UntrustedText;
  /** Null if it was no question, or could not be read. */
  readonly question: Question | null;
  /** Null if there was none. */
  readonly reply: Reply | null;
  /** The body, without its compression. */
  readonly sent: Uint8Array;
  /** Status 0 if nothing was answered. */
  readonly answered: { readonly status: number; readonly bytes: Uint8Array };
  /** When the request had arrived. */
  readonly askedAt: number;
  /** False if the product hung up before it had the whole answer. */
  readonly complete: boolean;
  /** Why it was refused; null if it was not. */
  readonly refused: string | null;
}

/** A tool that the product calls over MCP. */
export interface GatewayTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Record<string, unknown>;
  /** Returns the text for the model. Rejecting ends the trial, never the gateway. */
  readonly call: (input: unknown) => Promise<{ readonly text: string; readonly isError: boolean }>;
}
