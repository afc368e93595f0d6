import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';

import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4Prompt,
} from '@ai-sdk/provider';

import { UsageError } from '../../base/usage-error.ts';
import type { ModelProvider, OpenModel } from '../contract.ts';
import { readVariable, type Variables } from '../environment.ts';
import { loadOptionalPackage } from '../optional-package.ts';
import { TEXT_TOOL_PROTOCOL, withTextTools } from '../text-tool-protocol.ts';

const PACKAGE = 'node-llama-cpp';
const CONTEXT = 'LLAMA_CPP_CONTEXT_TOKENS';
const THREADS = 'LLAMA_CPP_THREADS';
const CONTEXT_TOKENS_DEFAULT = 8192;
const OUTPUT_TOKENS_DEFAULT = 1024;

/**
 * Local weights in this process, on the CPU, with node-llama-cpp: `llama-cpp/PATH-TO.gguf`. Nothing is downloaded or
 * compiled. Answers are made one at a time; tools are described in plain text.
 */
export const llamaCppProvider: ModelProvider = {
  prefix: 'llama-cpp',
  usage: `no variable is needed; ${CONTEXT} (at most ${CONTEXT_TOKENS_DEFAULT} otherwise), ${THREADS}`,
  open: async (path, { environment }) => {
    const file = basename(path);
    const variables = { name: `llama-cpp/${file}`, environment };
    const contextTokensMax = readCount(CONTEXT, variables) ?? CONTEXT_TOKENS_DEFAULT;
    // Leaves one processor to the sandboxes: llama.cpp's threads wait for each other in busy loops.
    const threads = readCount(THREADS, variables) ?? Math.max(1, availableParallelism() - 1);
    await assertGguf(path, variables);
    return openWeights({ path, file, contextTokensMax, threads });
  },
};

function readCount(variable: string, variables: Variables): number | undefined {
  const text = readVariable(variable, variables);
  if (text === undefined) return undefined;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 1_000_000) return count;
  throw new UsageError(`${variable} must be a whole number from 1 to 1000000, got "${text}"`);
}

async function assertGguf(path: string, { name }: Variables): Promise<void> {
  const header = await readStart(path).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new UsageError(`${name} needs a file with weights: "${path}" cannot be read (${code})`, { cause: error });
  });
  if (!isGgufHeader(header))
    throw new UsageError(`${name} needs weights in the format GGUF: "${path}" is not a GGUF file`);
}

const HEADER_BYTES = 24;
/** Bound on tensors and on metadata entries; today's largest models have a few thousand. */
const ENTRIES_MAX = 1_000_000n;

async function readStart(path: string): Promise<Buffer> {
  await using file = await openFile(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

/** Checks magic, version and two counts. The library trusts any count and would read missing entries for hours. */
function isGgufHeader(header: Buffer): boolean {
  if (header.length < HEADER_BYTES || header.toString('latin1', 0, 4) !== 'GGUF') return false;
  const counts = [header.readBigUInt64LE(8), header.readBigUInt64LE(16)];
  return [2, 3].includes(header.readUInt32LE(4)) && counts.every((count) => count > 0n && count <= ENTRIES_MAX);
}

interface Weights {
  readonly path: string;
  readonly file: string;
  readonly contextTokensMax: number;
  readonly threads: number;
}

async function openWeights({ path, file, contextTokensMax, threads }: Weights): Promise<OpenModel> {
  const name = `llama-cpp/${file}`;
  const library = await loadLibrary(name);
  const sha256 = await hashFile(path);
  const { model, context } = await loadWeights(library, { path, file, contextTokensMax, threads });
  const chat = new library.LlamaChat({ contextSequence: context.getSequence() });
  return {
    name,
    model: withTextTools(createLanguageModel({ file, model, context, chat })),
    secrets: [],
    inProcess: true,
    properties: {
      library: `${PACKAGE} ${await library.getModuleVersion()}`,
      weightsSha256: sha256,
      chatTemplate: chat.chatWrapper.wrapperName,
      contextTokens: String(context.contextSize),
      maxOutputTokensDefault: String(OUTPUT_TOKENS_DEFAULT),
      temperatureDefault: '0',
      threads: String(threads),
      toolProtocol: TEXT_TOOL_PROTOCOL,
    },
  };
}

async function loadLibrary(name: string): Promise<Library> {
  // Not a literal: a clone does not install this large package, so its types are missing.
  const wanted: string = PACKAGE;
  return loadOptionalPackage({ name, install: PACKAGE }, async () => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the part of its interface in use is declared below
    return (await import(/* @vite-ignore */ wanted)) as Library;
  });
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

async function loadWeights(
  library: Library,
  { path, file, contextTokensMax, threads }: Weights,
): Promise<{ readonly model: LocalModel; readonly context: LocalContext }> {
  const { error: logLevel } = library.LlamaLogLevel;
  try {
    const llama = await library.getLlama({
      gpu: false,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      logLevel,
    });
    const model = await llama.loadModel({ modelPath: path });
    const contextSize = Math.min(contextTokensMax, model.trainContextSize);
    return { model, context: await model.createContext({ contextSize, threads, sequences: 1 }) };
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : 'unknown error';
    throw new UsageError(`llama-cpp/${file} could not be loaded by ${PACKAGE}: ${why ?? ''}`, { cause: error });
  }
}

interface Loaded {
  readonly file: string;
  readonly model: LocalModel;
  readonly context: LocalContext;
  readonly chat: LocalChat;
}

function createLanguageModel(loaded: Loaded): LanguageModelV4 {
  let last: Promise<unknown> = Promise.resolve();
  return {
    specificationVersion: 'v4',
    provider: 'llama-cpp',
    modelId: loaded.file,
    supportedUrls: {},
    doGenerate: (options) => {
      const mine = last.then(() => generate(options, loaded));
      last = mine.catch(() => undefined);
      return mine;
    },
    doStream: () => {
      throw new TypeError('a model is asked for whole answers only');
    },
  };
}

async function generate(
  options: LanguageModelV4CallOptions,
  { file, model, context, chat }: Loaded,
): Promise<LanguageModelV4GenerateResult> {
  const { abortSignal, maxOutputTokens = OUTPUT_TOKENS_DEFAULT, temperature = 0, topP, topK, seed } = options;
  abortSignal?.throwIfAborted();
  const history = toHistory(options.prompt);
  const { contextText } = chat.chatWrapper.generateContextState({ chatHistory: history });
  const inputTokens = contextText.tokenize(model.tokenizer).length;
  const maxTokens = Math.min(maxOutputTokens, context.contextSize - inputTokens - 1);
  const finish = (
    content: LanguageModelV4GenerateResult['content'],
    reason: LanguageModelV4FinishReason,
    outputTokens: number,
  ): LanguageModelV4GenerateResult => ({
    content,
    finishReason: reason,
    usage: {
      inputTokens: { total: inputTokens, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: outputTokens, text: undefined, reasoning: undefined },
    },
    response: { modelId: file },
    warnings: [],
  });
  if (maxTokens < 1) {
    // The library would silently drop the oldest messages: the record would not show what the model saw.
    const message = `the conversation of ${inputTokens} tokens fills the context of ${context.contextSize}`;
    const full = finish([], { unified: 'length', raw: 'contextFull' }, 0);
    return { ...full, warnings: [{ type: 'other', message }] };
  }
  // With a seed, the answer must not depend on earlier questions; numbers in a reused context differ slightly.
  if (seed !== undefined) await chat.sequence.clearHistory();
  const before = chat.sequence.tokenMeter.getState();
  const { fullResponse, metadata } = await chat.generateResponse(history, {
    maxTokens,
    temperature,
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(seed !== undefined && { seed }),
    ...(abortSignal !== undefined && { signal: abortSignal }),
  });
  const { usedOutputTokens } = chat.sequence.tokenMeter.diff(before);
  const content = fullResponse.flatMap((part): LanguageModelV4GenerateResult['content'] => {
    const [type, text] = typeof part === 'string' ? (['text', part] as const) : (['reasoning', part.text] as const);
    return text === '' ? [] : [{ type, text }];
  });
  const raw = metadata.stopReason;
  return finish(content, { unified: raw === 'maxTokens' ? 'length' : 'stop', raw }, usedOutputTokens);
}

function toHistory(prompt: LanguageModelV4Prompt): HistoryItem[] {
  const items = prompt.map((message): HistoryItem => {
    if (message.role === 'system') return { type: 'system', text: message.content };
    const text = message.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
    return message.role === 'assistant' ? { type: 'model', response: [text] } : { type: 'user', text };
  });
  return [...items, { type: 'model', response: [] }];
}

/** The part of node-llama-cpp 3 in use. */
interface Library {
  readonly getLlama: (options: Readonly<Record<string, unknown>>) => Promise<{
    readonly loadModel: (options: { readonly modelPath: string }) => Promise<LocalModel>;
  }>;
  readonly getModuleVersion: () => Promise<string>;
  readonly LlamaLogLevel: { readonly error: string };
  readonly LlamaChat: new (options: { readonly contextSequence: LocalSequence }) => LocalChat;
}

interface LocalModel {
  readonly trainContextSize: number;
  readonly tokenizer: unknown;
  readonly createContext: (options: {
    readonly contextSize: number;
    readonly threads: number;
    readonly sequences: number;
  }) => Promise<LocalContext>;
}

interface LocalContext {
  readonly contextSize: number;
  readonly getSequence: () => LocalSequence;
}

interface LocalSequence {
  readonly clearHistory: () => Promise<void>;
  readonly tokenMeter: {
    readonly getState: () => unknown;
    readonly diff: (before: unknown) => { readonly usedOutputTokens: number };
  };
}

interface LocalChat {
  readonly sequence: LocalSequence;
  readonly chatWrapper: {
    readonly wrapperName: string;
    readonly generateContextState: (options: { readonly chatHistory: readonly HistoryItem[] }) => {
      readonly contextText: { readonly tokenize: (tokenizer: unknown) => readonly unknown[] };
    };
  };
  readonly generateResponse: (
    history: readonly HistoryItem[],
    options: {
      readonly maxTokens: number;
      readonly temperature: number;
      readonly topP?: number;
      readonly topK?: number;
      readonly seed?: number;
      readonly signal?: AbortSignal;
    },
  ) => Promise<{
    readonly fullResponse: readonly (string | { readonly text: string })[];
    readonly metadata: { readonly stopReason: string };
  }>;
}

type HistoryItem =
  | { readonly type: 'system' | 'user'; readonly text: string }
  | { readonly type: 'model'; readonly response: readonly string[] };
