import type { HistoryItem, Library, LocalChat, LocalSequence } from './library.ts';

/** What a stand-in for node-llama-cpp was asked. It needs no weights. */
export interface Asked {
  /** Number of the context in which it was asked. */
  readonly context: number;
  readonly history: readonly HistoryItem[];
  readonly options: Readonly<Record<string, unknown>>;
}

export interface FakeLibrary {
  readonly load: (name: string) => Promise<Library>;
  readonly asked: Asked[];
  readonly contexts: Readonly<Record<string, unknown>>[];
  /** How often each context was emptied. */
  readonly cleared: number[];
  /** The pieces of each prompt, after the adapter changed them. */
  readonly prompts: (readonly unknown[])[];
}

export interface FakeWeights {
  readonly shouldPrependBosToken?: boolean;
  readonly template?: string;
  readonly bosString?: string;
  /** Contexts that fit into memory. */
  readonly contextsMax?: number;
}

export function fakeLibrary({
  shouldPrependBosToken = false,
  template = "{{ '<|im_start|>' + message['role'] }}",
  bosString = '<|im_start|>',
  contextsMax = 100,
}: FakeWeights = {}): FakeLibrary {
  const asked: Asked[] = [];
  const contexts: Record<string, unknown>[] = [];
  const cleared: number[] = [];
  const prompts: (readonly unknown[])[] = [];
  const numbers = new Map<LocalSequence, number>();
  const openSequence = (): LocalSequence => {
    const number = cleared.push(0) - 1;
    const sequence: LocalSequence = {
      clearHistory: async () => {
        cleared[number] = (cleared[number] ?? 0) + 1;
      },
      tokenMeter: { getState: () => null, diff: () => ({ usedInputTokens: 1, usedOutputTokens: 2 }) },
    };
    numbers.set(sequence, number);
    return sequence;
  };
  const text = (values: readonly unknown[]): { values: readonly unknown[]; tokenize: () => number[] } => ({
    values,
    tokenize: () => {
      prompts.push(values);
      return values.map((_, index) => index);
    },
  });
  class FakeChat implements LocalChat {
    readonly sequence: LocalSequence;
    readonly chatWrapper = {
      wrapperName: 'ChatML',
      generateContextState: () => ({ contextText: text([{ value: 'BOS' }, { value: '<|im_start|>system\n' }, 'Hi']) }),
    };
    constructor({ contextSequence }: { readonly contextSequence: LocalSequence }) {
      this.sequence = contextSequence;
    }
    readonly generateResponse: LocalChat['generateResponse'] = async (history, options) => {
      asked.push({ context: numbers.get(this.sequence) ?? -1, history, options });
      return { fullResponse: [`answer ${asked.length}`], metadata: { stopReason: 'eogToken' } };
    };
  }
  const library: Library = {
    getLlama: async () => ({
      loadModel: async () => ({
        trainContextSize: 1024,
        tokenizer: null,
        tokens: { shouldPrependBosToken, bosString },
        fileInfo: { metadata: { tokenizer: { chat_template: template } } },
        createContext: async (options) => {
          if (contexts.length >= contextsMax) throw new Error('not enough memory');
          contexts.push({ ...options });
          return { contextSize: options.contextSize, getSequence: openSequence };
        },
      }),
    }),
    getModuleVersion: async () => '3.0.0',
    LlamaLogLevel: { error: 'error' },
    LlamaChat: FakeChat,
    LlamaText: text,
  };
  return { load: async () => library, asked, contexts, cleared, prompts };
}
