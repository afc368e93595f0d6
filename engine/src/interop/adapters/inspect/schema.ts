import { z } from 'zod';

import type { ReadLogOptions } from '../../contract.ts';
import { LogError } from '../../log-error.ts';
import { show } from '../../transcript.ts';

/**
 * The parts of Inspect's log schema that a record can hold, read leniently: what is missing is absent, what is unknown is
 * passed on. `version` says 2 since before pooling and spans, so it tells nothing but "newer than this reader".
 */
const INSPECT_VERSION_MAX = 2;

const text = z.string().nullish();
const number = z.number().nullish();

export const contentPart = z.looseObject({
  type: z.string(),
  text,
  reasoning: text,
  summary: text,
  redacted: z.boolean().nullish(),
});
export type ContentPart = z.output<typeof contentPart>;

const toolError = z.looseObject({ type: text, message: text }).nullish();

const toolCall = z.looseObject({
  id: z.string().catch(''),
  function: z.string().catch(''),
  arguments: z.unknown().optional(),
  parse_error: text,
});

export const inspectMessage = z.looseObject({
  id: text,
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.union([z.string(), z.array(contentPart)]).nullish(),
  tool_calls: z.array(toolCall).nullish(),
  tool_call_id: text,
  function: text,
  error: toolError,
  metadata: z.record(z.string(), z.unknown()).nullish(),
});
export type InspectMessage = z.output<typeof inspectMessage>;

const anyEvent = z.looseObject({ event: z.string(), timestamp: text });
export const inspectEvent = anyEvent;
export type InspectEvent = z.output<typeof anyEvent>;

const range = z.tuple([z.int().min(0), z.int().min(0)]);

export const modelEvent = anyEvent.extend({
  model: z.string().catch(''),
  input: z.array(z.unknown()).nullish(),
  input_refs: z.array(range).nullish(),
  config: z.record(z.string(), z.unknown()).nullish(),
  tools: z.array(z.unknown()).nullish(),
  output: z
    .looseObject({
      model: text,
      choices: z.array(z.looseObject({ message: z.unknown().optional(), stop_reason: text })).nullish(),
      /** Counts that are none are unknown; a call is never lost with them. */
      usage: z.unknown().optional(),
      error: text,
    })
    .nullish(),
  error: text,
  completed: text,
  working_time: z.unknown().optional(),
});
export type ModelEvent = z.output<typeof modelEvent>;

export const toolEvent = anyEvent.extend({
  id: z.string(),
  function: z.string(),
  arguments: z.unknown().optional(),
  result: z.unknown().optional(),
  truncated: z.unknown().optional(),
  error: toolError,
  message_id: text,
  completed: text,
  working_time: z.unknown().optional(),
  events: z.array(z.unknown()).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
});
export type ToolEvent = z.output<typeof toolEvent>;

export const limitEvent = anyEvent.extend({ type: z.string(), message: text });
export const errorEvent = anyEvent.extend({ error: z.looseObject({ message: z.string().catch('') }) });

const score = z.looseObject({ value: z.unknown().optional(), explanation: text, answer: text });

const inspectSample = z.looseObject({
  id: z.union([z.string(), z.number()]),
  epoch: z.int().min(1).catch(1),
  messages: z.array(z.unknown()).catch([]),
  events: z.array(z.unknown()).nullish().catch(null),
  events_data: z
    .looseObject({ messages: z.array(z.unknown()).nullish() })
    .nullish()
    .catch(null),
  attachments: z.record(z.string(), z.string()).nullish().catch(null),
  /** Before events and attachments had places of their own. */
  transcript: z
    .looseObject({ events: z.array(z.unknown()).nullish(), content: z.record(z.string(), z.string()).nullish() })
    .nullish()
    .catch(null),
  scores: z.record(z.string(), score).nullish().catch(null),
  score: score.nullish().catch(null),
  metadata: z.record(z.string(), z.unknown()).nullish().catch(null),
  error: z
    .looseObject({ message: z.string().catch('') })
    .nullish()
    .catch(null),
  limit: z.looseObject({ type: z.string() }).nullish().catch(null),
  started_at: text.catch(null),
  total_time: number.catch(null),
});
export type InspectSample = z.output<typeof inspectSample>;

const inspectHeader = z.looseObject({
  version: z.number().catch(0),
  status: text.catch(null),
  error: z
    .looseObject({ message: z.string().catch('') })
    .nullish()
    .catch(null),
  eval: z.looseObject({
    task: z.string().catch('task'),
    task_id: z.string().catch(''),
    task_version: z.union([z.string(), z.number()]).catch(0),
    model: z.string().catch('unknown'),
    created: text.catch(null),
    task_args: z.record(z.string(), z.unknown()).nullish().catch(null),
    packages: z.record(z.string(), z.string()).nullish().catch(null),
    config: z
      .looseObject({
        message_limit: number,
        token_limit: number,
        time_limit: number,
        turn_limit: number,
        cost_limit: number,
      })
      .nullish()
      .catch(null),
  }),
});
export type InspectHeader = z.output<typeof inspectHeader>;

/** Why there is nothing to import: the run broke before its first sample, or wrote none. */
export function noSamples({ status, error }: InspectHeader): string {
  const why = error === null || error === undefined ? '' : `, with the error: ${show(error.message)}`;
  return `the log holds no samples: its run ended as "${show(status ?? 'unknown')}"${why}; there is nothing to import`;
}

/** Throws a `LogError` when it is none. */
export function parseSample(value: unknown): InspectSample {
  const { data } = inspectSample.safeParse(value);
  if (data !== undefined) return data;
  throw new LogError(
    'wrong-format',
    'expected a sample of Inspect with "id" and "messages", got something else; it is left out',
  );
}

/** The head of a log, checked for its version. Throws a `LogError` when it is none. */
export function parseHeader(
  value: unknown,
  { onProblem, onNote = onProblem }: Pick<ReadLogOptions, 'onProblem' | 'onNote'>,
): InspectHeader {
  const { data } = inspectHeader.safeParse(value);
  if (data === undefined)
    throw new LogError(
      'wrong-format',
      'expected a header of Inspect with "eval", got something else: this is no log of Inspect',
    );
  if (data.version > INSPECT_VERSION_MAX)
    onNote(
      `the log has version ${data.version}, this Offswitch knows ${INSPECT_VERSION_MAX}: it is read as far as it is understood; a newer Offswitch may read more`,
    );
  return data;
}
