import { z } from 'zod';

import { toUntrusted } from '../../base/untrusted-text.ts';
import type { MessagePart, Usage } from '../../record/events.ts';
import type { ImportedSample, LogReader, ReadLogOptions } from '../contract.ts';
import { type Conversation, createConversation } from '../conversation.ts';
import { type JsonLinesFormat, readFiles, readJsonLines, recognisesFiles } from '../json-lines.ts';
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

const NAME = 'claude-code';

/**
 * Sessions of Claude Code (`~/.claude/projects/**\/*.jsonl`). The format has no published schema: what is known of it is
 * read, every other line is kept as it is. One answer comes in several lines with the same message id.
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
  looksRight: (head) =>
    /"sessionId"\s*:/.test(head) &&
    /"type"\s*:\s*"(?:user|assistant|system|summary)"/.test(head) &&
    /"uuid"\s*:/.test(head),
  readFile: readSession,
};

const block = z.looseObject({
  type: z.string(),
  text: z.string().nullish(),
  thinking: z.string().nullish(),
  id: z.string().nullish(),
  name: z.string().nullish(),
  input: z.unknown().optional(),
  tool_use_id: z.string().nullish(),
  content: z.unknown().optional(),
  is_error: z.boolean().nullish(),
});
type Block = z.output<typeof block>;

const entry = z.looseObject({
  type: z.string(),
  timestamp: z.string().nullish(),
  version: z.string().nullish(),
  isSidechain: z.boolean().nullish(),
  message: z
    .looseObject({
      id: z.string().nullish(),
      role: z.string().nullish(),
      model: z.string().nullish(),
      content: z.union([z.string(), z.array(block)]).nullish(),
      stop_reason: z.string().nullish(),
      usage: z
        .looseObject({
          input_tokens: z.unknown().optional(),
          output_tokens: z.unknown().optional(),
          cache_read_input_tokens: z.unknown().optional(),
        })
        .nullish(),
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
  } | null;
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
  };
  for await (const value of readJsonLines(path, id, options)) {
    const parsed = entry.safeParse(value);
    if (parsed.success) readEntry(session, parsed.data);
    else transcript.keepForeign('line', value, null);
  }
  flushAnswer(session);
  session.talk.end();
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
  session.version ??= data.version ?? null;
  const { message } = data;
  if (message === null || message === undefined || (data.type !== 'user' && data.type !== 'assistant')) {
    session.transcript.keepForeign(data.type, data, at);
    return;
  }
  session.side ??= data.isSidechain === true;
  if ((data.isSidechain === true) !== session.side) {
    // A second agent with a talk of its own: mixed into this one, its prompts would be taken for the user's. A file that
    // begins with one is its own log.
    session.transcript.keepForeign('sidechain', data, at);
    return;
  }
  const blocks: readonly Block[] =
    typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : (message.content ?? []);
  if (data.type === 'assistant') readAnswer(session, { message, blocks, at });
  else {
    flushAnswer(session);
    readPrompt(session, { blocks, at, interrupted: wasInterrupted(data.toolUseResult) });
  }
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
    session.answer = { id, at, parts: [], usage: UNKNOWN_USAGE, finishReason: null, model };
  }
  const { answer } = session;
  answer.at = at ?? answer.at;
  answer.parts.push(...blocks.flatMap((part) => toPart(session, part)));
  answer.finishReason = message.stop_reason ?? answer.finishReason;
  if (message.usage !== null && message.usage !== undefined) {
    answer.usage = {
      inputTokens: toCount(message.usage.input_tokens),
      outputTokens: toCount(message.usage.output_tokens),
      reasoningTokens: null,
      cachedInputTokens: toCount(message.usage.cache_read_input_tokens),
    };
  }
}

function flushAnswer(session: Session): void {
  const { answer } = session;
  if (answer === null) return;
  session.answer = null;
  session.talk.answer(answer);
}

interface PromptLine {
  readonly blocks: readonly Block[];
  readonly at: number | null;
  readonly interrupted: boolean;
}

function readPrompt(session: Session, { blocks, at, interrupted }: PromptLine): void {
  const said: MessagePart[] = [];
  for (const part of blocks) {
    if (part.type !== 'tool_result') {
      said.push(...toPart(session, part));
      continue;
    }
    const text = contentText(part.content);
    const exitCode = /^Exit code (\d{1,3})\b/.exec(text)?.[1];
    session.talk.result({
      callId: part.tool_use_id ?? '',
      text,
      at,
      exitCode: part.is_error === true && exitCode !== undefined ? Number(exitCode) : null,
      durationMs: null,
      interrupted,
    });
  }
  if (said.length > 0) session.talk.say('user', said, at);
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
      transcript.leaveOut(`part of type "${show(part.type)}" in a message`, 'a record holds texts only: left out');
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
