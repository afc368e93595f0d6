import type { LanguageModelV4Message, LanguageModelV4Prompt } from '@ai-sdk/provider';

import { sha256OfJson } from '../../base/sha256.ts';
import { toUntrusted } from '../../base/untrusted-text.ts';
import type { Emit, EventOf, MessagePart } from '../../record/events.ts';

/**
 * The conversations of a product as recorded. A product sends its whole history with each question, and may hold several
 * conversations; each message is stored once, however often it comes.
 */
export interface Talk {
  /** Records what is new in a prompt. Returns its ranges of message indexes, and the tool results that are new in it. */
  readonly take: (prompt: LanguageModelV4Prompt) => {
    readonly ranges: EventOf<'model-call'>['prompt'];
    readonly results: readonly ToolText[];
  };
  /** Records an answer. Returns its index. The product will send it back, maybe in another form. */
  readonly answer: (parts: readonly MessagePart[]) => number;
}

export interface ToolText {
  readonly callId: string;
  readonly text: string;
}

export function startTalk(emit: Emit): Talk {
  const indexes = new Map<string, number>();
  /** Index of the answer that asked for a call. */
  const answers = new Map<string, number>();
  const taken = new Set<string>();
  let next = 0;
  const record = (role: EventOf<'message'>['role'], parts: readonly MessagePart[]): number => {
    emit({ kind: 'message', index: next, role, parts: [...parts] });
    return next++;
  };
  const indexOf = (message: LanguageModelV4Message): number => {
    const parts = partsOf(message);
    const asked = parts.find((part) => part.type === 'tool-call');
    // A product sends an answer back without its reasoning, or with other spaces. Its calls tell which one it is.
    const known = asked?.type === 'tool-call' ? answers.get(asked.callId) : undefined;
    if (known !== undefined) return known;
    const hash = sha256OfJson([message.role, parts]);
    const index = indexes.get(hash) ?? record(message.role, parts);
    indexes.set(hash, index);
    return index;
  };
  return {
    take: (prompt) => {
      const ranges: { from: number; to: number }[] = [];
      const results: ToolText[] = [];
      for (const message of prompt) {
        const index = indexOf(message);
        const last = ranges.at(-1);
        if (last?.to === index) last.to++;
        else ranges.push({ from: index, to: index + 1 });
        for (const part of partsOf(message)) {
          if (part.type !== 'tool-result' || taken.has(part.callId)) continue;
          taken.add(part.callId);
          results.push({ callId: part.callId, text: textOf(message, part.callId) });
        }
      }
      return { ranges, results };
    },
    answer: (parts) => {
      const index = record('assistant', parts);
      indexes.set(sha256OfJson(['assistant', parts]), index);
      for (const part of parts) if (part.type === 'tool-call') answers.set(part.callId, index);
      return index;
    },
  };
}

function partsOf(message: LanguageModelV4Message): MessagePart[] {
  if (message.role === 'system') return [{ type: 'text', text: toUntrusted(message.content) }];
  return message.content.flatMap((part): MessagePart[] => {
    switch (part.type) {
      case 'text':
      case 'reasoning':
        return part.text === '' ? [] : [{ type: part.type, text: toUntrusted(part.text) }];
      case 'tool-call':
        return [
          {
            type: 'tool-call',
            callId: part.toolCallId,
            tool: part.toolName,
            input: toUntrusted(typeof part.input === 'string' ? part.input : JSON.stringify(part.input)),
          },
        ];
      case 'tool-result':
        return [
          {
            type: 'tool-result',
            callId: part.toolCallId,
            tool: part.toolName,
            text: toUntrusted(textOf(message, part.toolCallId)),
          },
        ];
      default:
        return [{ type: 'text', text: toUntrusted(`[${part.type}]`) }];
    }
  });
}

/** Text of a tool result. */
function textOf(message: LanguageModelV4Message, callId: string): string {
  if (message.role === 'system' || typeof message.content === 'string') return '';
  for (const part of message.content) {
    if (part.type !== 'tool-result' || part.toolCallId !== callId) continue;
    const { output } = part;
    switch (output.type) {
      case 'text':
      case 'error-text':
        return output.value;
      case 'json':
      case 'error-json':
        return JSON.stringify(output.value);
      case 'content':
        return output.value.map((one) => (one.type === 'text' ? one.text : `[${one.type}]`)).join('\n');
      default:
        return '';
    }
  }
  return '';
}
