import { readAsData } from '../../../base/untrusted-text.ts';
import type { EventOf, MessagePart, TrialEvent } from '../../../record/events.ts';

/** Texts of a record in the form in which the GenAI conventions want them: JSON, bounded. */
export interface MessageTexts {
  /** `gen_ai.system_instructions`, `gen_ai.input.messages`: what the model was given. */
  readonly prompt: (ranges: EventOf<'model-call'>['prompt']) => TextAttributes;
  /** `gen_ai.output.messages`: what it answered. */
  readonly answer: (index: number | null, finishReason: string) => TextAttributes;
}

type TextAttributes = Readonly<Record<string, string | boolean>>;

/** One text, in characters; then cut, with `…` at its end. */
const TEXT_CHARACTERS_MAX = 100_000;
/** The prompt of one model call; then the oldest messages are left out, and the span says so. */
const PROMPT_CHARACTERS_MAX = 1_000_000;
/** All texts of a trial, since each call repeats what was said before; then no more are written, and the span says so. */
const TRIAL_CHARACTERS_MAX = 32_000_000;

const OMITTED = { 'offswitch.content_omitted': true };

interface Message {
  readonly role: EventOf<'message'>['role'];
  readonly parts: string;
}

export function createMessageTexts(events: readonly TrialEvent[]): MessageTexts {
  const messages = new Map<number, Message>();
  for (const event of events)
    if (event.kind === 'message')
      messages.set(event.index, { role: event.role, parts: `[${event.parts.map(toPart).join(',')}]` });
  let left = TRIAL_CHARACTERS_MAX;
  const answer: MessageTexts['answer'] = (index, finishReason) => {
    const message = messages.get(index ?? -1);
    if (message === undefined) return {};
    const json = `[${toJson(message).slice(0, -1)},"finish_reason":${JSON.stringify(finishReason)}}]`;
    if (json.length > left) return OMITTED;
    left -= json.length;
    return { 'gen_ai.output.messages': json };
  };
  const prompt: MessageTexts['prompt'] = (ranges) => {
    const first = ranges[0]?.from ?? -1;
    const system = messages.get(first)?.role === 'system' ? messages.get(first)?.parts : undefined;
    let room = Math.min(PROMPT_CHARACTERS_MAX, left) - (system?.length ?? 0);
    if (room < 0) return OMITTED;
    const kept: string[] = [];
    // From the end, so that what is left out is the oldest, and the work is bounded whatever the ranges say.
    for (const index of newestFirst(ranges, messages.size)) {
      const message = index === first && system !== undefined ? undefined : messages.get(index);
      if (message === undefined) continue;
      const json = toJson(message);
      room -= json.length;
      if (room < 0) break;
      kept.push(json);
    }
    left -= kept.reduce((sum, json) => sum + json.length, system?.length ?? 0);
    return {
      ...(system !== undefined && { 'gen_ai.system_instructions': system }),
      'gen_ai.input.messages': `[${kept.toReversed().join(',')}]`,
      ...(room < 0 && OMITTED),
    };
  };
  return { prompt, answer };
}

function* newestFirst(ranges: EventOf<'model-call'>['prompt'], messages: number): Generator<number> {
  for (const { from, to } of ranges.toReversed())
    for (let index = Math.min(to, messages) - 1; index >= from; index--) yield index;
}

function toJson({ role, parts }: Message): string {
  return `{"role":"${role}","parts":${parts}}`;
}

function toPart(part: MessagePart): string {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return JSON.stringify({ type: part.type, content: cutText(readAsData(part.text)) });
    case 'tool-call': {
      const about = { type: 'tool_call', id: cutName(part.callId), name: cutName(part.tool) };
      return JSON.stringify({ ...about, arguments: toArguments(cutText(readAsData(part.input))) });
    }
    case 'tool-result': {
      const about = { type: 'tool_call_response', id: cutName(part.callId) };
      return JSON.stringify({ ...about, response: cutText(readAsData(part.text)) });
    }
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
