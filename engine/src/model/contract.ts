import type { LanguageModelV4 } from '@ai-sdk/provider';

/**
 * A language model, as the AI SDK's LanguageModel specification has it (`doGenerate`; no high-level loop, which would
 * hide what must be recorded). Names are `provider/model`.
 *
 * To add a provider: one file in `adapters/`, one line in `cli/compose.ts`, one call of `describeModelContract` in its
 * test. An adapter makes no attempt of its own to retry, and loads its package only inside `open`.
 */
export interface ModelProvider {
  /** The part before the first slash: `openai-compatible`. */
  readonly prefix: string;
  /** One line for `offswitch list` and for errors: which variables it reads. */
  readonly usage: string;
  /**
   * Rejects with a `UsageError` when a key or an address is missing: one sentence, naming the variable.
   * Makes no connection.
   */
  readonly open: (modelId: string, options: OpenModelOptions) => Promise<OpenModel>;
  /** Providers one of whose names stands behind the slash; not given where a model's name does. */
  readonly wraps?: readonly ModelProvider[];
}

export interface OpenModelOptions {
  /** Variables of the environment; an argument, so that a test needs no global state. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface OpenModel {
  /** `provider/model`, as the user wrote it; of a file only its name, since folders tell of the machine. */
  readonly name: string;
  readonly model: LanguageModelV4;
  /** Values that must never be written anywhere: the caller removes them from every error text and every answer. */
  readonly secrets: readonly string[];
  /**
   * How the model is asked besides what the user asked for: a default that its protocol demands, tools told in plain
   * text, the hash of local weights. Goes into the record with the parameters.
   */
  readonly properties?: Readonly<Record<string, string>>;
  /** Answers are made in this process: no server can fall silent, and slowness is the model's own. False when not given. */
  readonly inProcess?: boolean;
}

/** Per million tokens, in US dollars; given by the user, since no table of prices stays true. */
export interface ModelPrice {
  readonly inputUsdPerMillion: number;
  readonly outputUsdPerMillion: number;
}
