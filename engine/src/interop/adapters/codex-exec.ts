import { z } from 'zod';

import type { AgentEndReason, MessagePart } from '../../record/events.ts';
import type { ImportedSample, LogReader, ReadLogOptions } from '../contract.ts';
import { type Conversation, createConversation, NO_REASON } from '../conversation.ts';
import { type JsonLinesFormat, readFiles, readJsonLines, recognisesFiles } from '../json-lines.ts';
import { createTranscript, cut, sourceOf, toCount, type Transcript, UNKNOWN_USAGE } from '../transcript.ts';
import { callPart, reasoningPart, textPart } from '../whole-log.ts';

const NAME = 'codex-exec';

/**
 * What `codex exec --json` prints: a line for each item that starts and completes. It names no model and holds no prompt;
 * tokens come once a turn, and stand at the last model call of it.
 */
export const codexExecReader: LogReader = {
  name: NAME,
  title: 'output of codex exec --json (.jsonl, or a folder of them)',
  recognises: (path) => recognisesFiles(FORMAT, path),
  read: (path, options) => readFiles(FORMAT, path, options),
};

const FORMAT: JsonLinesFormat = {
  title: 'stream of codex exec --json',
  extension: '.jsonl',
  otherExtensions: ['.json', '.txt', '.log'],
  looksRight: (head) =>
    /^\s*\{[^\n]*"type"\s*:\s*"(?:thread\.started|session\.created|turn\.started|item\.(?:started|completed))"/.test(
      head,
    ),
  readFile: readStream,
};

const item = z.looseObject({
  id: z.string().catch(''),
  type: z.string().optional(),
  /** In the first versions, which called a message of the agent `assistant_message`. */
  item_type: z.string().optional(),
});
const line = z.looseObject({
  type: z.string(),
  item: item.nullish(),
  usage: z.record(z.string(), z.unknown()).nullish().catch(null),
  error: z
    .looseObject({ message: z.string().catch('') })
    .nullish()
    .catch(null),
  message: z.string().nullish().catch(null),
});
type Item = z.output<typeof item>;

interface Stream {
  readonly transcript: Transcript;
  readonly talk: Conversation;
  parts: MessagePart[];
  /** Calls of tools that have started. */
  readonly started: Set<string>;
  /** Whether the last turn came to its end: a stream that breaks off does not say that the agent stopped. */
  isWhole: boolean;
  end: { readonly reason: AgentEndReason; readonly detail: string | null } | null;
}

async function readStream(path: string, id: string, options: ReadLogOptions): Promise<ImportedSample> {
  const transcript = createTranscript(options);
  const stream: Stream = {
    ...{ transcript, talk: createConversation(transcript), parts: [], started: new Set(), isWhole: false, end: null },
  };
  for await (const value of readJsonLines(path, id, options)) {
    const parsed = line.safeParse(value);
    if (parsed.success) readLine(stream, parsed.data, value);
    else transcript.keepForeign('line', value, null);
  }
  flush(stream);
  const { end, isWhole } = stream;
  // A turn that is whole ended with the agent's own word, even where the program closes its plan after it.
  const { reason, detail } =
    end ?? (isWhole ? { reason: 'no-tool-call', detail: NO_REASON } : { reason: null, detail: null });
  stream.talk.end(reason, detail, isWhole);
  return transcript.finish({
    id,
    trialName: id.replaceAll('/', '-'),
    scenario: 'codex-exec',
    version: '1',
    agent: 'codex',
    software: await sourceOf(NAME, path),
    startedAt: null,
  });
}

function readLine(stream: Stream, data: z.output<typeof line>, value: unknown): void {
  const { transcript } = stream;
  switch (data.type) {
    case 'item.started':
    case 'item.completed':
      stream.isWhole = false;
      if (data.item === null || data.item === undefined) transcript.keepForeign(data.type, value, null);
      else readItem(stream, data.item, data.type === 'item.completed');
      return;
    case 'turn.completed': {
      stream.isWhole = true;
      flush(stream);
      const { input_tokens: input, cached_input_tokens: cached, output_tokens: output } = data.usage ?? {};
      const usage = {
        ...{ inputTokens: toCount(input), outputTokens: toCount(output) },
        ...{ reasoningTokens: toCount(data.usage?.['reasoning_output_tokens']), cachedInputTokens: toCount(cached) },
      };
      if (!transcript.lateUsage(usage)) transcript.keepForeign(data.type, value, null);
      return;
    }
    case 'turn.failed':
    case 'error':
      flush(stream);
      transcript.keepForeign(data.type, value, null);
      stream.end = { reason: 'model-error', detail: cut(data.error?.message ?? data.message ?? '', 500) };
      return;
    default:
      transcript.keepForeign(data.type, value, null);
  }
}

function readItem(stream: Stream, data: Item, isCompleted: boolean): void {
  const text = typeof data['text'] === 'string' ? data['text'] : '';
  const type = data.type ?? data.item_type ?? '';
  switch (type) {
    case 'error':
      // A warning of the program, such as one about its settings.
      return stream.transcript.keepForeign('item error', data, null);
    case 'agent_message':
    case 'assistant_message':
    case 'reasoning':
      if (!isCompleted) return;
      // After a text or a call, another text is another answer.
      if (stream.parts.some(({ type }) => type !== 'reasoning')) flush(stream);
      stream.parts.push(...(type === 'reasoning' ? reasoningPart(text) : textPart(text)));
      return;
    default:
      return readTool(stream, { ...data, type }, isCompleted);
  }
}

/** Everything else is a call of a tool: commands, changes of files, searches, tools of servers, plans. */
function readTool(stream: Stream, data: Item & { readonly type: string }, isCompleted: boolean): void {
  const { id, type, item_type: _, ...about } = data;
  const { aggregated_output: output, exit_code: exit, result, error, status, ...input } = about;
  if (!stream.started.has(id)) {
    stream.started.add(id);
    const given = type === 'command_execution' ? { command: about['command'] } : input;
    stream.parts.push(callPart(id, toolOf(data), given));
  }
  if (!isCompleted) return;
  flush(stream);
  stream.started.delete(id);
  const shown = output ?? result ?? error ?? status ?? '';
  stream.talk.result({
    ...{ callId: id, text: typeof shown === 'string' ? shown : JSON.stringify(shown), at: null, durationMs: null },
    exitCode: typeof exit === 'number' && Number.isSafeInteger(exit) ? exit : null,
    interrupted: false,
  });
}

function toolOf({ type = '', ...about }: Item): string {
  if (type === 'command_execution') return 'shell';
  // Its arguments name the files: an editor, to whoever reads the call.
  if (type === 'file_change') return 'apply_patch';
  return type === 'mcp_tool_call' && typeof about['tool'] === 'string' ? about['tool'] : type;
}

function flush(stream: Stream): void {
  const { parts, talk } = stream;
  if (parts.length === 0) return;
  stream.parts = [];
  talk.answer({ parts, at: null, model: 'unknown', usage: UNKNOWN_USAGE, finishReason: null });
}
