import { toUntrusted } from '../../../base/untrusted-text.ts';
import type { MessagePart } from '../../../record/events.ts';
import { tooLarge } from '../../log-error.ts';
import { show, type Transcript } from '../../transcript.ts';
import type { ContentPart, InspectMessage, InspectSample } from './schema.ts';

/** What a message needs to be read: the texts it refers to, and a place to say what was left out. */
export interface MessageContext {
  readonly resolve: (text: string) => string;
  readonly leaveOut: Transcript['leaveOut'];
}

/**
 * The same, counted: each use of a text that is stored apart. One that is small in the log may be too large for a record
 * or for memory when it stands in many places. Messages are counted where they are stored.
 */
export function countResolved(resolve: (text: string) => string, charactersMax: number): (text: string) => string {
  let characters = 0;
  return (text) => {
    const found = resolve(text);
    if (found !== text) characters += found.length;
    if (characters > charactersMax)
      throw tooLarge('texts of a sample that are stored apart', `${charactersMax} characters in all places`, 'more');
    return found;
  };
}

/** A whole text `attachment://KEY` (in old logs `tc://KEY`) stands for an attachment; one level, so none can refer to itself. */
export function createResolver(sample: InspectSample): (text: string) => string {
  const attachments = new Map(Object.entries({ ...sample.transcript?.content, ...sample.attachments }));
  return (text) => {
    if (text.length > 100) return text;
    const key = /^(?:attachment|tc):\/\/([\w-]+)$/.exec(text)?.[1];
    return key === undefined ? text : (attachments.get(key) ?? text);
  };
}

export function resolveObject(
  values: Readonly<Record<string, unknown>>,
  resolve: (text: string) => string,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, item]) => [key, resolveDeep(item, resolve)]));
}

/**
 * The same value with every reference in it replaced, and numbers that JSON does not have as words: no record can hold
 * them. Depth was bounded when the text was parsed.
 */
export function resolveDeep(value: unknown, resolve: (text: string) => string): unknown {
  if (typeof value === 'string') return resolve(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map((item) => resolveDeep(item, resolve));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveDeep(item, resolve)]));
}

export function toParts(message: InspectMessage, context: MessageContext): MessagePart[] {
  if (message.role === 'tool') {
    const callId = message.tool_call_id ?? '';
    return [
      { type: 'tool-result', callId, tool: message.function ?? '', text: toUntrusted(messageText(message, context)) },
    ];
  }
  const content = typeof message.content === 'string' ? toContent(message.content) : (message.content ?? []);
  const parts = content.flatMap((part) => toPart(part, context));
  for (const call of message.tool_calls ?? []) {
    const written = resolveDeep(call.arguments, context.resolve) ?? {};
    // What could not be parsed is given as the text that the model wrote.
    const input = typeof written === 'string' ? written : JSON.stringify(written);
    parts.push({ type: 'tool-call', callId: call.id, tool: call.function, input: toUntrusted(input) });
  }
  return parts;
}

function toContent(text: string): readonly ContentPart[] {
  return text === '' ? [] : [{ type: 'text', text }];
}

function toPart(part: ContentPart, { resolve, leaveOut }: MessageContext): MessagePart[] {
  if (part.type === 'text') return [{ type: 'text', text: toUntrusted(resolve(part.text ?? '')) }];
  if (part.type === 'reasoning') {
    const hidden = part.redacted === true;
    if (hidden)
      leaveOut(
        'part with redacted reasoning',
        'it holds nothing that can be read: its summary is kept where there is one',
      );
    const text = hidden ? (part.summary ?? '') : (part.reasoning ?? '');
    return text === '' && hidden ? [] : [{ type: 'reasoning', text: toUntrusted(resolve(text)) }];
  }
  leaveOut(`part of type "${show(part.type)}" in a message`, 'a record holds texts only: left out');
  return [];
}

/** Text of a tool's message; where there is none, the text of its error. */
export function messageText(message: InspectMessage, { resolve }: MessageContext): string {
  const text = contentText(message.content ?? '', resolve);
  return text === '' ? (message.error?.message ?? '') : text;
}

export function contentText(content: string | readonly unknown[], resolve: (text: string) => string): string {
  if (typeof content === 'string') return resolve(content);
  const texts = content.map((part) =>
    typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string'
      ? resolve(part.text)
      : '',
  );
  if (texts.reduce((sum, { length }) => sum + length, 0) > RESULT_CHARACTERS_MAX)
    throw tooLarge('a result of a tool', `${RESULT_CHARACTERS_MAX} characters`, 'more');
  return texts.join('');
}

/** V8 holds no text above 512 MiB. */
const RESULT_CHARACTERS_MAX = 384 * 1024 * 1024;
