import { z } from 'zod';

import { readAsData, toUntrusted } from '../../base/untrusted-text.ts';
import type { MessagePart } from '../../record/events.ts';
import type { ImportedSample, LogReader, ReadLogOptions } from '../contract.ts';
import { createConversation } from '../conversation.ts';
import { type JsonLinesFormat, readFiles, readWholeText, recognisesFiles } from '../json-lines.ts';
import { limitsOf } from '../limits.ts';
import { LogError } from '../log-error.ts';
import { parsePythonJson } from '../python-json.ts';
import {
  createTranscript,
  cut,
  show,
  sourceOf,
  toCount,
  toTextParts,
  toTime,
  type Transcript,
  UNKNOWN_USAGE,
} from '../transcript.ts';

const NAME = 'atif';

/** Trajectories in the Agent Trajectory Interchange Format, version 1 (RFC 0001 of Harbor): one JSON file a trial. */
export const atifReader: LogReader = {
  name: NAME,
  title: 'ATIF trajectories (.json, or a folder of them)',
  recognises: (path) => recognisesFiles(FORMAT, path),
  read: (path, options) => readFiles(FORMAT, path, options),
};

const FORMAT: JsonLinesFormat = {
  title: 'trajectory in ATIF',
  extension: '.json',
  looksRight: (head) => /^\s*\{/.test(head) && /"schema_version"\s*:\s*"ATIF-v/.test(head),
  readFile: readTrajectory,
};

const text = z.string().nullish();
const content = z.union([z.string(), z.array(z.looseObject({ type: z.string(), text }))]).nullish();
const step = z.looseObject({
  timestamp: text,
  source: z.string(),
  message: content,
  model_name: text,
  reasoning_content: text,
  tool_calls: z
    .array(
      z.looseObject({
        tool_call_id: z.string().catch(''),
        function_name: z.string().catch(''),
        arguments: z.unknown().optional(),
      }),
    )
    .nullish(),
  observation: z
    .looseObject({
      results: z.array(
        z.looseObject({ source_call_id: text, content, subagent_trajectory_ref: z.unknown().optional() }),
      ),
    })
    .nullish(),
  metrics: z
    .looseObject({
      prompt_tokens: z.unknown().optional(),
      completion_tokens: z.unknown().optional(),
      cached_tokens: z.unknown().optional(),
    })
    .nullish(),
  is_copied_context: z.boolean().nullish(),
});
type Step = z.output<typeof step>;

const trajectory = z.looseObject({
  schema_version: z.string(),
  session_id: text,
  agent: z.looseObject({ name: z.string().catch('unknown'), version: text, model_name: text }),
  steps: z.array(z.unknown()),
  final_metrics: z
    .looseObject({
      total_prompt_tokens: z.unknown().optional(),
      total_completion_tokens: z.unknown().optional(),
      total_cached_tokens: z.unknown().optional(),
    })
    .nullish()
    .catch(null),
});

async function readTrajectory(path: string, id: string, options: ReadLogOptions): Promise<ImportedSample> {
  const { depthMax, sampleBytesMax } = limitsOf(options);
  options.signal?.throwIfAborted();
  const parsed = trajectory.safeParse(
    parsePythonJson(await readWholeText(path, sampleBytesMax), { what: 'the trajectory', depthMax }),
  );
  if (!parsed.success)
    throw new LogError(
      'wrong-format',
      'expected "schema_version", "agent" and "steps", got something else: this is no trajectory in ATIF',
    );
  const { schema_version: version, agent, steps, ...rest } = parsed.data;
  if (!version.startsWith('ATIF-v1.'))
    (options.onNote ?? options.onProblem)(
      `"${show(id)}" has version ${show(version)}, this Offswitch knows ATIF-v1: it is read as far as it is understood`,
    );
  const transcript = createTranscript(options);
  const talk = createConversation(transcript);
  let firstAt: number | null = null;
  /** Whether any step tells its tokens; some programs give their sum alone. */
  let counted = false;
  for (const value of steps) {
    const read = step.safeParse(value);
    if (!read.success) {
      transcript.keepForeign('step', value, null);
      continue;
    }
    firstAt ??= toTime(read.data.timestamp);
    const { prompt_tokens: input, completion_tokens: output } = read.data.metrics ?? {};
    counted ||= toCount(input) !== null || toCount(output) !== null;
    readStep({ transcript, talk, model: agent.model_name ?? agent.name }, read.data);
  }
  const total = rest.final_metrics;
  if (!counted && total !== null && total !== undefined)
    transcript.lateUsage({
      ...UNKNOWN_USAGE,
      inputTokens: toCount(total.total_prompt_tokens),
      outputTokens: toCount(total.total_completion_tokens),
      cachedInputTokens: toCount(total.total_cached_tokens),
    });
  if (Object.keys(rest).length > 0) transcript.keepRest('trajectory', rest, null);
  talk.end();
  return transcript.finish({
    id,
    trialName: id.replaceAll('/', '-'),
    scenario: 'atif-trajectory',
    version: cut(version, 50),
    agent: cut(agent.model_name ?? agent.name, 200),
    software: { ...(await sourceOf(NAME, path)), scaffold: cut(`${agent.name} ${agent.version ?? ''}`.trim(), 200) },
    startedAt: firstAt,
  });
}

interface StepContext {
  readonly transcript: Transcript;
  readonly talk: ReturnType<typeof createConversation>;
  readonly model: string;
}

function readStep({ transcript, talk, model }: StepContext, data: Step): void {
  const at = toTime(data.timestamp);
  if (data.is_copied_context === true) {
    transcript.leaveOut('step that was copied from another trajectory', 'is in the record of that one: left out');
    return;
  }
  const parts = toTextParts(transcript, data.message);
  if (data.source !== 'agent') {
    talk.say(data.source === 'user' ? 'user' : 'system', parts, at);
  } else {
    const reasoning = data.reasoning_content ?? '';
    const calls = (data.tool_calls ?? []).map((call): MessagePart => ({
      type: 'tool-call',
      callId: call.tool_call_id,
      tool: call.function_name,
      input: toUntrusted(JSON.stringify(call.arguments ?? {})),
    }));
    talk.answer({
      parts: [
        ...(reasoning === '' ? [] : [{ type: 'reasoning' as const, text: toUntrusted(reasoning) }]),
        ...parts,
        ...calls,
      ],
      at,
      model: data.model_name ?? model,
      usage: {
        inputTokens: toCount(data.metrics?.prompt_tokens),
        outputTokens: toCount(data.metrics?.completion_tokens),
        reasoningTokens: null,
        cachedInputTokens: toCount(data.metrics?.cached_tokens),
      },
      finishReason: null,
    });
  }
  const results = data.observation?.results ?? [];
  const asked = data.source === 'agent' ? (data.tool_calls ?? []).length : 0;
  for (const [place, result] of results.entries()) {
    const said = toTextParts(transcript, result.content).map((part) =>
      part.type === 'text' ? readAsData(part.text) : '',
    );
    talk.result({
      callId: result.source_call_id ?? null,
      // A terminal gives one text for all keys that a step sent.
      ofAll: (result.source_call_id ?? null) === null && place === results.length - 1 && results.length < asked,
      text: said.join('\n'),
      at,
      exitCode: null,
      durationMs: null,
      interrupted: false,
    });
  }
}
