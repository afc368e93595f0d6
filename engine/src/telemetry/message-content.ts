import { readAsData } from '../base/untrusted-text.ts';
import type { EventOf, MessagePart, TrialEvent } from '../record/events.ts';

/** Texts of a record in the form in which the GenAI conventions want them: JSON, bounded. */
export interface MessageContent {
  /** `gen_ai.system_instructions`, `gen_ai.input.messages`: what the model was given. */
  readonly prompt: (ranges: EventOf<'model-call'>['prompt']) => ContentAttributes;
  /** `gen_ai.output.messages`: what it answered. */
  readonly answer: (index: number, finishReason: string) => ContentAttributes;
}

export type ContentAttributes = Readonly<Record<string, string | number>>;

/** One text, in characters; then cut, with `…` at its end. */
const TEXT_CHARACTERS_MAX = 100_000;
/** The prompt of one model call; then the oldest messages are left out and counted. */
const PROMPT_CHARACTERS_MAX = 1_000_000;
/** All texts of a trial, since each call repeats what was said before; then no more are sent, and the span says so. */
const TRIAL_CHARACTERS_MAX = 32_000_000;

const OMITTED = 'offswitch.content_omitted';

interface Message {
  readonly role: EventOf<'message'>['role'];
  readonly partsJson: string;
}

export function createMessageContent(events: readonly TrialEvent[]): MessageContent {
  const messages = new Map<number, Message>();
  for (const event of events) {
    if (event.kind === 'message')
      messages.set(event.index, { role: event.role, partsJson: `[${event.parts.map(toPartJson).join(',')}]` });
  }
  let left = TRIAL_CHARACTERS_MAX;
  const answer = (index: number, finishReason: string): ContentAttributes => {
    const message = messages.get(index);
    if (message === undefined) return {};
    const json = `[${toMessageJson(message, finishReason)}]`;
    if (json.length > left) return { [OMITTED]: 1 };
    left -= json.length;
    return { 'gen_ai.output.messages': json };
  };
  const prompt = (ranges: EventOf<'model-call'>['prompt']): ContentAttributes => {
    const first = messages.get(ranges[0]?.from ?? -1);
    const system = first?.role === 'system' ? first : undefined;
    let room = Math.min(PROMPT_CHARACTERS_MAX, left) - (system?.partsJson.length ?? 0);
    if (room < 0) return { [OMITTED]: 1 };
    const kept: string[] = [];
    let omitted = 0;
    // From the end, so that what is left out is the oldest, and the work is bounded whatever the ranges say.
    outer: for (const [position, range] of [...ranges.entries()].toReversed()) {
      const from = range.from + (position === 0 && system !== undefined ? 1 : 0);
      for (let index = Math.min(range.to, messages.size) - 1; index >= from; index--) {
        const message = messages.get(index);
        const json = message === undefined ? '' : toMessageJson(message, null);
        if (json.length > room) {
          omitted =
            index -
            from +
            1 +
            count(ranges.slice(0, position), messages.size) -
            (position > 0 && system !== undefined ? 1 : 0);
          break outer;
        }
        room -= json.length + 1;
        if (json !== '') kept.push(json);
      }
    }
    left = Math.max(0, left - kept.reduce((sum, json) => sum + json.length, system?.partsJson.length ?? 0));
    return {
      ...(system !== undefined && { 'gen_ai.system_instructions': system.partsJson }),
      'gen_ai.input.messages': `[${kept.toReversed().join(',')}]`,
      ...(omitted > 0 && { [OMITTED]: omitted }),
    };
  };
  return { prompt, answer };
}

function count(ranges: EventOf<'model-call'>['prompt'], messages: number): number {
  return ranges.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, messages) - from), 0);
}

function toMessageJson({ role, partsJson }: Message, finishReason: string | null): string {
  const end = finishReason === null ? '' : `,"finish_reason":${JSON.stringify(finishReason)}`;
  return `{"role":"${role}","parts":${partsJson}${end}}`;
}

function toPartJson(part: MessagePart): string {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return JSON.stringify({ type: part.type, content: cutText(readAsData(part.text)) });
    case 'tool-call': {
      const about = { type: 'tool_call', id: cutName(part.callId), name: cutName(part.tool) };
      return JSON.stringify({ ...about, arguments: toArguments(cutText(readAsData(part.input))) });
    }
    case 'tool-result':
    default:
      return JSON.stringify({
        type: 'tool_call_response',
        id: cutName(part.callId),
        response: cutText(readAsData(part.text)),
      });
  }
}

/** The object that the model wrote; its text where it is none, or is nested so deeply that writing it would fail. */
function toArguments(input: string): unknown {
  try {
    const value: unknown = JSON.parse(input);
    if (typeof value !== 'object' || value === null) return input;
    JSON.stringify(value);
    return value;
  } catch {
    return input;
  }
}

/** The cut may fall into a surrogate pair. */
export function cutText(text: string, charactersMax = TEXT_CHARACTERS_MAX): string {
  const whole = text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1)}…`;
  return whole.toWellFormed();
}

/** A name or code that came from outside. */
export function cutName(name: string): string {
  return cutText(name, 200);
}
