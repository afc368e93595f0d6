import { loadOptionalPackage } from '../../optional-package.ts';

export const PACKAGE = 'node-llama-cpp';

/** Both packages in one command: the first alone would find no built program, and start to compile llama.cpp. */
export function installOf(platform: string, arch: string): string {
  const system = platform === 'darwin' ? 'mac' : platform === 'win32' ? 'win' : platform;
  const build = `${system}-${arch}${system === 'mac' && arch === 'arm64' ? '-metal' : ''}`;
  return `--omit=optional ${PACKAGE} @node-llama-cpp/${build}`;
}

export async function loadLibrary(name: string): Promise<Library> {
  // Not a literal: a clone does not install this large package, so its types are missing.
  const wanted: string = PACKAGE;
  return loadOptionalPackage({ name, install: installOf(process.platform, process.arch) }, async () => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the part of its interface in use is declared below
    return (await import(/* @vite-ignore */ wanted)) as Library;
  });
}

/** The part of node-llama-cpp 3 in use. */
export interface Library {
  readonly getLlama: (options: Readonly<Record<string, unknown>>) => Promise<{
    readonly loadModel: (options: { readonly modelPath: string }) => Promise<LocalModel>;
  }>;
  readonly getModuleVersion: () => Promise<string>;
  readonly LlamaLogLevel: { readonly error: string };
  readonly LlamaChat: new (options: { readonly contextSequence: LocalSequence }) => LocalChat;
  readonly LlamaText: (values: readonly unknown[]) => LocalText;
}

export interface LocalModel {
  readonly trainContextSize: number;
  readonly tokenizer: unknown;
  readonly tokens: { readonly shouldPrependBosToken: boolean; readonly bosString: string | null };
  readonly fileInfo: {
    readonly metadata: { readonly tokenizer?: { readonly chat_template?: unknown } };
  };
  readonly createContext: (options: {
    readonly contextSize: number;
    readonly threads: number;
    readonly sequences: number;
    readonly lora?: { readonly adapters: readonly { readonly filePath: string }[] };
  }) => Promise<LocalContext>;
}

export interface LocalContext {
  readonly contextSize: number;
  readonly getSequence: () => LocalSequence;
}

export interface LocalSequence {
  readonly clearHistory: () => Promise<void>;
  readonly tokenMeter: {
    readonly getState: () => unknown;
    readonly diff: (before: unknown) => { readonly usedInputTokens: number; readonly usedOutputTokens: number };
  };
}

/** A text of which some pieces are special tokens. */
export interface LocalText {
  readonly values: readonly unknown[];
  readonly tokenize: (tokenizer: unknown) => readonly number[];
}

interface ContextState {
  readonly contextText: LocalText;
}

export interface LocalChatWrapper {
  readonly wrapperName: string;
  readonly generateContextState: (options: { readonly chatHistory: readonly HistoryItem[] }) => ContextState;
}

export interface LocalChat {
  readonly sequence: LocalSequence;
  readonly chatWrapper: LocalChatWrapper;
  readonly generateResponse: (
    history: readonly HistoryItem[],
    options: {
      readonly maxTokens: number;
      readonly temperature: number;
      readonly topP: number;
      readonly topK: number;
      readonly minP: number;
      readonly repeatPenalty: false;
      readonly seed: number;
      readonly signal?: AbortSignal;
    },
  ) => Promise<{
    readonly fullResponse: readonly (string | { readonly text: string })[];
    readonly metadata: { readonly stopReason: string };
  }>;
}

export type HistoryItem =
  | { readonly type: 'system' | 'user'; readonly text: string }
  | { readonly type: 'model'; readonly response: readonly string[] };
