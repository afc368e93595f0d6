import type { LanguageModelV4 } from '@ai-sdk/provider';

/**
 * A language model, as in the AI SDK's LanguageModel specification (`doGenerate`; not the high-level loop, which would hide
 * what must be recorded). Names are `provider/model`.
 *
 * To add a provider: one file in `adapters/`, one line in `cli/compose.ts`, one call of `describeModelContract` in its
 * test. An adapter never retries, and loads its package only inside `open`.
 */
export interface ModelProvider {
  /** The part before the first slash: `openai-compatible`. */
  readonly prefix: string;
  /** One line for `offswitch list` and for errors: the variables it reads. */
  readonly usage: string;
  /**
   * Rejects with a `UsageError` if a key or an address is missing: one sentence that names the variable.
   * Makes no connection.
   */
  readonly open: (modelId: string, options: OpenModelOptions) => Promise<OpenModel>;
  /** Providers whose names may follow the slash. Not given: the model's own name follows it. */
  readonly wraps?: readonly ModelProvider[];
}

export interface OpenModelOptions {
  /** Environment variables; an argument, so that tests need no global state. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Variables that come from a file `.env`: they choose no address for a key that comes from elsewhere. */
  readonly fromFile?: ReadonlySet<string> | undefined;
  /** Conversations at the same time. A model in this process keeps a context for each. 1 when not given. */
  readonly conversations?: number;
}

/** Where a question names its conversation (`providerOptions`), for models that keep something of each. */
export const CONVERSATION = { provider: 'offswitch', option: 'conversation' } as const;

/** Sampling parameters. Those that are not given are left to the provider. */
export interface SamplingParameters {
  readonly temperature?: number;
  readonly topP?: number;
  /** Draws come from so many of the likeliest tokens. 0 means all, where the provider knows it. */
  readonly topK?: number;
  readonly maxOutputTokens?: number;
  readonly seed?: number;
}

export interface OpenModel {
  /** `provider/model`, as the user wrote it. A path is cut to its file name: folders describe the user's machine. */
  readonly name: string;
  readonly model: LanguageModelV4;
  /** The address at which it is asked. Shown before the first call. Absent for a model in this process. */
  readonly endpoint?: string;
  /** Values that must never be written: the caller removes them from every error text and every answer. */
  readonly secrets: readonly string[];
  /**
   * Settings that the user did not choose: a default that the protocol requires, tools in plain text, the hash of local
   * weights. Recorded with the parameters.
   */
  readonly properties?: Readonly<Record<string, string>>;
  /** Sampling parameters that the user may change. They are sent with each question and recorded, as the user's are. */
  readonly defaults?: SamplingParameters;
  /** Every question must have a seed. If the user sets none, it comes from chance, and is recorded. False when not given. */
  readonly needsSeed?: boolean;
  /** Told when a conversation has ended. It may be gone on with. */
  readonly release?: (conversation: string) => void;
  /** The model runs in this process: no server can fall silent, so attempts have no time limit. False when not given. */
  readonly inProcess?: boolean;
}

/** US dollars per million tokens. The user gives them, because no price table stays true. */
export interface ModelPrice {
  readonly inputUsdPerMillion: number;
  readonly outputUsdPerMillion: number;
}
