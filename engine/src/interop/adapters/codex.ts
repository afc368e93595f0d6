import { z } from 'zod';

import { toUntrusted } from '../../base/untrusted-text.ts';
import type { MessagePart, Usage } from '../../record/events.ts';
import type { ImportedSample, LogReader, ReadLogOptions } from '../contract.ts';
import { type Conversation, createConversation, type Result } from '../conversation.ts';
import { type JsonLinesFormat, readFiles, readJsonLines, recognisesFiles } from '../json-lines.ts';
import { parseArguments } from '../python-json.ts';
import {
  createTranscript,
  cut,
  show,
  sourceOf,
  toCount,
  toTime,
  type Transcript,
  UNKNOWN_USAGE,
} from '../transcript.ts';

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
const text = z.string().nullish();
const content = z.array(z.looseObject({ type: z.string(), text })).nullish();
const item = z.looseObject({
  type: z.string(),
  role: text,
  content,
  summary: content,
  name: text,
  arguments: text,
  input: text,
  call_id: text,
  id: text,
  output: z.unknown().optional(),
  action: z.looseObject({ command: z.unknown().optional() }).nullish(),
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
      return;
    case 'turn_context':
      rollout.model = rollout.model === 'unknown' ? (stringIn(payload, 'model') ?? 'unknown') : rollout.model;
      return;
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
  const data = parsed.data;
  switch (data.type) {
    case 'message':
      return readMessage(rollout, data, at);
    case 'reasoning':
      return addParts(rollout, toTexts(data.summary ?? [], 'reasoning'), at);
    case 'function_call':
    case 'custom_tool_call':
      return addParts(
        rollout,
        [
          {
            type: 'tool-call',
            callId: data.call_id ?? '',
            tool: data.name ?? '',
            input: toUntrusted(data.arguments ?? JSON.stringify({ input: data.input ?? '' })),
          },
        ],
        at,
      );
    case 'local_shell_call': {
      const input = toUntrusted(JSON.stringify({ command: data.action?.command ?? [] }));
      return addParts(
        rollout,
        [{ type: 'tool-call', callId: data.call_id ?? data.id ?? '', tool: 'shell', input }],
        at,
      );
    }
    case 'function_call_output':
    case 'custom_tool_call_output':
    case 'local_shell_call_output':
      flushAnswer(rollout);
      return rollout.talk.result({ callId: data.call_id ?? '', at, ...readOutput(data.output) });
    default:
      rollout.transcript.keepForeign(data.type, value, at);
  }
}

function readMessage(rollout: Rollout, { role, content: parts }: Item, at: number | null): void {
  if (role === 'assistant') return addParts(rollout, toTexts(parts ?? [], 'text'), at);
  for (const { type } of parts ?? [])
    if (!type.endsWith('text'))
      rollout.transcript.leaveOut(`part of type "${show(type)}" in a message`, 'a record holds texts only: left out');
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
  const given =
    typeof output === 'string'
      ? output
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
