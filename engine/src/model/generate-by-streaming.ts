import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
  SharedV4ProviderMetadata,
} from '@ai-sdk/provider';

/** A stream has no end of its own: these are the ends that we give it. */
export interface StreamBounds {
  /** Bytes of all texts, reasoning and arguments of one answer; beyond them it is an error, never a shorter answer. */
  readonly bytesMax: number;
  /** Milliseconds without anything from the server, the wait for the first piece included. */
  readonly idleMsMax: number;
}

/**
 * `answer-too-large` and `stream-silent`: a bound was reached. `stream-broken`: the stream brought an error, or the
 * connection was lost. `stream-unfinished`: it ended without saying that the answer is complete. After each the
 * connection is closed, and what had come is dropped: half an answer is none.
 */
export class ModelStreamError extends Error {
  override readonly name = 'ModelStreamError';
  readonly code: 'answer-too-large' | 'stream-silent' | 'stream-broken' | 'stream-unfinished';

  constructor(code: ModelStreamError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** `doGenerate` over the stream of the same model. Rejects with what `doStream` rejects with, or `ModelStreamError`. */
export async function generateByStreaming(
  model: LanguageModelV4,
  options: LanguageModelV4CallOptions,
  { bytesMax, idleMsMax }: StreamBounds,
): Promise<LanguageModelV4GenerateResult> {
  const idle = new AbortController();
  const signals = options.abortSignal === undefined ? [idle.signal] : [options.abortSignal, idle.signal];
  const abortSignal = AbortSignal.any(signals);
  const begun = Promise.resolve(model.doStream({ ...options, abortSignal }));
  let reader: ReadableStreamDefaultReader<LanguageModelV4StreamPart> | undefined;
  try {
    const streamed = await within(begun, idleMsMax, abortSignal);
    reader = streamed.stream.getReader();
    const answer = startAnswer(bytesMax);
    for (;;) {
      const { done, value } = await within(reader.read(), idleMsMax, abortSignal).catch((error: unknown) => {
        throw abortSignal.aborted || error instanceof ModelStreamError ? error : broken(error);
      });
      if (done) return answer.end(streamed);
      answer.add(value);
    }
  } finally {
    // Also where all went well: nothing more is wanted, and a server that goes on would hold the connection.
    idle.abort();
    begun.catch(() => undefined);
    reader?.cancel().catch(() => undefined);
  }
}

/** Beyond it Node's timers run out at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

async function within<T>(work: Promise<T>, idleMsMax: number, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const timer = setTimeout(
    () => reject(new ModelStreamError('stream-silent', `nothing came from the model for ${idleMsMax} ms`)),
    Math.min(idleMsMax, TIMER_MS_MAX),
  );
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function broken(error: unknown): Error {
  const said = error instanceof Error ? error.message : JSON.stringify(error);
  return new ModelStreamError('stream-broken', `the stream of the model broke: ${said}`, { cause: error });
}

interface Answer {
  readonly add: (part: LanguageModelV4StreamPart) => void;
  readonly end: (streamed: LanguageModelV4StreamResult) => LanguageModelV4GenerateResult;
}

type Finish = Extract<LanguageModelV4StreamPart, { type: 'finish' }>;
type Metadata = Extract<LanguageModelV4StreamPart, { type: 'response-metadata' }>;
interface OpenBlock {
  readonly type: 'text' | 'reasoning';
  text: string;
  providerMetadata: SharedV4ProviderMetadata | undefined;
}

/** Collects parts in the order in which they began. */
function startAnswer(bytesMax: number): Answer {
  const blocks: (OpenBlock | LanguageModelV4Content)[] = [];
  const open = new Map<string, OpenBlock>();
  /** Arguments as they came, by call. */
  const written = new Map<string, string>();
  let warnings: LanguageModelV4GenerateResult['warnings'] = [];
  let response: Omit<Metadata, 'type'> = {};
  let finish: Finish | undefined;
  let bytes = 0;

  const count = (text: string): void => {
    bytes += Buffer.byteLength(text);
    if (bytes > bytesMax)
      throw new ModelStreamError('answer-too-large', `the answer of the model is longer than ${bytesMax} bytes`);
  };
  const block = (type: OpenBlock['type'], id: string): OpenBlock => {
    const key = `${type} ${id}`;
    const known = open.get(key);
    if (known !== undefined) return known;
    const fresh: OpenBlock = { type, text: '', providerMetadata: undefined };
    open.set(key, fresh);
    blocks.push(fresh);
    return fresh;
  };
  const mark = (one: OpenBlock, { providerMetadata }: { providerMetadata?: SharedV4ProviderMetadata }): void => {
    if (providerMetadata !== undefined) one.providerMetadata = mergeMetadata(one.providerMetadata, providerMetadata);
  };

  const add = (part: LanguageModelV4StreamPart): void => {
    switch (part.type) {
      case 'text-start':
      case 'reasoning-start':
        return mark(block(part.type === 'text-start' ? 'text' : 'reasoning', part.id), part);
      case 'text-delta':
      case 'reasoning-delta': {
        count(part.delta);
        const one = block(part.type === 'text-delta' ? 'text' : 'reasoning', part.id);
        one.text += part.delta;
        return mark(one, part);
      }
      case 'text-end':
      case 'reasoning-end': {
        const type = part.type === 'text-end' ? 'text' : 'reasoning';
        mark(block(type, part.id), part);
        // Some servers use the same id again for the next block.
        open.delete(`${type} ${part.id}`);
        return;
      }
      case 'tool-input-delta':
        count(part.delta);
        written.set(part.id, (written.get(part.id) ?? '') + part.delta);
        return;
      case 'tool-call':
        count(part.input);
        blocks.push({ ...part, input: asWritten(part.input, written.get(part.toolCallId)) });
        return;
      case 'tool-approval-request':
      case 'tool-result':
      case 'custom':
      case 'file':
      case 'reasoning-file':
      case 'source':
        count(JSON.stringify(part));
        blocks.push(part);
        return;
      case 'stream-start':
        warnings = part.warnings;
        return;
      case 'response-metadata': {
        const { type: _, ...metadata } = part;
        response = { ...response, ...metadata };
        return;
      }
      case 'finish':
        finish = part;
        return;
      case 'error':
        throw broken(part.error);
      case 'tool-input-start':
      case 'tool-input-end':
      case 'ping':
      case 'raw':
        return;
    }
  };
  const end: Answer['end'] = (streamed) => {
    // A body that ends early is closed by the packages with a finish of their own, which has no reason of the server.
    if (finish === undefined || isInvented(finish))
      throw new ModelStreamError('stream-unfinished', 'the stream of the model ended in the middle of the answer');
    const { request, response: { headers } = {} } = streamed;
    return {
      content: blocks.map(toContent).filter((part) => !isEmpty(part)),
      finishReason: finish.finishReason,
      usage: finish.usage,
      ...(finish.providerMetadata !== undefined && { providerMetadata: finish.providerMetadata }),
      ...(request !== undefined && { request }),
      response: { ...response, ...(headers !== undefined && { headers }) },
      warnings,
    };
  };
  return { add, end };
}

/** Some packages put an empty object where the model wrote broken JSON, and a call would look right that was not. */
function asWritten(input: string, pieces: string | undefined): string {
  return input === '{}' && pieces !== undefined && pieces.trim() !== '' ? pieces : input;
}

function isInvented({ finishReason: { unified, raw } }: Finish): boolean {
  return raw === undefined && !['stop', 'length', 'tool-calls', 'content-filter'].includes(unified);
}

function toContent(part: OpenBlock | LanguageModelV4Content): LanguageModelV4Content {
  if (!isOpenBlock(part)) return part;
  const { type, text, providerMetadata } = part;
  return { type, text, ...(providerMetadata !== undefined && { providerMetadata }) };
}

function isOpenBlock(part: OpenBlock | LanguageModelV4Content): part is OpenBlock {
  return part.type === 'text' || part.type === 'reasoning';
}

/** A block without text may still be one that the provider wants back. */
function isEmpty(part: LanguageModelV4Content): boolean {
  return (part.type === 'text' || part.type === 'reasoning') && part.text === '' && part.providerMetadata === undefined;
}

function mergeMetadata(
  before: SharedV4ProviderMetadata | undefined,
  after: SharedV4ProviderMetadata,
): SharedV4ProviderMetadata {
  const merged = { ...before };
  for (const [provider, values] of Object.entries(after)) merged[provider] = { ...merged[provider], ...values };
  return merged;
}
