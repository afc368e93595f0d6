import { z } from 'zod';

import type { MessagePart } from '../../record/events.ts';
import type { ImportedSample, LogReader, ReadLogOptions } from '../contract.ts';
import { createConversation } from '../conversation.ts';
import { type JsonLinesFormat, readFiles, readJsonLines, recognisesFiles } from '../json-lines.ts';
import { createTranscript, cut, sourceOf, toCount, toTime, UNKNOWN_USAGE } from '../transcript.ts';
import { callPart, reasoningPart, textPart } from '../whole-log.ts';

const NAME = 'qwen-code';

/**
 * Sessions of Qwen Code (`~/.qwen/projects/PROJECT/chats/*.jsonl`): lines in an envelope like that of Claude Code, with
 * messages in the parts of Gemini.
 */
export const qwenCodeReader: LogReader = {
  name: NAME,
  title: 'Qwen Code sessions (.jsonl, or a folder of them)',
  recognises: (path) => recognisesFiles(FORMAT, path),
  read: (path, options) => readFiles(FORMAT, path, options),
};

const FORMAT: JsonLinesFormat = {
  title: 'session of Qwen Code',
  extension: '.jsonl',
  looksRight: (head) =>
    /^\s*\{[^\n]*"sessionId"\s*:/.test(head) && /"message"\s*:\s*\{\s*"role"\s*:\s*"\w+"\s*,\s*"parts"\s*:/.test(head),
  readFile: readSession,
};

const text = z.string().nullish().catch(null);
const part = z.looseObject({
  text,
  thought: z.boolean().nullish().catch(null),
  functionCall: z.looseObject({ id: text, name: text, args: z.unknown().optional() }).nullish().catch(null),
  functionResponse: z.looseObject({ id: text, response: z.unknown().optional() }).nullish().catch(null),
});
type Part = z.output<typeof part>;
const line = z.looseObject({
  type: z.string(),
  uuid: text,
  timestamp: text,
  version: text,
  model: text,
  message: z.looseObject({ parts: z.array(part) }).nullish(),
  usageMetadata: z.record(z.string(), z.unknown()).nullish().catch(null),
  toolCallResult: z.looseObject({ status: text, resultDisplay: z.unknown().optional() }).nullish().catch(null),
});
type Line = z.output<typeof line>;

async function readSession(path: string, id: string, options: ReadLogOptions): Promise<ImportedSample> {
  const transcript = createTranscript(options);
  const talk = createConversation(transcript);
  const seen = new Set<string>();
  let [model, version, firstAt]: [string, string | null, number | null] = ['unknown', null, null];
  for await (const value of readJsonLines(path, id, options)) {
    const parsed = line.safeParse(value);
    const data: Line | undefined = parsed.data;
    const at = toTime(data?.timestamp);
    const parts = data?.message?.parts;
    firstAt ??= at;
    version ??= data?.version ?? null;
    if (typeof data?.uuid === 'string' && seen.has(data.uuid))
      transcript.leaveOut('line that stands twice', 'has the id of an earlier one: it is in the record once');
    else if (data === undefined || parts === undefined) transcript.keepForeign(data?.type ?? 'line', value, at);
    else if (data.type === 'assistant') {
      if (model === 'unknown') model = data.model ?? 'unknown';
      const said = parts.flatMap(toParts);
      if (said.length > 0)
        talk.answer({ parts: said, at, model: data.model ?? 'unknown', usage: toUsage(data), finishReason: null });
    } else if (data.type === 'tool_result')
      for (const { functionResponse } of parts) {
        if (functionResponse === null || functionResponse === undefined) continue;
        talk.result({
          ...{ callId: functionResponse.id ?? null, text: outputOf(functionResponse.response), at, durationMs: null },
          ...{ exitCode: exitCodeOf(data), interrupted: data.toolCallResult?.status === 'cancelled' },
          failed: data.toolCallResult?.status === 'error',
        });
      }
    else if (data.type === 'user') talk.say('user', parts.flatMap(toParts), at);
    else transcript.keepForeign(data.type, value, at);
    if (typeof data?.uuid === 'string') seen.add(data.uuid);
  }
  talk.end();
  return transcript.finish({
    id,
    trialName: id.replaceAll('/', '-'),
    scenario: 'qwen-code-session',
    version: '1',
    agent: cut(model, 200),
    software: { ...(await sourceOf(NAME, path)), ...(version === null ? {} : { [NAME]: cut(version, 100) }) },
    startedAt: firstAt,
  });
}

function toParts({ text: said, thought, functionCall }: Part): MessagePart[] {
  if (functionCall !== null && functionCall !== undefined)
    return [callPart(functionCall.id ?? '', functionCall.name ?? '', functionCall.args)];
  return thought === true ? reasoningPart(said ?? '') : textPart(said ?? '');
}

function outputOf(response: unknown): string {
  const parsed = z.looseObject({ output: text, error: text }).safeParse(response);
  const said = parsed.success ? (parsed.data.output ?? parsed.data.error) : null;
  return said ?? JSON.stringify(response ?? '');
}

function exitCodeOf({ toolCallResult }: Line): number | null {
  const shown = z.looseObject({ exitCode: z.int() }).safeParse(toolCallResult?.resultDisplay);
  return shown.success ? shown.data.exitCode : null;
}

function toUsage({ usageMetadata }: Line): typeof UNKNOWN_USAGE {
  if (usageMetadata === null || usageMetadata === undefined) return UNKNOWN_USAGE;
  return {
    inputTokens: toCount(usageMetadata['promptTokenCount']),
    outputTokens: toCount(usageMetadata['candidatesTokenCount']),
    reasoningTokens: toCount(usageMetadata['thoughtsTokenCount']),
    cachedInputTokens: toCount(usageMetadata['cachedContentTokenCount']),
  };
}
