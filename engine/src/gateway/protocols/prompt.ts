import type {
  JSONValue,
  LanguageModelV4FunctionTool,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultOutput,
  LanguageModelV4ToolResultPart,
} from '@ai-sdk/provider';
import { z } from 'zod';

import { RefusedRequest } from '../refused-request.ts';
import type { Answer } from './contract.ts';

export type UserPart = Extract<LanguageModelV4Message, { role: 'user' }>['content'][number];
export type AssistantPart = Extract<LanguageModelV4Message, { role: 'assistant' }>['content'][number];
export type FileData = Extract<UserPart, { type: 'file' }>['data'];
type ContentOutput = Extract<LanguageModelV4ToolResultOutput, { type: 'content' }>;

/** Any value of a body: it comes from `JSON.parse`. */
export const json = z.custom<JSONValue>((value) => value !== undefined, 'expected a value');
export const jsonSchema = z.custom<LanguageModelV4FunctionTool['inputSchema']>(isObject, 'expected a JSON Schema');

export interface PromptBuilder {
  readonly system: (text: string) => void;
  /** A message of its own. Nothing if there are no parts. */
  readonly user: (parts: readonly UserPart[]) => void;
  /** Goes on with the answer before it. */
  readonly assistant: (part: AssistantPart) => void;
  /** Throws a `RefusedRequest` for a result without a call. Results that follow each other are one message. */
  readonly result: (callId: string, output: LanguageModelV4ToolResultOutput) => void;
  readonly prompt: LanguageModelV4Prompt;
}

export function startPrompt(): PromptBuilder {
  const prompt: LanguageModelV4Prompt = [];
  const tools = new Map<string, string>();
  return {
    prompt,
    system: (content) => void prompt.push({ role: 'system', content }),
    user: (parts) => {
      if (parts.length > 0) prompt.push({ role: 'user', content: [...parts] });
    },
    assistant: (part) => {
      if (part.type === 'tool-call') tools.set(part.toolCallId, part.toolName);
      const last = prompt.at(-1);
      if (last?.role === 'assistant') last.content.push(part);
      else prompt.push({ role: 'assistant', content: [part] });
    },
    result: (callId, output) => {
      const toolName = tools.get(callId);
      if (toolName === undefined)
        throw new RefusedRequest(`the result ${JSON.stringify(callId)} has no tool call before it`);
      const part: LanguageModelV4ToolResultPart = { type: 'tool-result', toolCallId: callId, toolName, output };
      const last = prompt.at(-1);
      if (last?.role === 'tool') last.content.push(part);
      else prompt.push({ role: 'tool', content: [part] });
    },
  };
}

/** Text stays text, also in several pieces; with a file among them it is content. */
export function toOutput(parts: readonly UserPart[], isError = false): LanguageModelV4ToolResultOutput {
  const texts = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  if (texts.length === parts.length) return { type: isError ? 'error-text' : 'text', value: texts.join('\n') };
  const value = parts.map((part): ContentOutput['value'][number] =>
    part.type === 'text'
      ? { type: 'text', text: part.text }
      : { type: 'file', data: part.data, mediaType: part.mediaType },
  );
  return { type: 'content', value };
}

/** An address, or the bytes that stand in it: `data:image/png;base64,…`. */
export function toFile(address: string, mediaType: string): { readonly data: FileData; readonly mediaType: string } {
  const inline = /^data:([^;,]*)(?:;[^;,]*)*;base64,/.exec(address);
  if (inline !== null)
    return { data: { type: 'data', data: address.slice(inline[0].length) }, mediaType: inline[1] || mediaType };
  if (!URL.canParse(address)) throw new RefusedRequest('expected an address, or data in Base64');
  return { data: { type: 'url', url: new URL(address), originalUrl: address }, mediaType };
}

/** A file that the provider keeps; this computer does not have it. */
export function toReference(provider: string, id: string): FileData {
  return { type: 'reference', reference: { [provider]: id } };
}

/** Without the fields that are not given. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the entries that are left are those of the type
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A call's input as a value; a text that is no JSON stays a text. */
export function parseInput(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}

export type AnswerPart = Extract<Answer['content'][number], { type: 'text' | 'reasoning' | 'tool-call' }>;

/** The parts of an answer that have a form in every protocol. Throws for others; sources say nothing that the text does not. */
export function partsOf({ content }: Answer): readonly AnswerPart[] {
  return content.flatMap((part): AnswerPart[] => {
    if (part.type === 'source') return [];
    if (part.type === 'text' || part.type === 'reasoning') return [part];
    if (part.type === 'tool-call' && part.providerExecuted !== true) return [part];
    throw new TypeError(`a part of the kind ${part.type} of the answer has no form in this protocol`);
  });
}

export interface TokenCounts {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly reasoning: number;
}

/** Bytes in a token, roughly: for a model that does not count. */
const BYTES_PER_TOKEN = 4;

export function roughTokens(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

/** What the model counted; a rough count where it did not. */
export function countTokens({ content, usage }: Answer, requestBytes: number): TokenCounts {
  return {
    input: usage.inputTokens.total ?? roughTokens(requestBytes),
    cached: usage.inputTokens.cacheRead ?? 0,
    output: usage.outputTokens.total ?? roughTokens(JSON.stringify(content).length),
    reasoning: usage.outputTokens.reasoning ?? 0,
  };
}

export function toUsage(
  counts: { readonly [K in keyof TokenCounts]?: number | null | undefined } & {
    readonly cacheWrite?: number | null | undefined;
  },
): Answer['usage'] {
  const known = (value: number | null | undefined): number | undefined => value ?? undefined;
  return {
    inputTokens: {
      total: known(counts.input),
      noCache: undefined,
      cacheRead: known(counts.cached),
      cacheWrite: known(counts.cacheWrite),
    },
    outputTokens: { total: known(counts.output), text: undefined, reasoning: known(counts.reasoning) },
  };
}

/** Why the answer ended, in the one order in which products need to know it. */
export function endOf(answer: Answer): 'calls' | 'length' | 'refusal' | 'stop' {
  const { unified } = answer.finishReason;
  if (unified === 'length') return 'length';
  if (answer.content.some(({ type }) => type === 'tool-call')) return 'calls';
  return unified === 'content-filter' ? 'refusal' : 'stop';
}

/** The last part of a table of a vendor's end reasons. */
export function toFinish(
  raw: string | null | undefined,
  table: Readonly<Record<string, Answer['finishReason']['unified']>>,
): Answer['finishReason'] {
  return { unified: table[raw ?? ''] ?? 'other', raw: raw ?? undefined };
}

/** OpenAI's words for how long to think, which are also ours. Others are the vendor's own: not passed on. */
export function toEffort(effort: string | null | undefined) {
  return (['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const).find((known) => known === effort);
}
