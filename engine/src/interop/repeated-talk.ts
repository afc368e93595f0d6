import { sha256 } from '../base/sha256.ts';
import { readAsData } from '../base/untrusted-text.ts';
import type { MessagePart } from '../record/events.ts';
import { createWaiting, type Waiting } from './conversation.ts';
import { parseArguments } from './python-json.ts';
import type { SaidMessage, Transcript } from './transcript.ts';

/**
 * A log in which each call of the model repeats the whole talk. Every message is stored once, and each call of a tool gets
 * an id of its own, also where the log gives no ids or repeats them: a text that stands in one list for the second time is
 * another message than the first, and in the list of the next call it is the same one again.
 */
export interface RepeatedTalk {
  readonly createList: () => MessageList;
  /** The next message of a list. Returns its index in the record. */
  readonly add: (list: MessageList, message: SaidInList) => number;
  /** What the model answered to a list. It is new, unless it has an id: then its place in the list tells. */
  readonly answer: (list: MessageList, message: SaidInList) => number;
  /** A message with one result, of a call that an event told of. */
  readonly result: (message: SaidInList, callId: string) => number;
  /** Our id of the call that an event tells of, by the id of the log. */
  readonly run: (given: string, tool: string) => string;
  /** Our id of the call that the next result in the list answers; undefined: none waits there. */
  readonly nextAnswered: (list: MessageList, given: string, tool: string) => string | undefined;
  /** Our ids of the calls that a message holds. */
  readonly callsOf: (index: number) => readonly string[];
  readonly asked: (callId: string) => AskedCall | undefined;
  /** Our ids of those that ran; a call is never run twice. */
  readonly ran: Set<string>;
  /** Our ids of all calls of which no event told. */
  readonly takeWaiting: () => readonly string[];
}

export interface SaidInList {
  readonly role: SaidMessage['role'];
  /** The log's own; empty: it gives none. */
  readonly id: string;
  /** With call ids as in the log. */
  readonly parts: readonly MessagePart[];
  /** From `keyOf`. */
  readonly key: string;
  readonly at: number | null;
  /** Asked once, when the message is stored. */
  readonly onStored?: () => void;
}

export interface MessageList {
  readonly seen: Map<string, number>;
  /** Our ids of the calls in it that have no result there yet, by the id of the log. */
  readonly open: Waiting<string>;
  readonly ranges: { from: number; to: number }[];
}

export interface AskedCall {
  readonly tool: string;
  readonly input: unknown;
}

/** By id, role and text. The id alone would let a log hide a message behind another. */
export function keyOf({ id, role, parts }: Pick<SaidInList, 'id' | 'role' | 'parts'>): string {
  // Long texts are hashed by themselves: a message may hold one of them a hundred thousand times.
  const short = parts.map((part) => {
    const text = readAsData(part.type === 'tool-call' ? part.input : part.text);
    const about = part.type === 'tool-call' || part.type === 'tool-result' ? [part.callId, part.tool] : [];
    return [part.type, ...about, text.length > 200 ? sha256(text) : text];
  });
  return `${id}:${role}:${sha256(JSON.stringify(short))}`;
}

export function createRepeatedTalk(transcript: Transcript): RepeatedTalk {
  /** How often each message was stored. */
  const stored = new Map<string, number>();
  const callsOf = new Map<number, readonly (readonly [given: string, own: string])[]>();
  const asked = new Map<string, Extract<MessagePart, { type: 'tool-call' }>>();
  /** Our ids of calls that no event has told of, by the id of the log; then of those told of before their message came. */
  const waiting = createWaiting<string>();
  const early = createWaiting<string>();
  const last = new Map<string, string>();

  /** Of two calls of one id, a result belongs to the one whose tool it names. */
  const isOf =
    (tool: string) =>
    (own: string): boolean =>
      tool === '' || asked.get(own)?.tool === tool;
  const ownId = (given: string): string => {
    const told = early.take(given);
    if (told !== undefined) return told;
    const own = transcript.freshCallId(given);
    waiting.add(given, own);
    last.set(given, own);
    return own;
  };
  const store = ({ role, parts, at, key, onStored }: SaidInList, place: string): number => {
    const known = transcript.find(place);
    if (known !== null) return known;
    const made: (readonly [string, string])[] = [];
    const told = parts.map((part): MessagePart => {
      if (part.type !== 'tool-call') return part;
      const own = ownId(part.callId);
      made.push([part.callId, own]);
      asked.set(own, part);
      return { ...part, callId: own };
    });
    const index = transcript.say({ role, parts: told, at, key: place });
    stored.set(key, (stored.get(key) ?? 0) + 1);
    if (made.length > 0) callsOf.set(index, made);
    onStored?.();
    return index;
  };
  /** With our ids in its results, and a key that tells results of two calls apart. */
  const withOwnIds = (message: SaidInList, toOwn: (given: string, tool: string) => string): SaidInList => {
    if (!message.parts.some(({ type }) => type === 'tool-result')) return message;
    const parts = message.parts.map((part) =>
      part.type === 'tool-result' ? { ...part, callId: toOwn(part.callId, part.tool) } : part,
    );
    const owners = parts.flatMap((part) => (part.type === 'tool-result' ? [part.callId] : []));
    return { ...message, parts, key: `${message.key}:${JSON.stringify(owners)}` };
  };
  return {
    createList: () => ({ seen: new Map(), open: createWaiting(), ranges: [] }),
    add: (list, given) => {
      const message = withOwnIds(given, (id, tool) => list.open.take(id, isOf(tool)) ?? last.get(id) ?? id);
      const place = list.seen.get(message.key) ?? 0;
      list.seen.set(message.key, place + 1);
      const index = store(message, `${message.key}#${place}`);
      for (const [id, own] of callsOf.get(index) ?? []) list.open.add(id, own);
      const range = list.ranges.at(-1);
      if (range !== undefined && range.to === index) range.to++;
      else list.ranges.push({ from: index, to: index + 1 });
      return index;
    },
    answer: (list, message) => {
      const place = (message.id === '' ? stored.get(message.key) : list.seen.get(message.key)) ?? 0;
      return store(message, `${message.key}#${place}`);
    },
    result: (given, callId) => {
      const message = withOwnIds(given, () => callId);
      return store(message, `${message.key}#0`);
    },
    run: (given, tool) => {
      const found = waiting.take(given, isOf(tool));
      if (found !== undefined) return found;
      const own = transcript.freshCallId(given);
      early.add(given, own);
      last.set(given, own);
      return own;
    },
    nextAnswered: (list, given, tool) => list.open.peek(given, isOf(tool)),
    callsOf: (index) => (callsOf.get(index) ?? []).map(([, own]) => own),
    asked: (callId) => {
      const part = asked.get(callId);
      return part === undefined ? undefined : { tool: part.tool, input: parseArguments(readAsData(part.input)) };
    },
    ran: new Set(),
    takeWaiting: () => waiting.takeAll(),
  };
}
