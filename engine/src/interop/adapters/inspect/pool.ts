import { readAsData } from '../../../base/untrusted-text.ts';
import type { EventOf, MessagePart, TrialEvent } from '../../../record/events.ts';
import type { Json } from './values.ts';

/** Each message of one seat once, as Inspect has it; model calls refer to it by ranges. */
export interface Pool {
  readonly messages: readonly Json[];
  /** First and last place (excluded) of each message of the record. */
  readonly places: ReadonlyMap<number, readonly [number, number]>;
  readonly indexMax: number;
}

export function toPool(events: readonly TrialEvent[], head: string): Pool {
  const messages: Json[] = [];
  const places = new Map<number, readonly [number, number]>();
  for (const event of events) {
    if (event.kind !== 'message') continue;
    const from = messages.length;
    messages.push(...toMessages(event, head));
    places.set(event.index, [from, messages.length]);
  }
  return { messages, places, indexMax: Math.max(-1, [...places.keys()].at(-1) ?? -1) };
}

export function messageId(head: string, index: number, place: number): string {
  return `${head.slice(0, 12)}-m${index}${place === 0 ? '' : `-${place}`}`;
}

function toMessages(event: EventOf<'message'>, head: string): Json[] {
  const { index, role, parts } = event;
  if (role === 'tool') {
    const results = parts.filter((part) => part.type === 'tool-result');
    return results.map((part, place) => ({
      id: messageId(head, index, place),
      role,
      content: readAsData(part.text),
      tool_call_id: part.callId,
      function: part.tool,
    }));
  }
  const calls = parts.filter((part) => part.type === 'tool-call').map(toToolCall);
  return [
    {
      id: messageId(head, index, 0),
      role,
      content: toContent(parts),
      ...(role === 'assistant' ? { source: 'generate' } : {}),
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
    },
  ];
}

function toContent(parts: readonly MessagePart[]): string | Json[] {
  const content = parts.flatMap((part): Json[] => {
    if (part.type === 'text') return [{ type: 'text', text: readAsData(part.text) }];
    return part.type === 'reasoning' ? [{ type: 'reasoning', reasoning: readAsData(part.text) }] : [];
  });
  return content.length === 0 ? '' : content;
}

function toToolCall({ callId, tool, input }: Extract<MessagePart, { type: 'tool-call' }>): Json {
  const text = readAsData(input);
  const value = parseObject(text);
  const call = { id: callId, function: tool, type: 'function' };
  return value === null
    ? { ...call, arguments: { input: text }, parse_error: 'the arguments are no JSON object' }
    : { ...call, arguments: value };
}

export function parseObject(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value))
      : null;
  } catch {
    return null;
  }
}
