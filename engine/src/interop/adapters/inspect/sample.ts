import type { z } from 'zod';

import { toUntrusted } from '../../../base/untrusted-text.ts';
import type { AgentEndReason, MessagePart } from '../../../record/events.ts';
import type { ImportedSample, ReadLogOptions } from '../../contract.ts';
import { NO_REASON } from '../../conversation.ts';
import { type ReadToolCall, readToolCall } from '../../tool-calls.ts';
import { cut, show, toTime, type Transcript } from '../../transcript.ts';
import {
  toCondition,
  toDuration,
  toFinishReason,
  toLimits,
  toPackages,
  toScores,
  toToolSpec,
  toUsage,
} from './convert.ts';
import { contentText, messageText, resolveDeep, resolveObject } from './message.ts';
import { restOfModel, restOfSample, restOfTool, withoutNested } from './rest.ts';
import {
  errorEvent,
  type InspectEvent,
  inspectEvent,
  inspectMessage,
  type InspectMessage,
  type InspectSample,
  limitEvent,
  modelEvent,
  type ModelEvent,
  parseSample,
  toolEvent,
  type ToolEvent,
} from './schema.ts';
import {
  addToList,
  createWalk,
  type InspectSource,
  messageOfRun,
  sayAnswer,
  sayPrompt,
  sayResult,
  type Walk,
} from './walk.ts';

/** One `EvalSample`, parsed from JSON, as events of a record. Throws a `LogError` when it is none. */
export function toImportedSample(value: unknown, source: InspectSource, options: ReadLogOptions): ImportedSample {
  const sample = parseSample(value);
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
  readFinalMessages(walk);
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
  const { transcript, state } = walk;
  const list = sayPrompt(walk, event, at);
  const prompt = list.ranges.map((range) => ({ ...range }));
  const toolsText = JSON.stringify(event.tools ?? []);
  const toolsAreKnown = toolsText === state.toolsText;
  if (!toolsAreKnown && event.tools !== null && event.tools !== undefined && event.tools.length > 0)
    state.tools = event.tools.flatMap((tool) => toToolSpec(tool, walk.resolve));
  state.toolsText = toolsText;
  const completedAt = toTime(event.completed);
  const choice = event.output?.choices?.[0];
  const failure = event.error ?? event.output?.error ?? null;
  const message = choice === undefined ? null : sayAnswer(walk, choice.message, { list, at: completedAt ?? at });
  if ((event.output?.choices?.length ?? 0) > 1)
    transcript.leaveOut('answer with more than one choice', 'only the first is in the record, the others beside it');
  state.lastStop = choice?.stop_reason ?? null;
  transcript.modelCall(
    {
      model: event.model,
      parameters: resolveObject(event.config ?? {}, walk.resolve),
      prompt,
      failure: failure === null ? null : walk.resolve(failure),
      answer:
        choice === undefined
          ? null
          : {
              message,
              model: event.output?.model ?? null,
              finishReason: toFinishReason(choice.stop_reason),
              rawFinishReason: choice.stop_reason ?? null,
              usage: toUsage(event.output?.usage),
            },
      durationMs: toDuration({ seconds: event.working_time, from: at, to: completedAt }),
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
  const { transcript, state, talk } = walk;
  const { id, function: tool } = event;
  const message = messageOfRun(walk, event);
  const text = message === undefined ? toolText(walk, event) : messageText(message, walk.context);
  const endedAt = toTime(event.completed) ?? at;
  const input = resolveDeep(event.arguments, walk.resolve);
  const why = WHY_NOT_RUN.get(event.error?.type ?? '');
  const callId = talk.run(id, tool);
  talk.ran.add(callId);
  if (why !== undefined) {
    const detail = toUntrusted(event.error?.message ?? '');
    transcript.emit({ kind: 'tool-call-rejected', callId, tool, why, detail }, at);
    keepRest(walk, restOfTool(event), at);
    readNested(walk, event);
    if (message !== undefined) sayResult(walk, message, callId, endedAt);
    return;
  }
  const is = transcript.startCall({ callId, tool, input }, at);
  if (is === 'submission') state.submitted = true;
  // The arguments of other tools have no place in the event of a record.
  if (is === 'other') transcript.keepForeign(event.event, resolveDeep(withoutNested(event), walk.resolve), at);
  else keepRest(walk, restOfTool(event), at);
  readNested(walk, event);
  const durationMs = toDuration({ seconds: event.working_time, from: at, to: toTime(event.completed) });
  if (is === 'command') {
    const truncated = event.truncated !== null && event.truncated !== undefined;
    transcript.endCommand({ callId, text, timedOut: event.error?.type === 'timeout', truncated, durationMs }, endedAt);
  } else if (is === 'other') transcript.endOther(callId, durationMs, endedAt);
  if (message !== undefined) sayResult(walk, message, callId, endedAt);
  else if (text !== '') {
    const part: MessagePart = { type: 'tool-result', callId, tool, text: toUntrusted(text) };
    transcript.say({ role: 'tool', parts: [part], at: endedAt, key: null });
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

/** Messages that no event brought: logs without events, and the last results. Their tool calls run here. */
function readFinalMessages(walk: Walk): void {
  const { sample, talk, transcript } = walk;
  const list = talk.createList();
  for (const value of sample.messages) {
    const { data: message } = inspectMessage.safeParse(value);
    const answered =
      message?.role === 'tool'
        ? talk.nextAnswered(list, message.tool_call_id ?? '', message.function ?? '')
        : undefined;
    if (answered !== undefined) runFromMessage(walk, answered, message ?? null);
    const index = addToList(walk, value, { list, at: null });
    for (const callId of index === null ? [] : talk.callsOf(index)) {
      const { tool = '', input } = talk.asked(callId) ?? {};
      if (readToolCall(tool, input).is === 'submission') runFromMessage(walk, callId, null);
    }
  }
  for (const callId of talk.takeWaiting()) {
    const is = runFromMessage(walk, callId, null);
    if (is !== null && is !== 'submission')
      transcript.leaveOut(
        `call of the tool "${show(talk.asked(callId)?.tool ?? '')}"`,
        'has no result in the log: nothing is known of it',
      );
  }
}

/** Null: it ran already. */
function runFromMessage(walk: Walk, callId: string, message: InspectMessage | null): ReadToolCall['is'] | null {
  const { transcript, state, talk } = walk;
  const asked = talk.asked(callId);
  if (asked === undefined || talk.ran.has(callId)) return null;
  talk.ran.add(callId);
  const is = transcript.startCall({ callId, ...asked }, null);
  if (is === 'submission') state.submitted = true;
  if (message === null) return is;
  const text = messageText(message, walk.context);
  if (is === 'command')
    transcript.endCommand({ callId, text, timedOut: message.error?.type === 'timeout', durationMs: 0 }, null);
  else if (is === 'other') transcript.endOther(callId, 0, null);
  return is;
}

const LIMIT_REASONS: ReadonlyMap<string, AgentEndReason> = new Map([
  ['token', 'token-limit'],
  ['context', 'token-limit'],
  ['message', 'turn-limit'],
  ['turn', 'turn-limit'],
  ['time', 'time-limit'],
  ['working', 'time-limit'],
  ['cost', 'cost-limit'],
  ['operator', 'interrupted'],
]);

/** Why the agent stopped, where the log says it. Without an `agent-end` the record says that nobody knows. */
function emitEnd(walk: Walk): void {
  const { state, transcript, sample, header } = walk;
  transcript.endAgent(...findEnd(walk));
  const cancelled = state.interrupted || header.status === 'cancelled';
  if (state.errors === 0 && !cancelled && typeof sample.total_time === 'number' && sample.total_time >= 0)
    transcript.emit({ kind: 'trial-end', durationMs: sample.total_time * 1000 }, null);
}

function findEnd({ state, sample }: Walk): readonly [reason: AgentEndReason | null, detail: string | null] {
  if (state.limit !== null) {
    const detail = `limit of type "${state.limit.type}"${state.limit.message === null ? '' : `: ${state.limit.message}`}`;
    return [LIMIT_REASONS.get(state.limit.type) ?? 'interrupted', detail];
  }
  if (state.errors > 0) return ['interrupted', sample.error?.message ?? null];
  if (state.submitted) return ['submitted', null];
  if (state.interrupted) return ['interrupted', null];
  if (state.lastStop === 'content_filter') return ['refused', null];
  const last = inspectMessage.safeParse(sample.messages.at(-1));
  const saysNoMore = last.success && last.data.role === 'assistant' && (last.data.tool_calls ?? []).length === 0;
  return saysNoMore ? ['no-tool-call', NO_REASON] : [null, null];
}
