import { z } from 'zod';

import type { MessagePart } from '../../record/events.ts';
import { toTime, UNKNOWN_USAGE } from '../transcript.ts';
import { callPart, createWholeLogReader, type Intake, reasoningPart, textOfContent, textPart } from '../whole-log.ts';

const text = z.string().nullish().catch(null);
const message = z.looseObject({
  role: z.string(),
  content: z.unknown().optional(),
  tool_calls: z
    .array(z.looseObject({ id: z.string().catch(''), function: z.unknown(), arguments: z.unknown().optional() }))
    .nullish()
    .catch(null),
  tool_call_id: text,
});
const event = z.looseObject({
  timestamp: text,
  view: z.union([z.string(), z.array(z.string())]),
  edit: z.looseObject({
    operation: z.string(),
    message: z.unknown().optional(),
    count: z.unknown().optional(),
    new_messages: z.unknown().optional(),
  }),
});

interface Seen {
  readonly value: unknown;
  readonly at: number | null;
}

/**
 * Transcripts of Petri and Bloom: events that change what auditor and target see. The trial is what the target saw at the
 * end; what was taken back, and what only the auditor saw, lies beside the record.
 */
export const petriReader = createWholeLogReader({
  name: 'petri',
  title: 'Petri and Bloom transcripts (.json, or a folder of them)',
  what: 'transcript of Petri or Bloom',
  scenario: 'petri-transcript',
  extension: '.json',
  looksRight: (head) =>
    /^\s*\{/.test(head) && /"events"\s*:\s*\[/.test(head) && /"view"\s*:/.test(head) && /"edit"\s*:/.test(head),
  schema: z.looseObject({
    metadata: z.looseObject({ target_model: text, model: text, created_at: text }).nullish().catch(null),
    events: z.array(z.unknown()),
  }),
  read: ({ metadata, events, ...rest }, intake) => {
    const model = metadata?.target_model ?? metadata?.model ?? null;
    for (const { value, at } of replay(intake, events)) readMessage(intake, { value, at }, model ?? 'unknown');
    intake.transcript.keepRest('transcript', { metadata, ...rest }, null);
    return { agent: model, startedAt: toTime(metadata?.created_at) };
  },
});

/** The messages of the target's view, after all that was taken back. */
function replay({ transcript }: Intake, events: readonly unknown[]): readonly Seen[] {
  let seen: Seen[] = [];
  const takeBack = (from: number): void => {
    for (const { value, at } of seen.splice(Math.max(0, from))) transcript.keepForeign('message taken back', value, at);
  };
  for (const value of events) {
    const parsed = event.safeParse(value);
    const { data } = parsed;
    const views = data === undefined ? [] : [data.view].flat();
    if (data === undefined || !views.includes('target')) {
      transcript.keepForeign(data === undefined ? 'event' : `view ${views.join(', ')}`, value, toTime(data?.timestamp));
      continue;
    }
    const at = toTime(data.timestamp);
    const { operation, count, new_messages: fresh } = data.edit;
    if (operation === 'add') seen.push({ value: data.edit.message, at });
    else if (operation === 'rollback' && typeof count === 'number') takeBack(seen.length - count);
    else if (operation === 'reset') {
      takeBack(0);
      seen = (Array.isArray(fresh) ? (fresh as readonly unknown[]) : []).map((one) => ({ value: one, at }));
    } else transcript.keepForeign(`edit ${operation}`, value, at);
  }
  return seen;
}

function readMessage(intake: Intake, { value, at }: Seen, model: string): void {
  const { transcript, talk } = intake;
  const parsed = message.safeParse(value);
  if (!parsed.success) return transcript.keepForeign('message', value, at);
  const { role, content, tool_calls: calls, tool_call_id: answered } = parsed.data;
  if (role === 'assistant') {
    const parts: MessagePart[] = [
      ...toParts(intake, content),
      ...(calls ?? []).map(({ id, function: called, arguments: given }) => toCall(id, called, given)),
    ];
    return talk.answer({ parts, at, model, usage: UNKNOWN_USAGE, finishReason: null });
  }
  const said = textOfContent(intake, content);
  if (role === 'tool')
    return talk.result({
      ...{ callId: answered ?? null, text: said, at, exitCode: null, durationMs: null, interrupted: false },
    });
  if (role === 'system' || role === 'user') return talk.say(role, textPart(said), at);
  return transcript.keepForeign(`message of ${role}`, value, at);
}

function toParts(intake: Intake, content: unknown): MessagePart[] {
  if (!Array.isArray(content)) return textPart(textOfContent(intake, content));
  return (content as readonly unknown[]).flatMap((part) => {
    const thought = z.looseObject({ type: z.literal('reasoning'), reasoning: z.string() }).safeParse(part);
    return thought.success ? reasoningPart(thought.data.reasoning) : textPart(textOfContent(intake, [part]));
  });
}

/** A name with arguments beside it, as Inspect has them, or both inside, as an API does. */
function toCall(id: string, called: unknown, given: unknown): MessagePart {
  const inside = z.looseObject({ name: z.string(), arguments: z.unknown().optional() }).safeParse(called);
  if (inside.success) return callPart(id, inside.data.name, inside.data.arguments);
  return callPart(id, typeof called === 'string' ? called : '', given);
}
