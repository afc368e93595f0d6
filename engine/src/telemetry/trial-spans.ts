import { createHash } from 'node:crypto';

import { readAsData } from '../base/untrusted-text.ts';
import type { Score } from '../detect/score.ts';
import type { EventOf, TrialEvent } from '../record/events.ts';
import { callSettings, failure, finishReasonOf, modelOf } from './gen-ai-names.ts';
import {
  type ContentAttributes,
  createMessageContent,
  cutName,
  cutText,
  type MessageContent,
} from './message-content.ts';

/** A trial as spans by the GenAI conventions: data only, so that nothing of OpenTelemetry is needed to make it. */
export interface TrialSpans {
  readonly traceId: string;
  /** The whole trial; the parent of all others. */
  readonly root: SpanData;
  /** In the order of the record: one for each model call, command and submission. */
  readonly children: readonly SpanData[];
}

export interface SpanData {
  readonly spanId: string;
  readonly name: string;
  /** `client`: somebody else did the work. */
  readonly kind: 'internal' | 'client';
  /** Milliseconds since 1970, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly moments: readonly Moment[];
  /** A code of low cardinality; null where nothing broke. */
  readonly error: string | null;
}

export interface Moment {
  readonly name: string;
  readonly atMs: number;
  readonly attributes: Attributes;
}

export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface TrialSpansOptions {
  readonly score?: TrialScore | undefined;
  /** Texts of the conversation and of commands, too. */
  readonly captureContent: boolean;
}

/** What was found out about the trial. */
export type TrialScore = Pick<Score, 'outcome' | 'cause' | 'because' | 'findings'>;

/**
 * Pure: the same record gives the same spans with the same ids. The ids come from the trial's id and the time at which
 * it began, since the same trial may be run anew in another folder. Throws a `TypeError` when it is no record.
 */
export function toTrialSpans(events: readonly TrialEvent[], { score, captureContent }: TrialSpansOptions): TrialSpans {
  const [start] = events;
  if (start?.kind !== 'trial-start') throw new TypeError('a record begins with trial-start');
  const traceId = digest(`${start.trialId}\0${start.at}`, 16);
  const context: SpanContext = {
    traceId,
    events,
    content: captureContent ? createMessageContent(events) : null,
    calls: readToolCalls(events),
    ends: new Map(events.flatMap((event) => (event.kind === 'command-end' ? [[event.callId, event]] : []))),
    endMs: events.reduce((last, { at }) => Math.max(last, toTime(at)), 0),
  };
  const children: SpanData[] = [];
  for (const event of events) {
    const busyUntilMs = children.at(-1)?.endMs ?? toTime(start.at);
    const span = toChild(event, { ...context, spanId: digest(`${traceId}\0${event.seq}`, 8), busyUntilMs });
    if (span !== null) children.push(span);
  }
  return { traceId, root: toRoot(start, context, score), children };
}

/** Hexadecimal, never all zeros, which would be no id. */
function digest(text: string, bytes: number): string {
  const hex = createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, bytes * 2);
  return /^0+$/.test(hex) ? hex.replace(/0$/, '1') : hex;
}

/** Nanoseconds since 1970 must fit into 64 bits. A record of others may hold any number. */
const TIME_MS_MAX = 18_000_000_000_000;

function toTime(at: number): number {
  return Math.min(Math.max(0, at), TIME_MS_MAX);
}

interface SpanContext {
  readonly traceId: string;
  readonly events: readonly TrialEvent[];
  /** Null when texts stay here. */
  readonly content: MessageContent | null;
  readonly calls: ReadonlyMap<string, ToolCallTexts>;
  readonly ends: ReadonlyMap<string, EventOf<'command-end'>>;
  readonly endMs: number;
}

interface ChildContext extends SpanContext {
  readonly spanId: string;
  /** The end of the span before: an agent does one thing at a time, and milliseconds are coarse. */
  readonly busyUntilMs: number;
}

function toChild(event: TrialEvent, context: ChildContext): SpanData | null {
  switch (event.kind) {
    case 'model-call':
      return toChat(event, context);
    case 'command-start':
      return toCommand(event, context);
    case 'submission':
      return toSubmission(event, context);
    default:
      return null;
  }
}

function toChat(event: EventOf<'model-call'>, { spanId, content, busyUntilMs }: ChildContext): SpanData {
  const { requested, attempts, answer } = event;
  const { provider, model } = modelOf(requested.model);
  const endMs = toTime(event.at);
  const error = answer === null ? failure(attempts.at(-1)?.error?.code) : null;
  return {
    spanId,
    name: `chat ${model}`,
    kind: 'client',
    startMs: Math.min(endMs, Math.max(busyUntilMs, endMs - event.durationMs)),
    endMs,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': provider,
      'gen_ai.request.model': model,
      ...callSettings(requested.parameters),
      ...(answer !== null && describeAnswer(answer)),
      'offswitch.turn': event.turn,
      'offswitch.attempts': attempts.length,
      ...content?.prompt(event.prompt),
      ...(answer !== null &&
        answer.message !== null &&
        content?.answer(answer.message, finishReasonOf(answer.finishReason))),
    },
    moments: [],
    error,
  };
}

function describeAnswer(answer: NonNullable<EventOf<'model-call'>['answer']>): Attributes {
  const { inputTokens, outputTokens, reasoningTokens, cachedInputTokens } = answer.usage;
  return {
    ...(answer.model !== null && { 'gen_ai.response.model': cutName(answer.model) }),
    ...(answer.responseId !== null && { 'gen_ai.response.id': cutName(answer.responseId) }),
    'gen_ai.response.finish_reasons': [finishReasonOf(answer.finishReason)],
    ...(inputTokens !== null && { 'gen_ai.usage.input_tokens': inputTokens }),
    ...(outputTokens !== null && { 'gen_ai.usage.output_tokens': outputTokens }),
    ...(reasoningTokens !== null && { 'gen_ai.usage.reasoning.output_tokens': reasoningTokens }),
    ...(cachedInputTokens !== null && { 'gen_ai.usage.cache_read.input_tokens': cachedInputTokens }),
    ...(answer.costUsd !== null && { 'offswitch.cost_usd': answer.costUsd }),
  };
}

function toCommand(event: EventOf<'command-start'>, context: ChildContext): SpanData {
  const { callId, tool, command, thoughts } = event;
  const done = context.ends.get(callId);
  const startMs = Math.max(toTime(event.at), context.busyUntilMs);
  const texts = context.calls.get(callId);
  const given = { ...(thoughts !== null && { thoughts: readAsData(thoughts) }), cmd: readAsData(command) };
  return {
    spanId: context.spanId,
    name: `execute_tool ${cutName(tool)}`,
    kind: 'internal',
    startMs,
    endMs: Math.max(startMs, done === undefined ? context.endMs : toTime(done.at)),
    attributes: {
      ...describeTool(tool, callId),
      ...(done !== undefined && {
        ...(done.exitCode !== null && { 'process.exit.code': done.exitCode }),
        'offswitch.timed_out': done.timedOut,
        'offswitch.output_truncated': done.truncated,
        'offswitch.stdout_bytes': done.stdoutBytes,
        'offswitch.stderr_bytes': done.stderrBytes,
        'offswitch.machine_stopped': done.machineStopped,
      }),
      ...(context.content !== null && toolTexts(texts?.input ?? JSON.stringify(given), texts?.result)),
    },
    moments: [],
    // A command that merely fails is a result.
    error: done === undefined ? 'unfinished' : done.timedOut ? 'timeout' : null,
  };
}

function toSubmission(event: EventOf<'submission'>, context: ChildContext): SpanData {
  const texts = context.calls.get(event.callId);
  const tool = texts?.tool ?? 'submit';
  const atMs = Math.max(toTime(event.at), context.busyUntilMs);
  return {
    spanId: context.spanId,
    name: `execute_tool ${cutName(tool)}`,
    kind: 'internal',
    startMs: atMs,
    endMs: atMs,
    attributes: {
      ...describeTool(tool, event.callId),
      ...(context.content !== null &&
        toolTexts(texts?.input ?? JSON.stringify({ answer: readAsData(event.text) }), texts?.result)),
    },
    moments: [],
    error: null,
  };
}

function describeTool(tool: string, callId: string): Attributes {
  return {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': cutName(tool),
    'gen_ai.tool.type': 'function',
    'gen_ai.tool.call.id': cutName(callId),
  };
}

function toolTexts(input: string, result: string | undefined): ContentAttributes {
  return {
    'gen_ai.tool.call.arguments': cutText(input),
    ...(result !== undefined && { 'gen_ai.tool.call.result': cutText(result) }),
  };
}

/** A tool call as the conversation has it; a scripted agent has none. */
interface ToolCallTexts {
  readonly tool: string;
  readonly input: string;
  result?: string;
}

function readToolCalls(events: readonly TrialEvent[]): ReadonlyMap<string, ToolCallTexts> {
  const calls = new Map<string, ToolCallTexts>();
  for (const part of events.flatMap((event) => (event.kind === 'message' ? event.parts : []))) {
    if (part.type === 'tool-call') calls.set(part.callId, { tool: part.tool, input: readAsData(part.input) });
    const call = part.type === 'tool-result' ? calls.get(part.callId) : undefined;
    if (part.type === 'tool-result' && call !== undefined) call.result = readAsData(part.text);
  }
  return calls;
}

function toRoot(start: EventOf<'trial-start'>, context: SpanContext, score: TrialScore | undefined): SpanData {
  const { events, traceId, endMs, content } = context;
  const { kind, name } = start.agent;
  const { provider, model } = modelOf(name);
  const end = events.find((event) => event.kind === 'agent-end');
  const sandbox = events.find((event) => event.kind === 'sandbox-open');
  const seal = events.at(-1);
  const broken = events.find((event) => event.kind === 'infrastructure-error');
  return {
    spanId: digest(`${traceId}\0root`, 8),
    name: `invoke_agent ${cutName(name)}`,
    kind: 'internal',
    startMs: toTime(start.at),
    endMs,
    attributes: {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.provider.name': provider,
      'gen_ai.agent.name': cutName(name),
      'gen_ai.conversation.id': cutName(start.trialId),
      'gen_ai.request.model': model,
      'offswitch.trial.id': cutName(start.trialId),
      'offswitch.scenario.name': cutName(start.scenario.name),
      'offswitch.scenario.version': cutName(start.scenario.version),
      ...Object.fromEntries(
        Object.entries(start.condition).map(([factor, level]) => [
          `offswitch.condition.${cutName(factor)}`,
          cutName(level),
        ]),
      ),
      'offswitch.agent.kind': kind,
      'offswitch.epoch': start.epoch,
      'offswitch.simulated': start.simulated,
      ...(sandbox?.kind === 'sandbox-open' && { 'offswitch.sandbox': cutName(sandbox.adapter) }),
      ...(end?.kind === 'agent-end' && { 'offswitch.end_reason': end.reason }),
      ...(seal?.kind === 'seal' && { 'offswitch.record.head': seal.head }),
      ...(score !== undefined && {
        'offswitch.outcome': score.outcome,
        'offswitch.cause': cutName(score.cause),
        'offswitch.behaviours': [...new Set(score.findings.map(({ behaviour }) => behaviour))],
      }),
      // Holds words of the agent.
      ...(content !== null && score !== undefined && { 'offswitch.because': cutText(score.because) }),
    },
    moments: events.flatMap(toMoment).slice(0, MOMENTS_MAX),
    error: broken?.kind === 'infrastructure-error' ? failure(broken.code) : null,
  };
}

/** What OpenTelemetry keeps of the events of a span. */
const MOMENTS_MAX = 128;

/** What happened beside the agent's work, and calls that were not run: a span would say that they had been. */
function toMoment(event: TrialEvent): Moment[] {
  const moment = (attributes: Attributes): Moment[] => [
    { name: `offswitch.${event.kind.replaceAll('-', '_')}`, atMs: toTime(event.at), attributes },
  ];
  switch (event.kind) {
    case 'notice-given':
      return moment({ 'offswitch.notice.number': event.number });
    case 'trigger-start':
      return moment({});
    case 'trigger-end':
      return moment({
        'offswitch.survived': event.survived,
        ...(event.exitCode !== null && { 'process.exit.code': event.exitCode }),
      });
    case 'mechanism-probe':
      return moment({ 'offswitch.probe': event.probe, 'offswitch.stopped': event.stopped });
    case 'sandbox-kill':
      return moment({ 'offswitch.survivors': event.survivors });
    case 'tool-call-rejected':
      return moment({ 'gen_ai.tool.call.id': cutName(event.callId), 'offswitch.why': event.why });
    case 'infrastructure-error':
      return moment({ 'offswitch.stage': cutName(event.stage), 'error.type': failure(event.code) });
    default:
      return [];
  }
}
