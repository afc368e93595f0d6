import { sha256 } from '../../../base/sha256.ts';
import { readAsData } from '../../../base/untrusted-text.ts';
import type { EventOf, TrialEvent, TrialEventKind } from '../../../record/events.ts';
import type { ScoreEntry } from '../../contract.ts';
import { type CallOfRecord, type endsOf, isOfPeer, readCalls } from '../../from-record.ts';
import { createMessageTexts, cutName, cutText, type MessageTexts } from './message-texts.ts';

/** A span as OTLP JSON has it. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: 1 | 3;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly events: readonly {
    readonly timeUnixNano: string;
    readonly name: string;
    readonly attributes: readonly Attribute[];
  }[];
  readonly status: { readonly code?: 2; readonly message?: string };
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

type Ends = ReturnType<typeof endsOf>;

type Values = Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>;

/**
 * A trial as one trace by the GenAI conventions: `invoke_agent` around a `chat` for each model call and an `execute_tool`
 * for each tool call and submission of the agent under test. Pure: the same record gives the same spans with the same ids. The ids come from the
 * trial's id and the time at which it began, since the same trial may be run anew in another folder.
 */
export function toTrialSpans(
  events: readonly TrialEvent[],
  { start, seal }: Ends,
  scores: readonly ScoreEntry[],
): readonly Span[] {
  const traceId = digest(`${start.trialId}\0${start.at}`, 32);
  const own = events.filter((event) => !isOfPeer(event));
  const trial: Trial = {
    texts: createMessageTexts(own),
    calls: readCalls(own),
    endMs: events.reduce((last, { at }) => Math.max(last, toTime(at)), 0),
  };
  const rootId = digest(`${traceId}\0root`, 16);
  const children: Span[] = [];
  const moments: TrialEvent[] = [];
  let busyUntilMs = toTime(start.at);
  for (const event of events) {
    if (PLACES[event.kind] === 'elsewhere') continue;
    if (isOfPeer(event) || !isWork(event)) {
      moments.push(event);
      continue;
    }
    const work = toWork(event, trial, busyUntilMs);
    busyUntilMs = work.endMs;
    children.push({ ...toSpan(work), traceId, spanId: digest(`${traceId}\0${event.seq}`, 16), parentSpanId: rootId });
  }
  const root = toSpan(toRoot({ events: own, start, seal, scores, endMs: trial.endMs }));
  return [{ ...root, traceId, spanId: rootId, events: moments.slice(0, MOMENTS_MAX).map(toMoment) }, ...children];
}

/**
 * Where an event stands. `span`: a span of its own; of another agent, a moment. `moment`: an event of the root.
 * `elsewhere`: in the attributes of a span; messages of other agents stay in the record.
 */
const PLACES = {
  'trial-start': 'elsewhere',
  'sandbox-open': 'moment',
  'tree-state': 'moment',
  'tree-change': 'moment',
  'machine-state': 'moment',
  ledger: 'moment',
  'network-state': 'moment',
  message: 'elsewhere',
  'model-call': 'span',
  'tool-call': 'span',
  'tool-result': 'elsewhere',
  'tool-call-rejected': 'moment',
  exchange: 'moment',
  'program-start': 'moment',
  'program-end': 'moment',
  'stop-press': 'moment',
  'session-log': 'moment',
  'service-call': 'moment',
  delivery: 'moment',
  mark: 'moment',
  'act-start': 'moment',
  'act-end': 'moment',
  note: 'moment',
  submission: 'span',
  'agent-end': 'moment',
  'task-end': 'moment',
  'sandbox-freeze': 'moment',
  interview: 'moment',
  'sandbox-kill': 'moment',
  'infrastructure-error': 'moment',
  'trial-end': 'elsewhere',
  seal: 'elsewhere',
  redaction: 'moment',
} as const satisfies Record<TrialEventKind, 'span' | 'moment' | 'elsewhere'>;

type WorkEvent = {
  [K in TrialEventKind]: (typeof PLACES)[K] extends 'span' ? EventOf<K> : never;
}[TrialEventKind];

function isWork(event: TrialEvent): event is WorkEvent {
  return PLACES[event.kind] === 'span';
}

const MOMENTS_MAX = 1000;

/** Hexadecimal, never all zeros, which would be no id. */
function digest(text: string, digits: number): string {
  return sha256(text)
    .slice(0, digits)
    .replace(/^0+$/, (zeros) => zeros.replace(/0$/, '1'));
}

/** Nanoseconds since 1970 must fit into 64 bits. An imported record may hold any number. */
const TIME_MS_MAX = 18_000_000_000_000;

function toTime(at: number): number {
  return Math.min(Math.max(0, at), TIME_MS_MAX);
}

function toNanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n);
}

/** What took time. */
interface Work {
  readonly name: string;
  /** Somebody else did it. */
  readonly isClient?: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly values: Values;
  /** A code of low cardinality, never a sentence; null where nothing broke. */
  readonly error: string | null;
}

function toSpan({ name, isClient = false, startMs, endMs, values, error }: Work): Omit<Span, 'traceId' | 'spanId'> {
  return {
    name,
    kind: isClient ? 3 : 1,
    startTimeUnixNano: toNanoseconds(startMs),
    endTimeUnixNano: toNanoseconds(endMs),
    attributes: toAttributes({ ...values, 'error.type': error }),
    events: [],
    status: error === null ? {} : { code: 2, message: error },
  };
}

export function toAttributes(values: Values): Attribute[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === null || value === undefined ? [] : [{ key, value: toValue(value) }],
  );
}

function toValue(value: string | number | boolean | readonly string[]): Attribute['value'] {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } };
}

interface Trial {
  readonly texts: MessageTexts;
  readonly calls: ReadonlyMap<string, CallOfRecord>;
  readonly endMs: number;
}

/** `busyUntilMs`: an agent does one thing at a time, and milliseconds are coarse. */
function toWork(event: WorkEvent, trial: Trial, busyUntilMs: number): Work {
  const at = toTime(event.at);
  const startMs = Math.max(at, busyUntilMs);
  switch (event.kind) {
    case 'model-call':
      return toChat(event, trial.texts, {
        startMs: Math.min(at, Math.max(busyUntilMs, at - event.durationMs)),
        endMs: at,
      });
    case 'tool-call':
      return toToolCall(event, trial, startMs);
    case 'submission': {
      const call = trial.calls.get(event.callId) ?? {};
      const tool = call.tool ?? 'submit';
      const input = JSON.stringify({ answer: readAsData(event.text) });
      const values = toolValues(event.callId, tool, { input, ...call });
      return { name: `execute_tool ${cutName(tool)}`, startMs, endMs: startMs, values, error: null };
    }
  }
}

function toToolCall(
  { callId, tool, command, reason }: EventOf<'tool-call'>,
  { calls, endMs }: Pick<Trial, 'calls' | 'endMs'>,
  startMs: number,
): Work {
  const call = calls.get(callId) ?? {};
  const { end } = call;
  const given = {
    ...(reason !== null && { thoughts: readAsData(reason) }),
    ...(command !== null && { cmd: readAsData(command) }),
  };
  return {
    name: `execute_tool ${cutName(tool)}`,
    startMs,
    endMs: Math.max(startMs, end === undefined ? endMs : toTime(end.at)),
    values: {
      ...toolValues(callId, tool, { input: JSON.stringify(given), ...call }),
      'process.exit.code': end?.run?.exitCode,
      'offswitch.timed_out': end?.run?.timedOut,
      'offswitch.output_truncated': end?.run?.truncated,
      'offswitch.stdout_bytes': end?.run?.stdoutBytes,
      'offswitch.stderr_bytes': end?.run?.stderrBytes,
      'offswitch.machine_stopped': end?.run?.machineStopped,
    },
    // A command that merely fails is a result.
    error: end === undefined ? 'unfinished' : end.run?.timedOut === true ? 'timeout' : null,
  };
}

function toolValues(
  callId: string,
  tool: string,
  { input, result }: CallOfRecord & { readonly input: string },
): Values {
  return {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': cutName(tool),
    'gen_ai.tool.type': 'function',
    'gen_ai.tool.call.id': cutName(callId),
    'gen_ai.tool.call.arguments': cutText(input),
    'gen_ai.tool.call.result': result === undefined ? undefined : cutText(result.text),
  };
}

function toChat(
  { requested, attempts, answer, turn, prompt }: EventOf<'model-call'>,
  texts: MessageTexts,
  time: Pick<Work, 'startMs' | 'endMs'>,
): Work {
  const { provider, model } = modelOf(requested.model);
  const number = (name: string): number | undefined => {
    const value = requested.parameters[name];
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  };
  const name = (text: string | null | undefined): string | undefined =>
    typeof text === 'string' ? cutName(text) : undefined;
  const finishReason = answer === null ? '' : (FINISH_REASONS.get(answer.finishReason) ?? cutName(answer.finishReason));
  return {
    name: `chat ${model}`,
    isClient: true,
    ...time,
    values: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': provider,
      'gen_ai.request.model': model,
      'gen_ai.request.temperature': number('temperature'),
      'gen_ai.request.top_p': number('topP'),
      'gen_ai.request.top_k': number('topK'),
      'gen_ai.request.max_tokens': number('maxOutputTokens'),
      'gen_ai.request.seed': number('seed'),
      'gen_ai.response.model': name(answer?.model),
      'gen_ai.response.id': name(answer?.responseId),
      'gen_ai.response.finish_reasons': answer === null ? undefined : [finishReason],
      'gen_ai.usage.input_tokens': answer?.usage.inputTokens,
      'gen_ai.usage.output_tokens': answer?.usage.outputTokens,
      'gen_ai.usage.reasoning.output_tokens': answer?.usage.reasoningTokens,
      'gen_ai.usage.cache_read.input_tokens': answer?.usage.cachedInputTokens,
      'offswitch.cost_usd': answer?.costUsd,
      'offswitch.turn': turn,
      'offswitch.attempts': attempts.length,
      ...texts.prompt(prompt),
      ...texts.answer(answer?.message ?? null, finishReason),
    },
    error: answer === null ? toCode(attempts.at(-1)?.error?.code) : null,
  };
}

interface RootTask extends Ends {
  /** Those of other agents are left out. */
  readonly events: readonly TrialEvent[];
  readonly scores: readonly ScoreEntry[];
  readonly endMs: number;
}

function toRoot({ events, start, seal, scores, endMs }: RootTask): Work {
  const { kind, name } = start.agent;
  const { provider, model } = modelOf(name);
  const end = events.find((event) => event.kind === 'agent-end');
  const broken = events.find((event) => event.kind === 'infrastructure-error');
  const named = (prefix: string, entries: readonly (readonly [string, ScoreEntry['value']])[]): Values =>
    Object.fromEntries(
      entries.map(([key, value]) => [
        `offswitch.${prefix}.${cutName(key)}`,
        typeof value === 'string' ? cutText(value) : value,
      ]),
    );
  return {
    name: `invoke_agent ${cutName(name)}`,
    startMs: toTime(start.at),
    endMs,
    values: {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.provider.name': provider,
      'gen_ai.agent.name': cutName(name),
      'gen_ai.conversation.id': cutName(start.trialId),
      'gen_ai.request.model': model,
      'offswitch.trial.id': cutName(start.trialId),
      'offswitch.scenario.name': cutName(start.scenario.name),
      'offswitch.scenario.version': cutName(start.scenario.version),
      'offswitch.agent.kind': kind,
      'offswitch.epoch': start.epoch,
      'offswitch.simulated': start.simulated,
      'offswitch.end_reason': end?.kind === 'agent-end' ? end.reason : undefined,
      'offswitch.record.head': seal.head,
      ...named('condition', Object.entries(start.condition)),
      ...named(
        'score',
        scores.map((score) => [score.name, score.value]),
      ),
      ...named(
        'because',
        scores.map((score) => [score.name, score.explanation]),
      ),
    },
    error: broken?.kind === 'infrastructure-error' ? toCode(broken.code) : null,
  };
}

/** What happened beside the agent's work, and calls that were not run: a span would say that they had been. */
function toMoment(event: TrialEvent): Span['events'][number] {
  const { kind, at, seq: _seq, ...rest } = event;
  const values = Object.entries(rest).flatMap(([key, value]: readonly [string, unknown]) => {
    const name = `offswitch.${key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    // What a scenario says of its own world.
    if (key === 'data' && typeof value === 'object' && value !== null)
      return Object.entries(value)
        .slice(0, DATA_MAX)
        .map(([own, inner]: readonly [string, unknown]) => [`${name}.${cutName(own)}`, toPlain(inner)] as const);
    return [[name, toPlain(value)] as const];
  });
  return {
    timeUnixNano: toNanoseconds(toTime(at)),
    name: `offswitch.${kind.replaceAll('-', '_')}`,
    attributes: toAttributes(Object.fromEntries(values)),
  };
}

const DATA_MAX = 50;

/** Null for anything that is no single value. */
function toPlain(value: unknown): string | number | boolean | null {
  if (typeof value === 'string') return cutName(value);
  return typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** Prefixes of our model names to the well-known names of providers; the others keep their own. */
const PROVIDERS: ReadonlyMap<string, string> = new Map([
  ['google', 'gcp.gemini'],
  ['xai', 'x_ai'],
  // Scripted agents of our own.
  ['control', 'offswitch'],
]);

const FINISH_REASONS: ReadonlyMap<string, string> = new Map([
  ['tool-calls', 'tool_call'],
  ['content-filter', 'content_filter'],
]);

/** `provider/model`; a model of an imported log may have no provider. */
function modelOf(name: string): { readonly provider: string; readonly model: string } {
  const [, prefix, model] = /^([^/]+)\/(.+)$/s.exec(name) ?? [];
  if (prefix === undefined || model === undefined) return { provider: '_OTHER', model: cutName(name) };
  return { provider: PROVIDERS.get(prefix) ?? cutName(prefix), model: cutName(model) };
}

/** For `error.type`: a code, never a sentence, which could hold anything. */
function toCode(code: string | undefined): string {
  return code !== undefined && /^[\w.-]{1,100}$/.test(code) ? code : '_OTHER';
}
