import { sha256 } from '../../../base/sha256.ts';
import type { Json } from './values.ts';

/**
 * Texts that are stored once and referred to by `attachment://HASH`, where Inspect resolves it: content and arguments of
 * messages, arguments of tool events, data of `info` events. Results of tools it does not resolve; they stay where they are.
 */
export interface Attachments {
  /** As in Inspect's own events and pools: texts of more than 100 characters. */
  readonly inEvent: (value: unknown) => unknown;
  /** Where Inspect keeps texts in their places: only those that its viewer, or its converter, would take for a reference. */
  readonly inPlace: (value: unknown) => unknown;
  readonly all: () => Readonly<Record<string, string>>;
}

const CHARACTERS_KEPT = 100;
/** Whoever writes such a text must not be shown another in its place. */
const LIKE_A_REFERENCE = /^(?:attachment|tc):\/\//;

export function createAttachments(): Attachments {
  const texts = new Map<string, string>();
  const attach = (text: string): string => {
    const key = sha256(text.toWellFormed()).slice(0, 32);
    texts.set(key, text);
    return `attachment://${key}`;
  };
  const isReference = (text: string): boolean => LIKE_A_REFERENCE.test(text);
  const isLong = (text: string): boolean => text.length > CHARACTERS_KEPT || isReference(text);
  return {
    inEvent: (value) => mapTexts(value, (text) => (isLong(text) ? attach(text) : text)),
    inPlace: (value) => mapTexts(value, (text) => (isReference(text) ? attach(text) : text)),
    all: () => Object.fromEntries(texts),
  };
}

/** Content and arguments of a message; ids and names stay. */
export function mapMessage(message: Json, map: (value: unknown) => unknown): Json {
  const calls = message['tool_calls'];
  return {
    ...message,
    content: mapContent(message['content'], map),
    ...(Array.isArray(calls) ? { tool_calls: calls.map((call: Json) => mapKey(call, 'arguments', map)) } : {}),
  };
}

function mapContent(content: unknown, map: (value: unknown) => unknown): unknown {
  if (!Array.isArray(content)) return map(content);
  return content.map((part: Json) => mapKey(part, part['type'] === 'reasoning' ? 'reasoning' : 'text', map));
}

function mapKey(value: Json, key: string, map: (value: unknown) => unknown): Json {
  return { ...value, [key]: map(value[key]) };
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, map)]));
}
