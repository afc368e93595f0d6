import type { z } from 'zod';

import { toUntrusted } from '../base/untrusted-text.ts';
import type { MessagePart } from '../record/events.ts';
import { type ImportedSample, LogError, type ReadLogOptions } from './contract.ts';
import { importedCommandEnd } from './imported-command.ts';
import {
  toCondition,
  toCount,
  toDuration,
  toFinishReason,
  toLimits,
  toPackages,
  toRanges,
  toScores,
  toToolSpec,
} from './inspect-convert.ts';
import { emitEnd } from './inspect-end.ts';
import { readFinalMessage } from './inspect-final.ts';
import { contentText, messageText, resolveDeep, resolveObject } from './inspect-message.ts';
import { restOfModel, restOfSample, restOfTool, withoutNested } from './inspect-rest.ts';
import { restoreSample } from './inspect-restore.ts';
import {
  errorEvent,
  type InspectEvent,
  inspectEvent,
  type InspectSample,
  inspectSample,
  limitEvent,
  modelEvent,
  type ModelEvent,
  toolEvent,
  type ToolEvent,
} from './inspect-schema.ts';
import { createWalk, type InspectSource, sayMessage, type Walk } from './inspect-walk.ts';
import { readToolCall } from './tool-calls.ts';
import { cut, show, toTime, type Transcript } from './transcript.ts';

/** One `EvalSample`, parsed from JSON, as events of a record. Throws a `LogError` when it is none. */
export function toImportedSample(value: unknown, source: InspectSource, options: ReadLogOptions): ImportedSample {
  const parsed = inspectSample.safeParse(value);
  if (!parsed.success) {
    throw new LogError(
      'wrong-format',
      'expected a sample of Inspect with "id" and "messages", got something else; it is left out',
    );
  }
  const sample = parsed.data;
  if (options.restore !== false) {
    const restored = restoreSample(sample, { ...source, scores: toScores(sample) }, options);
    if (restored !== null) return restored;
  }
  const walk = openSampleWalk(sample, source, options);
  for (const event of sample.events ?? sample.transcript?.events ?? []) walk.readEvent(event);
  return walk.finish();
}

/** A sample whose events come one after the other: those in chunks are never together in memory. */
export interface SampleWalk {
  readonly readEvent: (value: unknown) => void;
  readonly keepRest: (kind: string, value: unknown) => void;
  readonly leaveOut: Transcript['leaveOut'];
  readonly finish: () => ImportedSample;
}

export function openSampleWalk(sample: InspectSample, source: InspectSource, options: ReadLogOptions): SampleWalk {
  const walk = createWalk(sample, source, options);
  return {
    readEvent: (value) => readEvent(walk, value),
    keepRest: (kind, value) => walk.transcript.keepRest(kind, value, null),
    leaveOut: walk.transcript.leaveOut,
    finish: () => finishWalk(walk),
  };
}

function finishWalk(walk: Walk): ImportedSample {
  const { sample, transcript, header } = walk;
  for (const value of sample.messages) readFinalMessage(walk, value);
  if (sample.error !== null && sample.error !== undefined && walk.state.errors === 0)
    emitError(walk, sample.error.message, null);
  emitEnd(walk);
  transcript.keepRest('sample', resolveDeep(restOfSample(sample), walk.resolve), null);
  return transcript.finish({
    id: String(sample.id),
    epoch: sample.epoch,
    trialName: [header.eval.task_id, String(sample.id), `e${sample.epoch}`].filter((part) => part !== '').join('-'),
    scenario: cut(header.eval.task, 200),
    version: String(header.eval.task_version),
    agent: cut(header.eval.model, 200),
    condition: toCondition(header.eval.task_args ?? {}),
    limits: toLimits(header),
    roles: [],
    tools: walk.state.tools,
    software: { ...walk.software, ...toPackages(header) },
    scores: toScores(sample),
    startedAt: toTime(sample.started_at ?? header.eval.created),
  });
}

function readEvent(walk: Walk, value: unknown): void {
  const { transcript, state } = walk;
  const event = inspectEvent.safeParse(value);
  if (!event.success) {
    transcript.keepForeign('unreadable', value, null);
    return;
  }
  const at = toTime(event.data.timestamp);
  const as = <S extends z.ZodType>(schema: S, use: (data: z.output<S>) => void): void => {
    const parsed = schema.safeParse(value);
    if (parsed.success) use(parsed.data);
    else transcript.keepForeign(event.data.event, resolveDeep(value, walk.resolve), at);
  };
  switch (event.data.event) {
    case 'model':
      as(modelEvent, (model) => readModelEvent(walk, model, at));
      break;
    case 'tool':
      as(toolEvent, (tool) => readToolEvent(walk, tool, at));
      break;
    case 'sample_limit':
      as(limitEvent, (limit) => {
        state.limit = { type: limit.type, message: limit.message ?? null };
        keepRest(walk, limit, at);
      });
      break;
    case 'error':
      as(errorEvent, (event) => {
        emitError(walk, event.error.message, at);
        keepRest(walk, event, at);
      });
      break;
    default:
      if (event.data.event === 'interrupt') state.interrupted = true;
      transcript.keepForeign(event.data.event, resolveDeep(withoutNested(event.data), walk.resolve), at);
      readNested(walk, event.data);
  }
}

function keepRest({ transcript, resolve }: Walk, rest: Record<string, unknown>, at: number | null): void {
  transcript.keepRest(String(rest['event']), resolveDeep(rest, resolve), at);
}

/** Old logs hold the events of a step or subtask inside it. */
function readNested(walk: Walk, event: InspectEvent): void {
  const { events } = event;
  if (Array.isArray(events)) for (const inner of events) readEvent(walk, inner);
}

function readModelEvent(walk: Walk, event: ModelEvent, at: number | null): void {
  const { transcript, state, pool } = walk;
  const pooled = (event.input_refs ?? []).flatMap(([from, to]) => pool.slice(from, Math.min(to, pool.length)));
  const given = [...(event.input ?? []), ...pooled]
    .map((value) => sayMessage(walk, value, at))
    .filter((index) => index !== null);
  const toolsText = JSON.stringify(event.tools ?? []);
  const toolsAreKnown = toolsText === state.toolsText;
  if (!toolsAreKnown && event.tools !== null && event.tools !== undefined && event.tools.length > 0)
    state.tools = event.tools.flatMap((tool) => toToolSpec(tool, walk.resolve));
  state.toolsText = toolsText;
  const completedAt = toTime(event.completed);
  const choice = event.output?.choices?.[0];
  const failure = event.error ?? event.output?.error ?? null;
  const message = choice === undefined ? null : sayMessage(walk, choice.message, completedAt ?? at);
  if ((event.output?.choices?.length ?? 0) > 1)
    transcript.leaveOut('answer with more than one choice', 'only the first is in the record, the others beside it');
  const durationMs = toDuration({ seconds: event.working_time, from: at, to: completedAt });
  state.turn++;
  state.lastStop = choice?.stop_reason ?? null;
  const { usage } = event.output ?? {};
  transcript.emit(
    {
      kind: 'model-call',
      turn: state.turn,
      requested: { model: event.model, parameters: resolveObject(event.config ?? {}, walk.resolve) },
      prompt: toRanges(given),
      attempts:
        failure === null
          ? []
          : [{ durationMs, status: null, error: { code: 'imported', text: toUntrusted(walk.resolve(failure)) } }],
      answer:
        choice === undefined
          ? null
          : {
              message,
              model: event.output?.model ?? null,
              responseId: null,
              finishReason: toFinishReason(choice.stop_reason),
              rawFinishReason: choice.stop_reason ?? null,
              usage: {
                inputTokens: toCount(usage?.input_tokens),
                outputTokens: toCount(usage?.output_tokens),
                reasoningTokens: toCount(usage?.reasoning_tokens),
                cachedInputTokens: toCount(usage?.input_tokens_cache_read),
              },
              costUsd: null,
              warnings: [],
            },
      durationMs,
    },
    completedAt ?? at,
  );
  keepRest(walk, restOfModel(event, toolsAreKnown), at);
}

/** Errors of Inspect after which the call was not made at all. */
const WHY_NOT_RUN: ReadonlyMap<string, 'invalid-arguments' | 'not-run'> = new Map([
  ['parsing', 'invalid-arguments'],
  ['approval', 'not-run'],
]);

function readToolEvent(walk: Walk, event: ToolEvent, at: number | null): void {
  const { transcript, state, toolMessages } = walk;
  const call = readToolCall(event.function, resolveDeep(event.arguments, walk.resolve));
  const message = toolMessages.get(`id:${event.message_id ?? ''}`) ?? toolMessages.get(`call:${event.id}`);
  const text = message === undefined ? toolText(walk, event) : messageText(message, walk.context);
  const endedAt = toTime(event.completed);
  state.ran.add(event.id);
  const why = WHY_NOT_RUN.get(event.error?.type ?? '');
  if (why !== undefined) {
    transcript.emit(
      {
        kind: 'tool-call-rejected',
        callId: transcript.freshCallId(event.id),
        tool: event.function,
        why,
        detail: toUntrusted(event.error?.message ?? ''),
      },
      at,
    );
    keepRest(walk, restOfTool(event), at);
    readNested(walk, event);
    if (message !== undefined) sayMessage(walk, message, endedAt ?? at);
    return;
  }
  const callId = call.is === 'other' ? event.id : transcript.freshCallId(event.id);
  if (call.is === 'command') {
    transcript.emit(
      {
        kind: 'command-start',
        callId,
        tool: event.function,
        command: toUntrusted(call.command),
        thoughts: call.thoughts === null ? null : toUntrusted(call.thoughts),
      },
      at,
    );
  } else if (call.is === 'submission') {
    state.submitted = true;
    transcript.emit({ kind: 'submission', callId, text: toUntrusted(call.text) }, at);
  } else {
    transcript.leaveOut(
      `call of the tool "${show(event.function)}"`,
      'is no shell command: it is in the messages, and beside the record as it was',
    );
    transcript.keepForeign(event.event, resolveDeep(withoutNested(event), walk.resolve), at);
  }
  if (call.is !== 'other') keepRest(walk, restOfTool(event), at);
  readNested(walk, event);
  if (call.is === 'command') {
    const durationMs = toDuration({ seconds: event.working_time, from: at, to: endedAt });
    const timedOut = event.error?.type === 'timeout';
    const truncated = event.truncated !== null && event.truncated !== undefined;
    transcript.emit(importedCommandEnd({ callId, text, timedOut, truncated, durationMs }), endedAt ?? at);
  }
  if (message !== undefined) sayMessage(walk, message, endedAt ?? at);
  else if (text !== '') {
    const part: MessagePart = { type: 'tool-result', callId, tool: event.function, text: toUntrusted(text) };
    transcript.say({ role: 'tool', parts: [part], at: endedAt ?? at, key: event.message_id ?? null });
  }
}

function toolText(walk: Walk, event: ToolEvent): string {
  const { result } = event;
  const text =
    typeof result === 'string' || Array.isArray(result)
      ? contentText(result, walk.resolve)
      : result === undefined || result === null
        ? ''
        : JSON.stringify(result);
  return text === '' ? (event.error?.message ?? '') : text;
}

function emitError(walk: Walk, message: string, at: number | null): void {
  walk.state.errors++;
  walk.transcript.emit(
    { kind: 'infrastructure-error', stage: 'imported', code: 'sample-error', text: toUntrusted(walk.resolve(message)) },
    at,
  );
}
