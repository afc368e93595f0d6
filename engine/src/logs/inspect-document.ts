import { readAsData, type UntrustedText } from '../base/untrusted-text.ts';
import type { EventOf, MessagePart, TrialEvent, TrialEventKind, Usage } from '../record/events.ts';
import { sha256 } from '../record/hash-chain.ts';
import { type ExportSample, LogError, type ScoreEntry } from './contract.ts';
import { OFFSWITCH } from './inspect-restore.ts';

/** A record as an `EvalSample` of Inspect, and the line of the summary that goes with it. JSON texts, for NaN is in them. */
export interface SampleDocument {
  readonly id: string;
  readonly epoch: number;
  readonly sample: string;
  readonly summary: string;
  readonly usage: Totals;
  readonly scores: readonly ScoreEntry[];
}

export interface Totals {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly total_tokens: number;
}

type Json = Readonly<Record<string, unknown>>;

export function toSampleDocument({ events, scores }: ExportSample, model: string): SampleDocument {
  const start = events[0];
  const seal = events.at(-1);
  if (start?.kind !== 'trial-start')
    throw new LogError(
      'wrong-format',
      'expected a record that begins with "trial-start", got another; it cannot be exported',
    );
  if (seal?.kind !== 'seal') {
    throw new LogError(
      'not-sealed',
      `the record of trial "${start.trialId}" has no seal: only finished records are exported; leave it out, or run the trial again`,
    );
  }
  const pool = toPool(events, seal.head);
  const context: EventContext = {
    pool,
    model,
    startAt: start.at,
    head: seal.head,
    inputs: toolInputs(events),
    results: toolResults(events),
    ends: commandEnds(events),
  };
  const id = toInspectId(start.trialId);
  const usage = sumUsage(events);
  const input = firstPrompt(events);
  const modelUsage = { [model]: usage };
  const seconds = Math.max(0, seal.at - start.at) / 1000;
  const uuid = seal.head.slice(0, 22);
  const about = {
    id,
    epoch: start.epoch,
    target: '',
    metadata: {
      condition: start.condition,
      scenario: start.scenario.name,
      agent: start.agent.name,
      simulated: start.simulated,
      [OFFSWITCH]: { format: start.format, version: start.version, trialId: start.trialId, head: seal.head },
    },
    model_usage: modelUsage,
    role_usage: {},
    started_at: toIso(start.at),
    completed_at: toIso(seal.at),
    total_time: seconds,
    working_time: seconds,
    uuid,
  };
  const failure = toFailure(events, start);
  const body = {
    ...about,
    ...toFullFailure(failure),
    input,
    messages: pool.messages,
    output: lastOutput(events, context),
    store: {},
    events: toEvents(events, context, { id, input, scores }),
    events_data: { messages: pool.messages, calls: [] },
    attachments: {},
  };
  const brief = {
    ...about,
    input: input.slice(0, 1000),
    completed: true,
    message_count: pool.messages.length,
    ...toBriefFailure(failure),
  };
  return {
    id,
    epoch: start.epoch,
    sample: withScores(body, scores, true),
    summary: withScores(brief, scores, false),
    usage,
    scores,
  };
}

/** The viewer cuts names at `/` and `_epoch_`, so an id holds neither. */
function toInspectId(trialId: string): string {
  const safe = trialId.replaceAll(/[^A-Za-z0-9.-]+/g, '-').slice(0, 120);
  return safe === trialId && /[A-Za-z0-9]/.test(safe)
    ? safe
    : `${safe === '' ? 'trial' : safe}-${sha256(trialId).slice(0, 8)}`;
}

export function toIso(at: number): string {
  return new Date(Math.min(at, LAST_DAY)).toISOString().replace('Z', '+00:00');
}

/** 9999-12-31: Python's clock ends there. */
const LAST_DAY = 253_402_214_400_000;

/**
 * JSON of a value. Half a surrogate pair, which a model can write and UTF-8 cannot hold, becomes U+FFFD: the readers of
 * Inspect refuse it.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'string' ? item.toWellFormed() : item));
}

/** *Could not tell* is NaN, which Inspect counts as unscored; `JSON.stringify` would make it null, which it counts as 0. */
export function scoreValue(value: ScoreEntry['value']): string {
  return value === null || (typeof value === 'number' && Number.isNaN(value)) ? 'NaN' : toJson(value);
}

function withScores(body: Json, scores: readonly ScoreEntry[], whole: boolean): string {
  const entries = scores.map(({ name, value, explanation }) => {
    const rest = whole ? `,"explanation":${toJson(explanation)},"history":[]` : '';
    return `${toJson(name)}:{"value":${scoreValue(value)}${rest}}`;
  });
  return `{"scores":{${entries.join(',')}},${toJson(body).slice(1)}`;
}

interface Pool {
  readonly messages: readonly Json[];
  /** First and last place (excluded) of each message of the record. */
  readonly places: ReadonlyMap<number, readonly [number, number]>;
  readonly indexMax: number;
}

function toPool(events: readonly TrialEvent[], head: string): Pool {
  const messages: Json[] = [];
  const places = new Map<number, readonly [number, number]>();
  for (const event of events) {
    if (event.kind !== 'message') continue;
    const from = messages.length;
    messages.push(...toMessages(event, head));
    places.set(event.index, [from, messages.length]);
  }
  return { messages, places, indexMax: Math.max(-1, [...places.keys()].at(-1) ?? -1) };
}

function toMessages(event: EventOf<'message'>, head: string): Json[] {
  const { seq, at, index, role, parts } = event;
  const asked = parts.filter((part) => part.type === 'tool-call');
  const inputs = asked.map((part) => originalInput(readAsData(part.input)));
  const mark = {
    metadata: { [OFFSWITCH]: { seq, at, index, ...(inputs.some((text) => text !== null) ? { inputs } : {}) } },
  };
  const id = (place: number): string => `${head.slice(0, 12)}-m${index}${place === 0 ? '' : `-${place}`}`;
  if (role === 'tool') {
    const results = parts.filter((part) => part.type === 'tool-result');
    return results.map((part, place) => ({
      ...mark,
      id: id(place),
      role,
      content: readAsData(part.text),
      tool_call_id: part.callId,
      function: part.tool,
    }));
  }
  const calls = asked.map(toToolCall);
  return [
    {
      ...mark,
      id: id(0),
      role,
      content: toContent(parts),
      ...(role === 'assistant' ? { source: 'generate' } : {}),
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
    },
  ];
}

function toContent(parts: readonly MessagePart[]): string | Json[] {
  const content = parts.flatMap((part): Json[] => {
    if (part.type === 'text') return [{ type: 'text', text: readAsData(part.text) }];
    return part.type === 'reasoning' ? [{ type: 'reasoning', reasoning: readAsData(part.text) }] : [];
  });
  return content.length === 0 ? '' : content;
}

function toToolCall({ callId, tool, input }: Extract<MessagePart, { type: 'tool-call' }>): Json {
  const text = readAsData(input);
  const value = parseObject(text);
  const call = { id: callId, function: tool, type: 'function' };
  return value === null
    ? { ...call, arguments: { input: text }, parse_error: 'the arguments are no JSON object' }
    : { ...call, arguments: value };
}

/** What the model wrote, where Inspect's parsed arguments would not give it back letter by letter; null where they do. */
function originalInput(text: string): string | null {
  const value = parseObject(text);
  return value !== null && JSON.stringify(value) === text ? null : text;
}

function parseObject(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value))
      : null;
  } catch {
    return null;
  }
}

interface EventContext {
  readonly pool: Pool;
  readonly model: string;
  readonly startAt: number;
  readonly head: string;
  /** What the model wrote for each call. */
  readonly inputs: ReadonlyMap<string, UntrustedText>;
  /** What the model was given for each call. */
  readonly results: ReadonlyMap<string, ToolResult>;
  readonly ends: ReadonlyMap<string, EventOf<'command-end'>>;
}

interface ToolResult {
  readonly text: string;
  readonly messageId: string;
}

function toolInputs(events: readonly TrialEvent[]): ReadonlyMap<string, UntrustedText> {
  const inputs = new Map<string, UntrustedText>();
  for (const event of events) {
    if (event.kind !== 'message') continue;
    for (const part of event.parts) if (part.type === 'tool-call') inputs.set(part.callId, part.input);
  }
  return inputs;
}

function toolResults(events: readonly TrialEvent[]): ReadonlyMap<string, ToolResult> {
  const head = events.at(-1);
  const results = new Map<string, ToolResult>();
  for (const event of events) {
    if (event.kind !== 'message' || event.role !== 'tool' || head?.kind !== 'seal') continue;
    const messages = toMessages(event, head.head);
    event.parts
      .filter((part) => part.type === 'tool-result')
      .forEach((part, place) =>
        results.set(part.callId, { text: readAsData(part.text), messageId: String(messages[place]?.['id']) }),
      );
  }
  return results;
}

function commandEnds(events: readonly TrialEvent[]): ReadonlyMap<string, EventOf<'command-end'>> {
  return new Map(events.flatMap((event) => (event.kind === 'command-end' ? [[event.callId, event] as const] : [])));
}

/** Kinds that stand in Inspect's own places; everything else is an `info` event that holds it whole. */
const NATIVE: ReadonlySet<TrialEventKind> = new Set<TrialEventKind>([
  'message',
  'model-call',
  'command-start',
  'command-end',
  'submission',
  'seal',
]);

interface SampleTexts {
  readonly id: string;
  readonly input: string;
  readonly scores: readonly ScoreEntry[];
}

function toEvents(events: readonly TrialEvent[], context: EventContext, { id, input, scores }: SampleTexts): unknown[] {
  const { startAt, head } = context;
  const endAt = events.at(-1)?.at ?? startAt;
  const common = (at: number, name: string, span: string): Json => ({
    uuid: `${head.slice(0, 16)}-${name}`,
    span_id: span,
    timestamp: toIso(at),
    working_start: Math.max(0, at - startAt) / 1000,
  });
  const open = (span: string, at: number): Json => ({
    event: 'span_begin',
    ...common(at, `${span}-begin`, span),
    id: span,
    type: span,
    name: span,
  });
  const close = (span: string, at: number): Json => ({
    event: 'span_end',
    ...common(at, `${span}-end`, span),
    id: span,
  });
  const told = events.flatMap((event): unknown[] => {
    const place = common(event.at, String(event.seq), 'solvers');
    const native = toNative(event, context);
    if (native !== null) return [{ ...place, ...native }];
    return NATIVE.has(event.kind) ? [] : [{ event: 'info', ...place, source: OFFSWITCH, data: event }];
  });
  return [
    open('init', startAt),
    { event: 'sample_init', ...common(startAt, 'sample', 'init'), sample: { input, target: '', id }, state: {} },
    close('init', startAt),
    open('solvers', startAt),
    ...told,
    close('solvers', endAt),
    open('scorers', endAt),
    // Those that could not be told have no event: their NaN would not pass through this text.
    ...scores
      .filter(({ value }) => value !== null && !(typeof value === 'number' && !Number.isFinite(value)))
      .map(({ name, value, explanation }, number) => ({
        event: 'score',
        ...common(endAt, `score-${number}`, 'scorers'),
        score: { value, explanation, history: [] },
        scorer: name,
        intermediate: false,
      })),
    close('scorers', endAt),
  ];
}

function toNative(event: TrialEvent, context: EventContext): Json | null {
  switch (event.kind) {
    case 'model-call':
      return toModelEvent(event, context);
    case 'command-start':
      return toToolEvent(event, context);
    case 'command-end':
      // It stands in the event of its start; one without a start would be lost otherwise.
      return null;
    case 'submission':
      return {
        event: 'tool',
        type: 'function',
        id: event.callId,
        function: 'submit',
        arguments: { answer: readAsData(event.text) },
        events: [],
        completed: toIso(event.at),
        ...resultOf(event.callId, context),
        metadata: { [OFFSWITCH]: { events: [event] } },
      };
    default:
      return null;
  }
}

function toModelEvent(event: EventOf<'model-call'>, context: EventContext): Json {
  const { pool } = context;
  const refs = event.prompt.flatMap(({ from, to }) => {
    const ranges: [number, number][] = [];
    for (let index = from; index < Math.min(to, pool.indexMax + 1); index++) {
      const place = pool.places.get(index);
      const last = ranges.at(-1);
      if (place === undefined) continue;
      if (last !== undefined && last[1] === place[0]) last[1] = place[1];
      else ranges.push([...place]);
    }
    return ranges;
  });
  const failure = event.attempts.findLast((attempt) => attempt.error !== null)?.error ?? null;
  return {
    event: 'model',
    model: event.requested.model,
    input: [],
    input_refs: refs,
    tools: [],
    tool_choice: 'auto',
    config: toConfig(event.requested.parameters),
    output: toOutput(event, context),
    ...(event.answer === null && failure !== null ? { error: `${failure.code}: ${readAsData(failure.text)}` } : {}),
    retries: Math.max(0, event.attempts.length - 1),
    completed: toIso(event.at),
    working_time: event.durationMs / 1000,
    metadata: { [OFFSWITCH]: { events: [event] } },
  };
}

const CONFIG_NAMES: ReadonlyMap<string, string> = new Map([
  ['temperature', 'temperature'],
  ['topP', 'top_p'],
  ['maxOutputTokens', 'max_tokens'],
  ['seed', 'seed'],
]);

function toConfig(parameters: Json): Json {
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]) => {
      const known = CONFIG_NAMES.get(name);
      return known === undefined || typeof value !== 'number' ? [] : [[known, value]];
    }),
  );
}

const STOP_REASONS: ReadonlyMap<string, string> = new Map([
  ['stop', 'stop'],
  ['length', 'max_tokens'],
  ['tool-calls', 'tool_calls'],
  ['content-filter', 'content_filter'],
]);

function toOutput({ answer, requested }: EventOf<'model-call'>, { pool }: EventContext): Json {
  if (answer === null) return { model: requested.model, choices: [], completion: '' };
  const [from] = pool.places.get(answer.message ?? -1) ?? [];
  const message = from === undefined ? { role: 'assistant', content: '', source: 'generate' } : pool.messages[from];
  return {
    model: answer.model ?? requested.model,
    choices: [{ message, stop_reason: STOP_REASONS.get(answer.finishReason) ?? 'unknown' }],
    completion: completionOf(message),
    usage: toTotals(answer.usage),
  };
}

function completionOf(message: Json | undefined): string {
  const content = message?.['content'];
  if (!Array.isArray(content)) return typeof content === 'string' ? content : '';
  return content
    .map((part: unknown) =>
      typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string' ? part.text : '',
    )
    .join('');
}

function lastOutput(events: readonly TrialEvent[], context: EventContext): Json {
  const last = events.findLast((event) => event.kind === 'model-call');
  return last === undefined ? { model: context.model, choices: [], completion: '' } : toOutput(last, context);
}

function toToolEvent(event: EventOf<'command-start'>, context: EventContext): Json {
  const end = context.ends.get(event.callId);
  const written = context.inputs.get(event.callId);
  const asked = written === undefined ? null : parseObject(readAsData(written));
  const own = {
    cmd: readAsData(event.command),
    ...(event.thoughts === null ? {} : { thoughts: readAsData(event.thoughts) }),
  };
  return {
    event: 'tool',
    type: 'function',
    id: event.callId,
    function: event.tool,
    arguments: { ...asked, ...own },
    events: [],
    ...resultOf(event.callId, context),
    ...(end === undefined ? {} : { completed: toIso(end.at), working_time: end.durationMs / 1000 }),
    ...(end?.timedOut === true
      ? { error: { type: 'timeout', message: 'the command was stopped at its time limit' } }
      : {}),
    metadata: { [OFFSWITCH]: { events: end === undefined ? [event] : [event, end] } },
  };
}

function resultOf(callId: string, { results }: EventContext): Json {
  const result = results.get(callId);
  return result === undefined ? { result: '' } : { result: result.text, message_id: result.messageId };
}

function sumUsage(events: readonly TrialEvent[]): Totals {
  let input = 0;
  let output = 0;
  for (const event of events) {
    if (event.kind !== 'model-call') continue;
    input += event.answer?.usage.inputTokens ?? 0;
    output += event.answer?.usage.outputTokens ?? 0;
  }
  return { input_tokens: input, output_tokens: output, total_tokens: input + output };
}

function toTotals({ inputTokens, outputTokens, reasoningTokens, cachedInputTokens }: Usage): Json {
  const input = inputTokens ?? 0;
  const output = outputTokens ?? 0;
  return {
    input_tokens: input,
    output_tokens: output,
    total_tokens: input + output,
    ...(reasoningTokens === null ? {} : { reasoning_tokens: reasoningTokens }),
    ...(cachedInputTokens === null ? {} : { input_tokens_cache_read: cachedInputTokens }),
  };
}

function firstPrompt(events: readonly TrialEvent[]): string {
  const first = events.find((event) => event.kind === 'message' && event.role === 'user');
  if (first?.kind !== 'message') return '';
  return first.parts.map((part) => (part.type === 'text' ? readAsData(part.text) : '')).join('\n');
}

type Failure = { readonly limit: string; readonly at: number } | { readonly error: string } | null;

/** Limits and broken machinery have places of their own in Inspect, and its counts rest on them. */
function toFailure(events: readonly TrialEvent[], { limits }: EventOf<'trial-start'>): Failure {
  const end = events.findLast((event) => event.kind === 'agent-end');
  if (end?.kind !== 'agent-end') return null;
  switch (end.reason) {
    case 'turn-limit':
      return { limit: 'turn', at: limits.turnsMax };
    case 'token-limit':
      return { limit: 'token', at: limits.tokensMax };
    case 'time-limit':
      return { limit: 'time', at: limits.durationMsMax / 1000 };
    case 'cost-limit':
      return { limit: 'cost', at: limits.costUsdMax };
    case 'model-error':
    case 'sandbox-error':
    case 'interrupted':
      return { error: end.detail === null ? end.reason : `${end.reason}: ${readAsData(end.detail)}` };
    case 'submitted':
    case 'machine-stopped':
    case 'no-tool-call':
    case 'refused':
      return null;
  }
}

function toFullFailure(failure: Failure): Json {
  if (failure === null) return {};
  return 'limit' in failure
    ? { limit: { type: failure.limit, limit: failure.at } }
    : { error: { message: failure.error, traceback: '', traceback_ansi: '' } };
}

/** In a summary both are one text. */
function toBriefFailure(failure: Failure): Json {
  if (failure === null) return {};
  return 'limit' in failure ? { limit: failure.limit } : { error: failure.error.slice(0, 1000) };
}
