import { z } from 'zod';

import type { Usage } from '../../record/events.ts';
import { toCount, toTime, UNKNOWN_USAGE } from '../transcript.ts';
import { callPart, createWholeLogReader, type Intake, reasoningPart, textOfContent, textPart } from '../whole-log.ts';

const text = z.string().nullish().catch(null);
const call = z.looseObject({
  id: z.string().catch(''),
  name: z.string().catch(''),
  args: z.unknown().optional(),
  result: z.unknown().optional(),
  resultDisplay: z.unknown().optional(),
  status: text,
  timestamp: text,
});
const message = z.looseObject({
  timestamp: text,
  type: z.string(),
  content: z.unknown().optional(),
  thoughts: z
    .array(z.looseObject({ subject: text, description: text }))
    .nullish()
    .catch(null),
  tokens: z.record(z.string(), z.unknown()).nullish().catch(null),
  model: text,
  toolCalls: z.array(call).nullish(),
});
type Message = z.output<typeof message>;

/**
 * Chats of Gemini CLI (`~/.gemini/tmp/PROJECT/chats/session-*`): one message holds an answer, its calls and their results.
 * A `.jsonl` is written as the chat goes on: a message comes again when more of it is known, and may be taken back.
 */
export const geminiCliReader = createWholeLogReader({
  name: 'gemini-cli',
  title: 'Gemini CLI chats (.json, .jsonl, or a folder of them)',
  what: 'chat of Gemini CLI',
  scenario: 'gemini-cli-chat',
  extension: '.json',
  otherExtensions: ['.jsonl'],
  looksRight: (head) => /^\s*\{/.test(head) && /"sessionId"\s*:/.test(head) && /"projectHash"\s*:/.test(head),
  schema: z.looseObject({
    startTime: text,
    messages: z.array(z.unknown()),
    /** Only of lines. */
    takenBack: z.array(z.unknown()).optional(),
  }),
  fromLines: (lines) => [{ id: null, value: replay(lines) }],
  read: ({ startTime, messages, takenBack = [], ...rest }, intake) => {
    let model: string | null = null;
    for (const value of messages) {
      const parsed = message.safeParse(value);
      if (parsed.success) {
        model ??= parsed.data.model ?? null;
        readMessage(intake, parsed.data, value);
      } else intake.transcript.keepForeign('message', value, null);
    }
    for (const value of takenBack) intake.transcript.keepForeign('message taken back', value, null);
    intake.transcript.keepRest('chat', rest, null);
    return { agent: model, startedAt: toTime(startTime) };
  },
});

const record = z.looseObject({
  id: text,
  type: text,
  $rewindTo: text,
  $set: z.record(z.string(), z.unknown()).nullish().catch(null),
});

/** The chat at its end, and all that was said before and is no part of it. */
function replay(lines: readonly unknown[]): Record<string, unknown> {
  let chat: Record<string, unknown> = {};
  const messages = new Map<string, unknown>();
  /** Ids in the order of the chat, and the place of each: to take one back costs one step. */
  const order: string[] = [];
  const places = new Map<string, number>();
  const takenBack: unknown[] = [];
  const takeBack = (from: number): void => {
    for (const id of order.splice(from)) {
      takenBack.push(messages.get(id));
      messages.delete(id);
      places.delete(id);
    }
  };
  const add = (value: unknown, number: string): void => {
    const id = record.safeParse(value).data?.id ?? number;
    if (messages.has(id)) takenBack.push(messages.get(id));
    else places.set(id, order.push(id) - 1);
    messages.set(id, value);
  };
  for (const [number, value] of lines.entries()) {
    const { data } = record.safeParse(value);
    if (typeof data?.$rewindTo === 'string') {
      takeBack(places.get(data.$rewindTo) ?? 0);
    } else if (data?.$set !== null && data?.$set !== undefined) {
      const { messages: again, ...about } = data.$set;
      chat = { ...chat, ...about };
      if (!Array.isArray(again)) continue;
      takeBack(0);
      for (const [place, one] of (again as readonly unknown[]).entries()) add(one, `${number}/${place}`);
    } else if (data !== undefined && typeof data.type !== 'string' && number === 0) chat = { ...data };
    else add(value, `${number}`);
  }
  return { ...chat, messages: [...messages.values()], takenBack };
}

function readMessage(intake: Intake, data: Message, value: unknown): void {
  const { transcript, talk } = intake;
  const at = toTime(data.timestamp);
  const said = textOfContent(intake, data.content);
  if (data.type === 'user') return talk.say('user', textPart(said), at);
  if (data.type !== 'gemini' && data.type !== 'model') return transcript.keepForeign(data.type, value, at);
  const calls = (data.toolCalls ?? []).map((one) => ({ ...one, shown: toShown(one) }));
  talk.answer({
    parts: [
      ...(data.thoughts ?? []).flatMap(({ subject, description }) =>
        reasoningPart([subject ?? '', description ?? ''].filter((part) => part !== '').join('\n')),
      ),
      ...textPart(said),
      ...calls.map(({ id, name, args }) => callPart(id, name, args)),
    ],
    at,
    model: data.model ?? 'unknown',
    usage: toUsage(data.tokens),
    finishReason: null,
    calledAt: new Map(calls.map(({ id }) => [id, at])),
  });
  for (const { id, shown, status, timestamp } of calls) {
    if (shown === null) continue;
    talk.result({
      ...{ callId: id, text: shown, at: toTime(timestamp) ?? at, durationMs: null },
      ...{ exitCode: exitCodeOf(shown), interrupted: status === 'cancelled', failed: status === 'error' },
    });
  }
}

/** Null: it never came back. */
function toShown({ result, resultDisplay }: z.output<typeof call>): string | null {
  if (result === null || result === undefined) return typeof resultDisplay === 'string' ? resultDisplay : null;
  if (typeof result === 'string') return result;
  const texts = (Array.isArray(result) ? (result as readonly unknown[]) : [result]).map((part) => {
    const parsed = z
      .looseObject({ functionResponse: z.looseObject({ response: z.looseObject({ output: z.string() }) }) })
      .safeParse(part);
    if (parsed.success) return parsed.data.functionResponse.response.output;
    const plain = z.looseObject({ text: z.string() }).safeParse(part);
    return plain.success ? plain.data.text : JSON.stringify(part);
  });
  return texts.join('\n');
}

function exitCodeOf(shown: string): number | null {
  const code = /^Exit Code: (-?\d{1,5})$/m.exec(shown)?.[1];
  return code === undefined ? null : Number(code);
}

/** Thoughts are counted beside the answer; to a record they are a part of it. */
function toUsage(tokens: Message['tokens']): Usage {
  if (tokens === null || tokens === undefined) return UNKNOWN_USAGE;
  const [output, thoughts] = [toCount(tokens['output']), toCount(tokens['thoughts'])];
  return {
    inputTokens: toCount(tokens['input']),
    outputTokens: output === null ? null : output + (thoughts ?? 0),
    reasoningTokens: thoughts,
    cachedInputTokens: toCount(tokens['cached']),
  };
}
