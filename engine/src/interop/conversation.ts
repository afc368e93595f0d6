import { readAsData, toUntrusted } from '../base/untrusted-text.ts';
import type { AgentEndReason, MessagePart, Usage } from '../record/events.ts';
import { parseArguments } from './python-json.ts';
import type { ReadToolCall } from './tool-calls.ts';
import { type SaidMessage, show, type Transcript } from './transcript.ts';

/**
 * A log that is a plain talk: prompts, answers with tool calls, results. It becomes messages, model calls and commands;
 * results find their calls by id.
 */
export interface Conversation {
  readonly say: (role: 'system' | 'user', parts: readonly MessagePart[], at: number | null) => void;
  readonly answer: (answer: Answer) => void;
  readonly result: (result: Result) => void;
  /** Says what never came back, and why the agent stopped where that can be told. */
  /** `isWhole`: false where the log is known to have broken off, so that its last answer says nothing of an end. */
  readonly end: (reason?: AgentEndReason | null, detail?: string | null, isWhole?: boolean) => void;
}

export interface Answer {
  readonly parts: readonly MessagePart[];
  readonly at: number | null;
  readonly model: string;
  readonly usage: Usage;
  /** As the log has it; null where it says nothing. */
  readonly finishReason: string | null;
  /** When each call was made, by its id, where that is known. */
  readonly calledAt?: ReadonlyMap<string, number | null>;
  /** The rest of an answer whose model call is told already. */
  readonly isRest?: boolean;
}

export interface Result {
  /** Null: the log gives none, and it answers the call that has waited longest. */
  readonly callId: string | null;
  readonly text: string;
  readonly at: number | null;
  readonly exitCode: number | null;
  /** Null: from the times of call and result. */
  readonly durationMs: number | null;
  readonly interrupted: boolean;
  /** The log calls it a failure, of the command or of the tool. */
  readonly failed?: boolean;
  /** It answers every call that waits: a terminal shows what several of them printed as one text. */
  readonly ofAll?: boolean;
}

interface OpenCall {
  readonly callId: string;
  readonly tool: string;
  readonly is: ReadToolCall['is'];
  readonly at: number | null;
}

export function createConversation(transcript: Transcript): Conversation {
  const open = createWaiting<OpenCall>();
  let prompted = 0;
  let submitted = false;
  let endsWithText = false;

  const add = (role: SaidMessage['role'], parts: readonly MessagePart[], at: number | null): number => {
    const index = transcript.say({ role, parts, at, key: null });
    prompted = index + 1;
    return index;
  };
  const answer = ({ parts, at, model, usage, finishReason, calledAt, isRest = false }: Answer): void => {
    const prompt = prompted === 0 ? [] : [{ from: 0, to: prompted }];
    const calls: { readonly part: Extract<MessagePart, { type: 'tool-call' }>; readonly id: string }[] = [];
    const told = parts.map((part): MessagePart => {
      if (part.type !== 'tool-call') return part;
      const fresh = { ...part, callId: transcript.freshCallId(part.callId) };
      calls.push({ part: fresh, id: part.callId });
      return fresh;
    });
    const message = told.length === 0 ? null : add('assistant', told, at);
    endsWithText = calls.length === 0;
    const ending = { finishReason: calls.length > 0 ? 'tool-calls' : 'other', rawFinishReason: finishReason };
    if (!isRest) transcript.modelCall({ model, prompt, answer: { message, model, usage, ...ending } }, at);
    for (const { part, id } of calls) {
      const { callId, tool } = part;
      const is = transcript.startCall({ callId, tool, input: parseArguments(readAsData(part.input)) }, at);
      if (is === 'submission') submitted = true;
      open.add(id, { callId, tool, is, at: calledAt?.get(id) ?? at });
    }
  };
  const close = (call: OpenCall, { text, at, exitCode, durationMs, interrupted, failed = false }: Result): void => {
    const between = call.at !== null && at !== null && at >= call.at ? at - call.at : 0;
    const took = durationMs ?? between;
    if (call.is === 'command')
      transcript.endCommand({ callId: call.callId, text, exitCode, interrupted, failed, durationMs: took }, at);
    else if (call.is === 'other') transcript.endOther(call.callId, took, at);
  };
  const result = (given: Result): void => {
    const { callId, text, at, ofAll = false } = given;
    const calls = ofAll ? open.takeAll() : [callId === null ? open.takeFirst() : open.take(callId)];
    const last = calls.at(-1);
    if (last === undefined)
      transcript.leaveOut('result of a tool', 'answers no call of the log: it is in the messages only');
    const parts = calls.length === 0 ? [undefined] : calls;
    add(
      'tool',
      parts.map((call, index): MessagePart => {
        const own = index === parts.length - 1 ? text : '';
        if (call !== undefined) close(call, { ...given, text: own });
        return {
          type: 'tool-result',
          callId: call?.callId ?? callId ?? '',
          tool: call?.tool ?? '',
          text: toUntrusted(own),
        };
      }),
      at,
    );
    endsWithText = false;
  };
  const end: Conversation['end'] = (reason = null, detail = null, isWhole = true) => {
    for (const { tool, is } of open.takeAll())
      if (is !== 'submission')
        transcript.leaveOut(`call of the tool "${show(tool)}"`, 'has no result in the log: nothing is known of it');
    if (reason !== null) transcript.endAgent(reason, detail);
    else if (submitted) transcript.endAgent('submitted');
    else if (endsWithText && isWhole) transcript.endAgent('no-tool-call', NO_REASON);
    else transcript.endAgent(null);
  };
  return { say: (role, parts, at) => void add(role, parts, at), answer, result, end };
}

/**
 * What waits for its answer, by an id that logs may repeat: the oldest of an id is answered first, or the oldest that fits.
 * Each step is a bounded number of looks.
 */
export interface Waiting<T> {
  readonly add: (id: string, item: T) => void;
  readonly take: (id: string, fits?: (item: T) => boolean) => T | undefined;
  /** What `take` would give. */
  readonly peek: (id: string, fits?: (item: T) => boolean) => T | undefined;
  /** The oldest of all. */
  readonly takeFirst: () => T | undefined;
  /** In the order in which they were added. */
  readonly takeAll: () => T[];
}

/** Calls of one id that are asked whether they fit, before the oldest is taken. */
const FITTING_MAX = 100;

export function createWaiting<T>(): Waiting<T> {
  const items = new Map<number, T>();
  /** Numbers of each id, oldest first; those before `from` are taken, and others may be. */
  const byId = new Map<string, { readonly numbers: number[]; from: number }>();
  let next = 0;
  let oldest = 0;
  const takeNumber = (number: number): T | undefined => {
    const item = items.get(number);
    items.delete(number);
    return item;
  };
  const oldestOf = (id: string, fits: (item: T) => boolean): number => {
    const same = byId.get(id) ?? { numbers: [], from: 0 };
    while (same.from < same.numbers.length) {
      if (items.has(same.numbers[same.from] ?? -1)) break;
      same.from++;
    }
    for (const number of same.numbers.slice(same.from, same.from + FITTING_MAX)) {
      const item = items.get(number);
      if (item !== undefined && fits(item)) return number;
    }
    if (same.from < same.numbers.length) return same.numbers[same.from] ?? -1;
    byId.delete(id);
    return -1;
  };
  return {
    add: (id, item) => {
      const number = next++;
      items.set(number, item);
      const same = byId.get(id);
      if (same === undefined) byId.set(id, { numbers: [number], from: 0 });
      else same.numbers.push(number);
    },
    take: (id, fits = () => true) => takeNumber(oldestOf(id, fits)),
    peek: (id, fits = () => true) => items.get(oldestOf(id, fits)),
    takeFirst: () => {
      while (oldest < next && !items.has(oldest)) oldest++;
      return takeNumber(oldest);
    },
    takeAll: () => {
      const all = [...items.values()];
      items.clear();
      byId.clear();
      return all;
    },
  };
}

export const NO_REASON = 'the log names no reason; its last answer holds no tool call';
