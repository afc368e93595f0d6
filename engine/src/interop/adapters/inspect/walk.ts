import type { ToolSpec } from '../../../record/events.ts';
import type { ReadLogOptions } from '../../contract.ts';
import { limitsOf } from '../../limits.ts';
import { tooLarge } from '../../log-error.ts';
import {
  createRepeatedTalk,
  keyOf,
  type MessageList,
  type RepeatedTalk,
  type SaidInList,
} from '../../repeated-talk.ts';
import { createTranscript, type Transcript } from '../../transcript.ts';
import { countResolved, createResolver, type MessageContext, resolveDeep, toParts } from './message.ts';
import {
  type InspectHeader,
  inspectMessage,
  type InspectMessage,
  type InspectSample,
  type ModelEvent,
} from './schema.ts';

export interface InspectSource {
  readonly header: InspectHeader;
  /** From `sourceOf`. */
  readonly software: Readonly<Record<string, string>>;
}

/** A sample on its way into a record: what was read of it, and what is known so far. */
export interface Walk extends InspectSource {
  readonly sample: InspectSample;
  readonly transcript: Transcript;
  readonly pool: readonly unknown[];
  /** For everything but messages: what it gives is counted. */
  readonly resolve: (text: string) => string;
  readonly context: MessageContext;
  readonly talk: RepeatedTalk;
  readonly messages: Messages;
  readonly state: WalkState;
  /** References to messages of the pool, all events together. */
  readonly countReferences: (count: number) => void;
}

interface Messages {
  /** Tool messages by their own id. */
  readonly byId: ReadonlyMap<string, InspectMessage>;
  /** Tool messages by the id of the call, in order. */
  readonly byCall: ReadonlyMap<string, readonly InspectMessage[]>;
  /** How many tool events named an id of the log. */
  readonly runs: Map<string, number>;
  /** Read once, however often a list refers to them. */
  readonly read: WeakMap<object, SaidInList | 'none'>;
  /** The list of the last model event, to which the next one mostly adds. */
  list: { readonly list: MessageList; readonly until: number } | null;
}

interface WalkState {
  limit: { readonly type: string; readonly message: string | null } | null;
  errors: number;
  submitted: boolean;
  interrupted: boolean;
  lastStop: string | null;
  tools: readonly ToolSpec[];
  /** As the last model event gave them. */
  toolsText: string;
}

export function createWalk(sample: InspectSample, source: InspectSource, options: ReadLogOptions): Walk {
  const { expandedCharactersMax, referencesMax } = limitsOf(options);
  const resolve = createResolver(sample);
  const transcript = createTranscript(options);
  const byId = new Map<string, InspectMessage>();
  const byCall = new Map<string, InspectMessage[]>();
  const pool = sample.events_data?.messages ?? [];
  // The end of the talk tells the order of results; the pool only has what is missing there.
  for (const values of [sample.messages, pool]) {
    const known = new Set(byCall.keys());
    for (const value of values) {
      const { data: message } = inspectMessage.safeParse(value);
      if (message?.role !== 'tool') continue;
      if (typeof message.id === 'string') byId.set(message.id, message);
      const call = message.tool_call_id;
      if (typeof call !== 'string' || known.has(call)) continue;
      const same = byCall.get(call);
      if (same === undefined) byCall.set(call, [message]);
      else same.push(message);
    }
  }
  let references = 0;
  const state: WalkState = {
    limit: sample.limit === null || sample.limit === undefined ? null : { type: sample.limit.type, message: null },
    errors: 0,
    submitted: false,
    interrupted: false,
    lastStop: null,
    tools: [],
    toolsText: '[]',
  };
  return {
    ...source,
    sample,
    pool,
    resolve: countResolved(resolve, expandedCharactersMax),
    context: { resolve, leaveOut: transcript.leaveOut },
    talk: createRepeatedTalk(transcript),
    messages: { byId, byCall, runs: new Map(), read: new WeakMap(), list: null },
    state,
    transcript,
    countReferences: (count) => {
      references += count;
      if (references > referencesMax)
        throw tooLarge('a sample', `${referencesMax} references to messages that are stored once`, 'more');
    },
  };
}

/** Prompt of a model event: the messages that it holds or refers to. */
export function sayPrompt(walk: Walk, event: ModelEvent, at: number | null): MessageList {
  const { pool, messages, countReferences } = walk;
  const refs = event.input_refs ?? [];
  const [only] = refs;
  const before = messages.list;
  // Mostly all messages so far, and a few more: only those are read.
  const goesOn =
    (event.input ?? []).length === 0 &&
    refs.length === 1 &&
    only?.[0] === 0 &&
    before !== null &&
    before.until <= only[1];
  const list = goesOn ? before.list : walk.talk.createList();
  for (const value of event.input ?? []) addToList(walk, value, { list, at });
  for (const [from, to] of refs) {
    const start = goesOn ? before.until : from;
    const end = Math.min(to, pool.length);
    countReferences(Math.max(0, end - start));
    for (let index = start; index < end; index++) addToList(walk, pool[index], { list, at });
  }
  // Each call holds them again.
  countReferences(list.ranges.length);
  messages.list =
    (event.input ?? []).length === 0 && refs.length === 1 && only?.[0] === 0
      ? { list, until: Math.min(only[1], pool.length) }
      : null;
  return list;
}

interface ListPlace {
  readonly list: MessageList;
  readonly at: number | null;
}

/** The next message of a list; null when it is none. */
export function addToList(walk: Walk, value: unknown, { list, at }: ListPlace): number | null {
  const message = readMessage(walk, value);
  return message === null ? null : walk.talk.add(list, { ...message, at });
}

export function sayAnswer(walk: Walk, value: unknown, { list, at }: ListPlace): number | null {
  const message = readMessage(walk, value);
  return message === null ? null : walk.talk.answer(list, { ...message, at });
}

/** The message of a result that an event told of. */
export function sayResult(walk: Walk, value: InspectMessage, callId: string, at: number | null): void {
  const message = readMessage(walk, value);
  if (message !== null) walk.talk.result({ ...message, at }, callId);
}

function readMessage(walk: Walk, value: unknown): SaidInList | null {
  const { read } = walk.messages;
  const isObject = typeof value === 'object' && value !== null;
  const known = isObject ? read.get(value) : undefined;
  if (known !== undefined) return known === 'none' ? null : known;
  const parsed = inspectMessage.safeParse(value);
  if (!parsed.success) {
    if (isObject) read.set(value, 'none');
    walk.transcript.keepForeign('message', resolveDeep(value, walk.resolve), null);
    return null;
  }
  const { role, id } = parsed.data;
  const leftOut: (readonly [what: string, why: string])[] = [];
  const leaveOut: Transcript['leaveOut'] = (what, why) => leftOut.push([what, why]);
  const said = { role, id: id ?? '', parts: toParts(parsed.data, { resolve: walk.context.resolve, leaveOut }) };
  const onStored = (): void => {
    if (leftOut.length === 0) return;
    for (const [what, why] of leftOut) walk.transcript.leaveOut(what, why);
    walk.transcript.keepRest('message', resolveDeep(value, walk.resolve), null);
  };
  const made: SaidInList = { ...said, key: keyOf(said), at: null, onStored };
  if (isObject) read.set(value, made);
  return made;
}

/** The message that holds what a tool event gave back. */
export function messageOfRun(
  { messages }: Walk,
  event: { readonly id: string; readonly message_id?: string | null | undefined },
): InspectMessage | undefined {
  const run = messages.runs.get(event.id) ?? 0;
  messages.runs.set(event.id, run + 1);
  const same = messages.byCall.get(event.id);
  return messages.byId.get(event.message_id ?? '') ?? same?.[run] ?? same?.at(-1);
}
