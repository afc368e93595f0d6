import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
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
import { CONVERSATION, type ModelProvider, type OpenModel } from '../contract.ts';
import { readVariable, type Variables } from '../environment.ts';
import { TEXT_TOOL_PROTOCOL, withTextTools } from '../text-tool-protocol.ts';
import { beginAsTold } from './llama-cpp/begin-of-text.ts';
import { type Conversations, createConversations } from './llama-cpp/conversations.ts';
import {
  type HistoryItem,
  type Library,
  loadLibrary,
  type LocalChat,
  type LocalModel,
  PACKAGE,
} from './llama-cpp/library.ts';

const CONTEXT = 'LLAMA_CPP_CONTEXT_TOKENS';
const THREADS = 'LLAMA_CPP_THREADS';
const CONTEXT_TOKENS_DEFAULT = 8192;
/**
 * Sampling, all of it set: the library's own defaults (top-k 40, top-p 0.95) cut off rare answers, which are what is
 * looked for, and would not be in the record.
 */
const DEFAULTS = { temperature: 0, topP: 1, topK: 0, maxOutputTokens: 1024 };
/** What a user cannot set; the same for every model. */
const FIXED = { minP: 0, repeatPenalty: false } as const;

/**
 * Local weights in this process, on the CPU, with node-llama-cpp: `llama-cpp/PATH-TO.gguf`, or
 * `llama-cpp/BASE.gguf+ADAPTER.gguf` with adapters (LoRA). Nothing is downloaded or compiled. Answers are made one at a
 * time; tools are described in plain text.
 */
export const llamaCppProvider = createLlamaCppProvider(loadLibrary);

/** `load` is an argument for tests. */
export function createLlamaCppProvider(load: (name: string) => Promise<Library>): ModelProvider {
  return {
    prefix: 'llama-cpp',
    usage: `no variable is needed; ${CONTEXT} (at most ${CONTEXT_TOKENS_DEFAULT} otherwise), ${THREADS}`,
    open: async (modelId, { environment, conversations = 1 }) => {
      const [path = '', ...adapters] = splitPaths(modelId);
      const file = [path, ...adapters].map((one) => basename(one)).join('+');
      const variables = { name: `llama-cpp/${file}`, environment };
      const contextTokensMax = readCount(CONTEXT, variables) ?? CONTEXT_TOKENS_DEFAULT;
      // Leaves one processor to the sandboxes: llama.cpp's threads wait for each other in busy loops.
      const threads = readCount(THREADS, variables) ?? Math.max(1, availableParallelism() - 1);
      for (const one of [path, ...adapters]) await assertGguf(one, variables);
      const library = await load(variables.name);
      return openWeights(library, { path, adapters, file, contextTokensMax, threads, conversations });
    },
  };
}

/** A file whose own name holds `.gguf+` stays one. */
function splitPaths(modelId: string): readonly string[] {
  return existsSync(modelId) ? [modelId] : modelId.split(/(?<=\.gguf)\+/i);
}

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
  readonly adapters: readonly string[];
  readonly file: string;
  readonly contextTokensMax: number;
  readonly threads: number;
  /** Conversations at the same time. */
  readonly conversations: number;
}

async function openWeights(library: Library, weights: Weights): Promise<OpenModel> {
  const { path, adapters, file, threads, conversations: placesMax } = weights;
  const name = `llama-cpp/${file}`;
  const sha256 = await hashFile(path);
  const adapterHashes: string[] = [];
  for (const adapter of adapters) adapterHashes.push(await hashFile(adapter));
  const { model, chat, contextSize, open } = await loadWeights(library, weights);
  const conversations = createConversations(chat, { placesMax, open });
  return {
    name,
    model: withTextTools(createLanguageModel({ file, model, contextSize, conversations })),
    secrets: [],
    inProcess: true,
    needsSeed: true,
    defaults: DEFAULTS,
    release: conversations.release,
    properties: {
      library: `${PACKAGE} ${await library.getModuleVersion()}`,
      weightsSha256: sha256,
      ...(adapters.length > 0 && { adapterSha256: adapterHashes.join(' ') }),
      chatTemplate: chat.chatWrapper.wrapperName,
      contextTokens: String(contextSize),
      ...Object.fromEntries(Object.entries(FIXED).map(([key, value]) => [key, String(value)])),
      threads: String(threads),
      toolProtocol: TEXT_TOOL_PROTOCOL,
    },
  };
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

interface Opened {
  readonly model: LocalModel;
  readonly chat: LocalChat;
  readonly contextSize: number;
  /** Opens another context beside the first. */
  readonly open: () => Promise<LocalChat>;
}

async function loadWeights(
  library: Library,
  { path, adapters, file, contextTokensMax, threads }: Weights,
): Promise<Opened> {
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
    const lora = { adapters: adapters.map((filePath) => ({ filePath })) };
    const openContext = async (): Promise<{ readonly chat: LocalChat; readonly contextSize: number }> => {
      const context = await model.createContext({
        ...{ contextSize, threads, sequences: 1 },
        ...(adapters.length > 0 && { lora }),
      });
      const chat = new library.LlamaChat({ contextSequence: context.getSequence() });
      beginAsTold(chat, library, model);
      return { chat, contextSize: context.contextSize };
    };
    return { model, ...(await openContext()), open: async () => (await openContext()).chat };
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : 'unknown error';
    throw new UsageError(`llama-cpp/${file} could not be loaded by ${PACKAGE}: ${why ?? ''}`, { cause: error });
  }
}

interface Loaded {
  readonly file: string;
  readonly model: LocalModel;
  readonly contextSize: number;
  readonly conversations: Conversations;
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
  { file, model, contextSize, conversations }: Loaded,
): Promise<LanguageModelV4GenerateResult> {
  const { abortSignal, seed = 0 } = options;
  const { maxOutputTokens = DEFAULTS.maxOutputTokens, temperature = DEFAULTS.temperature } = options;
  const { topP = DEFAULTS.topP, topK = DEFAULTS.topK } = options;
  abortSignal?.throwIfAborted();
  const history = toHistory(options.prompt);
  const begins = !options.prompt.some(({ role }) => role === 'assistant');
  const { chat, isAnew } = await conversations.take(conversationOf(options), begins);
  const { contextText } = chat.chatWrapper.generateContextState({ chatHistory: history });
  const inputTokens = contextText.tokenize(model.tokenizer).length;
  const maxTokens = Math.min(maxOutputTokens, contextSize - inputTokens - 1);
  // The library counts the last token of a prompt as the start of the answer.
  const cached = (evaluated?: number): number | undefined =>
    evaluated === undefined ? undefined : Math.max(0, inputTokens - evaluated - 1);
  const finish = (
    content: LanguageModelV4GenerateResult['content'],
    reason: LanguageModelV4FinishReason,
    outputTokens: number,
    evaluated?: number,
  ): LanguageModelV4GenerateResult => ({
    content,
    finishReason: reason,
    usage: {
      inputTokens: { total: inputTokens, noCache: undefined, cacheRead: cached(evaluated), cacheWrite: undefined },
      outputTokens: { total: outputTokens, text: undefined, reasoning: undefined },
    },
    response: { modelId: file },
    warnings: isAnew
      ? [{ type: 'other', message: 'the conversation was evaluated anew: it had lost its context' }]
      : [],
  });
  if (maxTokens < 1) {
    // The library would silently drop the oldest messages: the record would not show what the model saw.
    const message = `the conversation of ${inputTokens} tokens fills the context of ${contextSize}`;
    const full = finish([], { unified: 'length', raw: 'contextFull' }, 0);
    return { ...full, warnings: [{ type: 'other', message }] };
  }
  const before = chat.sequence.tokenMeter.getState();
  const { fullResponse, metadata } = await chat.generateResponse(history, {
    maxTokens,
    temperature,
    topP,
    topK,
    ...FIXED,
    // Never left out: the library would take the clock's second, so that trials share their draws.
    seed,
    ...(abortSignal !== undefined && { signal: abortSignal }),
  });
  const { usedInputTokens, usedOutputTokens } = chat.sequence.tokenMeter.diff(before);
  const content = fullResponse.flatMap((part): LanguageModelV4GenerateResult['content'] => {
    const [type, text] = typeof part === 'string' ? (['text', part] as const) : (['reasoning', part.text] as const);
    return text === '' ? [] : [{ type, text }];
  });
  const raw = metadata.stopReason;
  return finish(content, { unified: raw === 'maxTokens' ? 'length' : 'stop', raw }, usedOutputTokens, usedInputTokens);
}

function toHistory(prompt: LanguageModelV4Prompt): HistoryItem[] {
  const items = prompt.map((message): HistoryItem => {
    if (message.role === 'system') return { type: 'system', text: message.content };
    const text = message.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
    return message.role === 'assistant' ? { type: 'model', response: [text] } : { type: 'user', text };
  });
  return [...items, { type: 'model', response: [] }];
}

function conversationOf({ providerOptions }: LanguageModelV4CallOptions): string | null {
  const name = providerOptions?.[CONVERSATION.provider]?.[CONVERSATION.option];
  return typeof name === 'string' ? name : null;
}
