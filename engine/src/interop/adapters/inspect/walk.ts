import type { ToolSpec } from '../../../record/events.ts';
import { sha256 } from '../../../record/hash-chain.ts';
import type { ReadLogOptions } from '../../contract.ts';
import { createTranscript, type Transcript } from '../../transcript.ts';
import { createResolver, type MessageContext, resolveDeep, toParts } from './message.ts';
import {
  type InspectHeader,
  inspectMessage,
  type InspectMessage,
  type InspectSample,
  type ToolCall,
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
  readonly resolve: (text: string) => string;
  readonly context: MessageContext;
  /** Calls as assistants wrote them, by id. */
  readonly calls: ReadonlyMap<string, ToolCall>;
  /** Tool messages by their own id and by the id of the call, for the moment when the tool event comes. */
  readonly toolMessages: ReadonlyMap<string, InspectMessage>;
  readonly state: WalkState;
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
  /** Results that tool events gave; a call is never run twice from its message. */
  readonly ran: Set<string>;
}

export function createWalk(sample: InspectSample, source: InspectSource, options: ReadLogOptions): Walk {
  const resolve = createResolver(sample);
  const transcript = createTranscript(options);
  const toolMessages = new Map<string, InspectMessage>();
  const calls = new Map<string, ToolCall>();
  const pool = sample.events_data?.messages ?? [];
  for (const value of [...pool, ...sample.messages]) {
    const message = inspectMessage.safeParse(value);
    for (const call of message.data?.tool_calls ?? []) calls.set(call.id, call);
    if (!message.success || message.data.role !== 'tool') continue;
    if (typeof message.data.id === 'string') toolMessages.set(`id:${message.data.id}`, message.data);
    if (typeof message.data.tool_call_id === 'string')
      toolMessages.set(`call:${message.data.tool_call_id}`, message.data);
  }
  const state: WalkState = {
    limit: sample.limit === null || sample.limit === undefined ? null : { type: sample.limit.type, message: null },
    errors: 0,
    submitted: false,
    interrupted: false,
    lastStop: null,
    tools: [],
    toolsText: '[]',
    ran: new Set(),
  };
  return {
    ...source,
    sample,
    pool,
    resolve,
    context: { resolve, leaveOut: transcript.leaveOut },
    calls,
    toolMessages,
    state,
    transcript,
  };
}

/** Index of the message in the record; null when it is none. */
export function sayMessage(walk: Walk, value: unknown, at: number | null): number | null {
  const parsed = inspectMessage.safeParse(value);
  if (!parsed.success) {
    walk.transcript.leaveOut('message', 'is none as Inspect writes them: left out');
    return null;
  }
  const message = parsed.data;
  const leftOut: (readonly [what: string, why: string])[] = [];
  const parts = toParts(message, { resolve: walk.resolve, leaveOut: (what, why) => leftOut.push([what, why]) });
  // The id alone would let a log hide a message behind another: a text that was changed later is stored beside the first.
  const key = `${message.id ?? ''}:${message.role}:${sha256(JSON.stringify(parts))}`;
  const before = walk.transcript.messageCount();
  const index = walk.transcript.say({ role: message.role, parts, at, key });
  if (walk.transcript.messageCount() > before && leftOut.length > 0) {
    for (const [what, why] of leftOut) walk.transcript.leaveOut(what, why);
    walk.transcript.keepRest('message', resolveDeep(value, walk.resolve), at);
  }
  return index;
}
