import { z } from 'zod';

import { toUntrusted } from '../../base/untrusted-text.ts';
import type { MessagePart, Usage } from '../../record/events.ts';
import type { ImportedSample, LogReader, ReadLogOptions } from '../contract.ts';
import { type Conversation, createConversation, type Result } from '../conversation.ts';
import { type JsonLinesFormat, readFiles, readJsonLines, recognisesFiles } from '../json-lines.ts';
import { parseArguments } from '../python-json.ts';
import { createTranscript, cut, sourceOf, toCount, toTime, type Transcript, UNKNOWN_USAGE } from '../transcript.ts';
import { callPart } from '../whole-log.ts';

const NAME = 'codex';

/**
 * Rollouts of Codex CLI (`~/.codex/sessions/**\/rollout-*.jsonl`): lines of `{timestamp, type, payload}`. Older ones, whose
 * lines are the payloads themselves, are read too. Lines of type `event_msg` say again what the items say.
 */
export const codexReader: LogReader = {
  name: NAME,
  title: 'Codex CLI rollouts (.jsonl, or a folder of them)',
  recognises: (path) => recognisesFiles(FORMAT, path),
  read: (path, options) => readFiles(FORMAT, path, options),
};

const FORMAT: JsonLinesFormat = {
  title: 'rollout of Codex CLI',
  extension: '.jsonl',
  looksRight: (head) =>
    /"type"\s*:\s*"session_meta"/.test(head) ||
    (/"instructions"\s*:/.test(head) && /"type"\s*:\s*"(?:message|function_call)"/.test(head)),
  readFile: readRollout,
};

const line = z.looseObject({
  timestamp: z.string().nullish(),
  type: z.string().nullish(),
  payload: z.looseObject({ type: z.string().nullish() }).nullish(),
});
const text = z.string().nullish().catch(null);
const content = z
  .array(z.looseObject({ type: z.string(), text }))
  .nullish()
  .catch(null);
const item = z.looseObject({
  type: z.string(),
  role: text,
  content,
  summary: content,
  name: text,
  arguments: z.unknown().optional(),
  input: z.unknown().optional(),
  encrypted_content: text,
  call_id: text,
  id: text,
  output: z.unknown().optional(),
  action: z.unknown().optional(),
});
type Item = z.output<typeof item>;

interface Rollout {
  readonly transcript: Transcript;
  readonly talk: Conversation;
  /** Parts of the answer that is being read; it ends with what the agent is told next. */
  parts: MessagePart[];
  answerAt: number | null;
  usage: Usage;
  model: string;
  version: string | null;
  firstAt: number | null;
}

async function readRollout(path: string, id: string, options: ReadLogOptions): Promise<ImportedSample> {
  const transcript = createTranscript(options);
  const rollout: Rollout = {
    transcript,
    talk: createConversation(transcript),
    parts: [],
    answerAt: null,
    usage: UNKNOWN_USAGE,
    model: 'unknown',
    version: null,
    firstAt: null,
  };
  for await (const value of readJsonLines(path, id, options)) {
    const parsed = line.safeParse(value);
    if (parsed.success) readLine(rollout, parsed.data);
    else transcript.keepForeign('line', value, null);
  }
  flushAnswer(rollout);
  rollout.talk.end();
  return transcript.finish({
    id,
    trialName: id.replaceAll('/', '-'),
    scenario: 'codex-rollout',
    version: '1',
    agent: cut(rollout.model, 200),
    software: {
      ...(await sourceOf(NAME, path)),
      ...(rollout.version === null ? {} : { codex: cut(rollout.version, 100) }),
    },
    startedAt: rollout.firstAt,
  });
}

function readLine(rollout: Rollout, entry: z.output<typeof line>): void {
  const at = toTime(entry.timestamp);
  rollout.firstAt ??= at;
  const { payload } = entry;
  switch (entry.type) {
    case 'response_item':
      return readItem(rollout, payload, at);
    case 'session_meta':
      rollout.version = stringIn(payload, 'cli_version') ?? rollout.version;
      return rollout.transcript.keepRest(entry.type, payload, at);
    case 'turn_context':
      rollout.model = rollout.model === 'unknown' ? (stringIn(payload, 'model') ?? 'unknown') : rollout.model;
      return rollout.transcript.keepRest(entry.type, payload, at);
    case 'event_msg':
      return readEventMessage(rollout, payload, at);
    default:
      // Before the lines had an envelope, they were the items; the first held the session.
      return payload === null || payload === undefined
        ? readItem(rollout, entry, at)
        : rollout.transcript.keepForeign(entry.type ?? 'line', entry, at);
  }
}

/** Token counts come for each turn; the rest repeats what the items say. */
function readEventMessage(rollout: Rollout, payload: unknown, at: number | null): void {
  const counted = z
    .looseObject({
      type: z.literal('token_count'),
      info: z.looseObject({ last_token_usage: z.record(z.string(), z.unknown()) }),
    })
    .safeParse(payload);
  if (counted.success) {
    const given = counted.data.info.last_token_usage;
    const usage = {
      inputTokens: toCount(given['input_tokens']),
      outputTokens: toCount(given['output_tokens']),
      reasoningTokens: toCount(given['reasoning_output_tokens']),
      cachedInputTokens: toCount(given['cached_input_tokens']),
    };
    // It comes when the answer is whole, or when its tools have run. A second count for one answer replaces none.
    if (rollout.parts.length > 0) {
      rollout.usage = usage;
      flushAnswer(rollout);
    } else if (!rollout.transcript.lateUsage(usage))
      rollout.transcript.keepForeign('event_msg/token_count', payload, at);
  } else rollout.transcript.keepForeign(`event_msg/${stringIn(payload, 'type') ?? ''}`, payload, at);
}

function readItem(rollout: Rollout, value: unknown, at: number | null): void {
  const parsed = item.safeParse(value);
  if (!parsed.success) {
    rollout.transcript.keepForeign('item', value, at);
    return;
  }
  const { type, call_id: callId, id, ...data } = parsed.data;
  if (type === 'message') return readMessage(rollout, parsed.data, at);
  if (type === 'reasoning') {
    if (typeof data.encrypted_content === 'string')
      rollout.transcript.leaveOut('encrypted reasoning', 'only its provider can read it: left out');
    return addParts(rollout, toTexts([...(data.summary ?? []), ...(data.content ?? [])], 'reasoning'), at);
  }
  // Calls of every kind, those that its provider runs too: `function_call`, `local_shell_call`, `web_search_call`.
  if (type.endsWith('_call')) {
    const tool = data.name ?? (type === 'local_shell_call' ? 'shell' : type.slice(0, -'_call'.length));
    return addParts(rollout, [callPart(callId ?? id ?? '', tool, inputOf(data))], at);
  }
  if (type.endsWith('_output')) {
    flushAnswer(rollout);
    return rollout.talk.result({ callId: callId ?? '', at, ...readOutput(data.output ?? data['tools']) });
  }
  return rollout.transcript.keepForeign(type, value, at);
}

/** Arguments as the call has them; a text that is no JSON, such as a patch, is the input of the tool. */
function inputOf({ arguments: given, input, action, ...rest }: Omit<Item, 'type'>): unknown {
  if (given !== null && given !== undefined) return given;
  if (input !== null && input !== undefined) return { input };
  return action ?? rest;
}

function readMessage(rollout: Rollout, { role, content: parts }: Item, at: number | null): void {
  if (role === 'assistant') return addParts(rollout, toTexts(parts ?? [], 'text'), at);
  for (const part of parts ?? []) if (typeof part.text !== 'string') rollout.transcript.keepRest('content', part, at);
  flushAnswer(rollout);
  rollout.talk.say(role === 'user' ? 'user' : 'system', toTexts(parts ?? [], 'text'), at);
}

function toTexts(parts: NonNullable<z.output<typeof content>>, type: 'text' | 'reasoning'): MessagePart[] {
  return parts.flatMap((part) => (typeof part.text === 'string' ? [{ type, text: toUntrusted(part.text) }] : []));
}

function addParts(rollout: Rollout, parts: readonly MessagePart[], at: number | null): void {
  rollout.parts.push(...parts);
  rollout.answerAt = at;
}

function flushAnswer(rollout: Rollout): void {
  const { parts, answerAt, usage, model } = rollout;
  if (parts.length === 0) return;
  rollout.parts = [];
  rollout.usage = UNKNOWN_USAGE;
  rollout.talk.answer({ parts, at: answerAt, model, usage, finishReason: null });
}

const wrapped = z.looseObject({
  output: z.string(),
  metadata: z.looseObject({ exit_code: z.int().nullish(), duration_seconds: z.number().min(0).nullish() }).nullish(),
});

/** Output of a shell: as JSON with its exit code, or as text below a head that names it. */
function readOutput(output: unknown): Omit<Result, 'callId' | 'at'> {
  const parts = content.safeParse(output).data;
  const given =
    typeof output === 'string'
      ? output
      : Array.isArray(parts) && parts.every(({ text: one }) => typeof one === 'string')
        ? parts.map(({ text: one }) => one).join('\n')
        : (stringIn(output, 'content') ?? stringIn(output, 'output') ?? JSON.stringify(output ?? ''));
  const parsed = wrapped.safeParse(given.startsWith('{') ? parseArguments(given) : output);
  if (parsed.success) {
    const { exit_code: exitCode, duration_seconds: seconds } = parsed.data.metadata ?? {};
    return {
      text: parsed.data.output,
      exitCode: exitCode ?? null,
      durationMs: typeof seconds === 'number' ? seconds * 1000 : null,
      interrupted: false,
    };
  }
  const unified =
    /^(?:Chunk ID: \S{1,40}\n)?Wall time: ([\d.]{1,20}) seconds?\nProcess exited with code (-?\d{1,5})\n/.exec(given);
  if (unified !== null)
    return {
      text: given,
      exitCode: Number(unified[2]),
      durationMs: Number.isFinite(Number(unified[1])) ? Number(unified[1]) * 1000 : null,
      interrupted: false,
    };
  const head = /^Exit code: (-?\d{1,5})\nWall time: ([\d.]{1,20}) seconds?\n/.exec(given);
  const exitCode = head?.[1] === undefined ? null : Number(head[1]);
  const seconds = Number(head?.[2] ?? Number.NaN);
  return { text: given, exitCode, durationMs: Number.isFinite(seconds) ? seconds * 1000 : null, interrupted: false };
}

function stringIn(value: unknown, key: string): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const found: unknown = Object.entries(value).find(([name]) => name === key)?.[1];
  return typeof found === 'string' ? found : null;
}
