import { z } from 'zod';

import { toUntrusted } from '../../base/untrusted-text.ts';
import type { AgentEndReason, MessagePart, Usage } from '../../record/events.ts';
import type { ImportedSample, LogReader, ReadLogOptions } from '../contract.ts';
import { type Conversation, createConversation, type Result } from '../conversation.ts';
import { type JsonLinesFormat, readFiles, readJsonLines, recognisesFiles } from '../json-lines.ts';
import { createTranscript, cut, sourceOf, toCount, toTime, type Transcript, UNKNOWN_USAGE } from '../transcript.ts';

const NAME = 'claude-code';

/**
 * Sessions of Claude Code (`~/.claude/projects/**\/*.jsonl`), and what `claude -p --output-format stream-json` prints. The
 * format has no published schema: what is known of it is read, every other line is kept as it is. One answer comes in
 * several lines with the same message id, and the results of its calls may stand between them.
 */
export const claudeCodeReader: LogReader = {
  name: NAME,
  title: 'Claude Code sessions (.jsonl, or a folder of them)',
  recognises: (path) => recognisesFiles(FORMAT, path),
  read: (path, options) => readFiles(FORMAT, path, options),
};

const FORMAT: JsonLinesFormat = {
  title: 'session of Claude Code',
  extension: '.jsonl',
  otherExtensions: ['.json', '.txt', '.log'],
  looksRight: (head) =>
    // Lines, and not one document over several of them.
    /^\s*\{[^\n]*"type"\s*:/.test(head) &&
    /"type"\s*:\s*"(?:user|assistant|system|summary)"/.test(head) &&
    // Qwen Code has the same envelope, with other messages in it.
    !/"message"\s*:\s*\{\s*"role"\s*:\s*"\w+"\s*,\s*"parts"\s*:/.test(head) &&
    ((/"sessionId"\s*:/.test(head) && /"uuid"\s*:/.test(head)) ||
      // As a stream: its first line describes the session, or its answers say whose they are.
      (/"session_id"\s*:/.test(head) && /"subtype"\s*:\s*"init"|"parent_tool_use_id"\s*:/.test(head))),
  readFile: readSession,
};

/** A field of another kind is as good as none: what stands beside it is read. */
const text = z.string().nullish().catch(null);
const flag = z.boolean().nullish().catch(null);
const block = z.looseObject({
  type: z.string(),
  text: text,
  thinking: text,
  id: text,
  name: text,
  input: z.unknown().optional(),
  tool_use_id: text,
  content: z.unknown().optional(),
  is_error: flag,
});
type Block = z.output<typeof block>;

const entry = z.looseObject({
  type: z.string(),
  timestamp: text,
  version: text,
  isSidechain: flag,
  /** In a stream: the call that started a second agent. */
  parent_tool_use_id: text,
  uuid: text,
  subtype: text,
  model: text,
  claude_code_version: text,
  message: z
    .looseObject({
      id: text,
      role: text,
      model: text,
      content: z.union([z.string(), z.array(block)]).nullish(),
      stop_reason: text,
      usage: z
        .looseObject({
          input_tokens: z.unknown().optional(),
          output_tokens: z.unknown().optional(),
          cache_read_input_tokens: z.unknown().optional(),
          cache_creation_input_tokens: z.unknown().optional(),
        })
        .nullish()
        .catch(null),
    })
    .nullish(),
  toolUseResult: z.unknown().optional(),
});
type Entry = z.output<typeof entry>;

interface Session {
  readonly transcript: Transcript;
  readonly talk: Conversation;
  /** The answer whose lines are still coming. */
  answer: {
    readonly id: string;
    at: number | null;
    readonly parts: MessagePart[];
    usage: Usage;
    finishReason: string | null;
    readonly model: string;
    readonly calledAt: Map<string, number | null>;
    /** What `usage` holds beside what a record counts. */
    otherUsage: unknown;
    readonly isRest: boolean;
  } | null;
  /** Results that came between the lines of the answer: they follow it. */
  held: Result[];
  /** Answers whose model call is told. */
  readonly told: Set<string>;
  /** Lines that were read: a resumed session holds earlier ones once more. */
  readonly lines: Set<string>;
  end: { readonly reason: AgentEndReason | null; readonly detail: string | null } | null;
  /** A stream ends with a line that says so; a session has none. */
  isStream: boolean;
  hasResult: boolean;
  model: string;
  version: string | null;
  firstAt: number | null;
  /** Whether this is the log of a second agent; null before the first message. */
  side: boolean | null;
}

async function readSession(path: string, id: string, options: ReadLogOptions): Promise<ImportedSample> {
  const transcript = createTranscript(options);
  const session: Session = {
    transcript,
    talk: createConversation(transcript),
    answer: null,
    model: 'unknown',
    version: null,
    firstAt: null,
    side: null,
    held: [],
    told: new Set(),
    lines: new Set(),
    end: null,
    isStream: false,
    hasResult: false,
  };
  for await (const value of readJsonLines(path, id, options)) {
    const parsed = entry.safeParse(value);
    if (parsed.success) readEntry(session, parsed.data);
    else transcript.keepForeign('line', value, null);
  }
  flushAnswer(session);
  session.talk.end(session.end?.reason, session.end?.detail, session.hasResult || !session.isStream);
  return transcript.finish({
    id,
    trialName: id.replaceAll('/', '-'),
    scenario: 'claude-code-session',
    version: '1',
    agent: cut(session.model, 200),
    software: {
      ...(await sourceOf(NAME, path)),
      ...(session.version === null ? {} : { 'claude-code': cut(session.version, 100) }),
    },
    startedAt: session.firstAt,
  });
}

function readEntry(session: Session, data: Entry): void {
  const at = toTime(data.timestamp);
  session.firstAt ??= at;
  session.version ??= data.version ?? data.claude_code_version ?? null;
  if (typeof data.uuid === 'string') {
    if (session.lines.has(data.uuid)) {
      session.transcript.leaveOut('line that stands twice', 'has the id of an earlier one: it is in the record once');
      return;
    }
    session.lines.add(data.uuid);
  }
  const { message } = data;
  if (message === null || message === undefined || (data.type !== 'user' && data.type !== 'assistant')) {
    if (data.type === 'result') readEnd(session, data);
    if (data.type === 'system' && data.subtype === 'init') session.isStream = true;
    if (data.type === 'system' && session.model === 'unknown') session.model = data.model ?? 'unknown';
    session.transcript.keepForeign(data.type, data, at);
    return;
  }
  const isSide = data.isSidechain === true || typeof data.parent_tool_use_id === 'string';
  session.side ??= isSide;
  if (isSide !== session.side) {
    // A second agent with a talk of its own: mixed into this one, its prompts would be taken for the user's. A file that
    // begins with one is its own log.
    session.transcript.keepForeign('sidechain', data, at);
    return;
  }
  session.end = null;
  session.hasResult = false;
  const blocks: readonly Block[] =
    typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : (message.content ?? []);
  if (data.type === 'assistant') readAnswer(session, { message, blocks, at });
  else readPrompt(session, { blocks, at, interrupted: wasInterrupted(data.toolUseResult) });
}

/** The last line of a stream says how it ended. */
function readEnd(session: Session, { subtype }: Entry): void {
  session.hasResult = true;
  if (subtype === 'error_max_turns') session.end = { reason: 'turn-limit', detail: subtype };
  else if (subtype === 'error_max_budget_usd') session.end = { reason: 'cost-limit', detail: subtype };
  else if (typeof subtype === 'string' && subtype.startsWith('error'))
    session.end = { reason: 'interrupted', detail: cut(subtype, 100) };
}

interface AnswerLine {
  readonly message: NonNullable<Entry['message']>;
  readonly blocks: readonly Block[];
  readonly at: number | null;
}

function readAnswer(session: Session, { message, blocks, at }: AnswerLine): void {
  const id = message.id ?? '';
  if (session.answer === null || session.answer.id !== id || id === '') {
    flushAnswer(session);
    // `<synthetic>` marks an answer that the program made up itself, such as the text of an error.
    const model = message.model ?? 'unknown';
    if (session.model === 'unknown' && !model.startsWith('<')) session.model = model;
    session.answer = {
      ...{ id, at, parts: [], usage: UNKNOWN_USAGE, finishReason: null, model, calledAt: new Map(), otherUsage: null },
      isRest: id !== '' && session.told.has(id),
    };
  }
  const { answer } = session;
  answer.at = at ?? answer.at;
  for (const { type, id: callId } of blocks) if (type === 'tool_use') answer.calledAt.set(callId ?? '', at);
  answer.parts.push(...blocks.flatMap((part) => toPart(session, part)));
  answer.finishReason = message.stop_reason ?? answer.finishReason;
  if (message.usage !== null && message.usage !== undefined) {
    const { input_tokens: input, output_tokens: output, cache_read_input_tokens: cached, ...others } = message.usage;
    answer.usage = {
      inputTokens: toCount(input),
      outputTokens: toCount(output),
      reasoningTokens: null,
      cachedInputTokens: toCount(cached),
    };
    answer.otherUsage = Object.keys(others).length === 0 ? answer.otherUsage : { id, usage: others };
  }
}

function flushAnswer(session: Session): void {
  const { answer, held } = session;
  session.answer = null;
  session.held = [];
  if (answer !== null) {
    if (answer.id !== '') session.told.add(answer.id);
    session.talk.answer(answer);
    if (answer.otherUsage !== null) session.transcript.keepRest('usage', answer.otherUsage, answer.at);
  }
  for (const result of held) session.talk.result(result);
}

interface PromptLine {
  readonly blocks: readonly Block[];
  readonly at: number | null;
  readonly interrupted: boolean;
}

function readPrompt(session: Session, { blocks, at, interrupted }: PromptLine): void {
  const said: MessagePart[] = [];
  // More of the answer may follow the results of its first calls.
  const isBetween = blocks.every(
    ({ type, tool_use_id: id }) => type === 'tool_result' && session.answer?.calledAt.has(id ?? '') === true,
  );
  if (!isBetween) flushAnswer(session);
  for (const part of blocks) {
    if (part.type !== 'tool_result') {
      said.push(...toPart(session, part));
      continue;
    }
    const text = contentText(part.content);
    const exitCode = /^Exit code (\d{1,3})\b/.exec(text)?.[1];
    const result = {
      callId: part.tool_use_id ?? null,
      text,
      at,
      exitCode: part.is_error === true && exitCode !== undefined ? Number(exitCode) : null,
      durationMs: null,
      interrupted,
      failed: part.is_error === true,
    };
    keepPictures(session, part.content);
    if (isBetween) session.held.push(result);
    else session.talk.result(result);
  }
  if (said.length > 0) session.talk.say('user', said, at);
}

/** Parts of a result that are no text. */
function keepPictures({ transcript }: Session, content: unknown): void {
  if (!Array.isArray(content)) return;
  for (const part of content as readonly unknown[]) {
    const isText = typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string';
    if (!isText) transcript.keepRest('result', part, null);
  }
}

function toPart({ transcript }: Session, part: Block): MessagePart[] {
  switch (part.type) {
    case 'text':
      return [{ type: 'text', text: toUntrusted(part.text ?? '') }];
    case 'thinking':
      return (part.thinking ?? '') === '' ? [] : [{ type: 'reasoning', text: toUntrusted(part.thinking ?? '') }];
    case 'tool_use':
      return [
        {
          type: 'tool-call',
          callId: part.id ?? '',
          tool: part.name ?? '',
          input: toUntrusted(JSON.stringify(part.input ?? {})),
        },
      ];
    default:
      transcript.keepRest('content', part, null);
      return [];
  }
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part: unknown) =>
      typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string' ? part.text : '',
    )
    .join('\n');
}

function wasInterrupted(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'interrupted' in result && result.interrupted === true;
}
