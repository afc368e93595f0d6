import type { LanguageModelV4GenerateResult, LanguageModelV4Message } from '@ai-sdk/provider';

import { readAsData, toUntrusted } from '../base/untrusted-text.ts';
import type { MessagePart, Usage } from '../record/events.ts';

export type AssistantContent = Extract<LanguageModelV4Message, { role: 'assistant' }>['content'];

export interface AskedCall {
  readonly callId: string;
  readonly tool: string;
  readonly input: string;
}

/** A parsed answer of a model. */
export interface Answer {
  readonly parts: readonly MessagePart[];
  /** The content to send back to the provider in the next prompt. */
  readonly replay: AssistantContent;
  readonly calls: readonly AskedCall[];
  readonly text: string;
}

export function readAnswer(result: LanguageModelV4GenerateResult, { turn, callIds, prefix = '' }: CallIds): Answer {
  const parts: MessagePart[] = [];
  const replay: AssistantContent = [];
  const calls: AskedCall[] = [];
  for (const part of result.content) {
    // Metadata that the provider needs back with the part, e.g. the signature of a reasoning block.
    const options =
      'providerMetadata' in part && part.providerMetadata !== undefined
        ? { providerOptions: part.providerMetadata }
        : {};
    if (part.type === 'text' || part.type === 'reasoning') {
      if (part.text !== '') parts.push({ type: part.type, text: toUntrusted(part.text) });
      // Encrypted reasoning has no text, but the provider still needs it back.
      if (part.text !== '' || 'providerOptions' in options)
        replay.push({ type: part.type, text: part.text, ...options });
    }
    if (part.type !== 'tool-call') continue;
    const callId = freshCallId(`${prefix}${part.toolCallId}`, { turn, callIds, prefix });
    calls.push({ callId, tool: part.toolName, input: part.input });
    parts.push({ type: 'tool-call', callId, tool: part.toolName, input: toUntrusted(part.input) });
    replay.push({
      type: 'tool-call',
      toolCallId: callId,
      toolName: part.toolName,
      input: parseOrKeep(part.input),
      ...options,
    });
  }
  const text = parts.flatMap((part) => (part.type === 'text' ? [readAsData(part.text)] : [])).join('\n');
  return { parts, replay, calls, text };
}

interface CallIds {
  readonly turn: number;
  /** Ids used so far. */
  readonly callIds: Set<string>;
  /** Keeps the calls of several agents apart. */
  readonly prefix?: string;
}

/** Makes call ids unique: some servers give every call the same id, or none. */
function freshCallId(given: string, { turn, callIds, prefix = '' }: CallIds): string {
  let callId = given;
  // The model may already have used an id of this form.
  for (let number = callIds.size + 1; !/^[\w.:-]{1,128}$/.test(callId) || callIds.has(callId); number++)
    callId = `${prefix}call-${turn}-${number}`;
  callIds.add(callId);
  return callId;
}

function parseOrKeep(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}

export function readUsage({ usage }: LanguageModelV4GenerateResult): Usage {
  const tokens = (value: number | undefined): number | null =>
    value !== undefined && Number.isInteger(value) && value >= 0 ? value : null;
  return {
    inputTokens: tokens(usage.inputTokens.total),
    outputTokens: tokens(usage.outputTokens.total),
    reasoningTokens: tokens(usage.outputTokens.reasoning),
    cachedInputTokens: tokens(usage.inputTokens.cacheRead),
  };
}
