import { readAsData, type UntrustedText } from '../base/untrusted-text.ts';
import type { EventOf, TrialEvent, TrialEventKind, Usage } from '../record/events.ts';
import type { ScoreEntry } from './contract.ts';
import { type Attachments, mapMessage } from './inspect-attach.ts';
import { parseObject, type Pool, toMessages } from './inspect-pool.ts';
import { OFFSWITCH } from './inspect-restore.ts';
import { type Json, toIso } from './inspect-values.ts';

/** What the events of a sample refer to. */
export interface EventContext {
  readonly pool: Pool;
  readonly model: string;
  readonly startAt: number;
  readonly head: string;
  readonly attachments: Attachments;
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

export function createEventContext(
  events: readonly TrialEvent[],
  about: Pick<EventContext, 'pool' | 'model' | 'startAt' | 'head' | 'attachments'>,
): EventContext {
  return { ...about, inputs: toolInputs(events), results: toolResults(events), ends: commandEnds(events) };
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

export interface SampleTexts {
  readonly id: string;
  readonly input: string;
  readonly scores: readonly ScoreEntry[];
}

/** All events of a sample, inside the spans that the viewer knows. */
export function toEvents(
  events: readonly TrialEvent[],
  context: EventContext,
  { id, input, scores }: SampleTexts,
): unknown[] {
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
    return NATIVE.has(event.kind)
      ? []
      : [{ event: 'info', ...place, source: OFFSWITCH, data: context.attachments.inEvent(event) }];
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
        arguments: context.attachments.inEvent({ answer: readAsData(event.text) }),
        events: [],
        completed: toIso(event.at),
        ...resultOf(event.callId, context),
        metadata: { [OFFSWITCH]: { events: context.attachments.inPlace([event]) } },
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
    metadata: { [OFFSWITCH]: { events: context.attachments.inPlace([event]) } },
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

function toOutput({ answer, requested }: EventOf<'model-call'>, { pool, attachments }: EventContext): Json {
  if (answer === null) return { model: requested.model, choices: [], completion: '' };
  const [from] = pool.places.get(answer.message ?? -1) ?? [];
  const message = from === undefined ? { role: 'assistant', content: '', source: 'generate' } : pool.messages[from];
  return {
    model: answer.model ?? requested.model,
    choices: [
      {
        message: message === undefined ? null : mapMessage(message, attachments.inEvent),
        stop_reason: STOP_REASONS.get(answer.finishReason) ?? 'unknown',
      },
    ],
    completion: attachments.inPlace(completionOf(message)),
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

export function lastOutput(events: readonly TrialEvent[], context: EventContext): Json {
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
    arguments: context.attachments.inEvent({ ...asked, ...own }),
    events: [],
    ...resultOf(event.callId, context),
    ...(end === undefined ? {} : { completed: toIso(end.at), working_time: end.durationMs / 1000 }),
    ...(end?.timedOut === true
      ? { error: { type: 'timeout', message: 'the command was stopped at its time limit' } }
      : {}),
    metadata: { [OFFSWITCH]: { events: context.attachments.inPlace(end === undefined ? [event] : [event, end]) } },
  };
}

function resultOf(callId: string, { results, attachments }: EventContext): Json {
  const result = results.get(callId);
  return result === undefined
    ? { result: '' }
    : { result: attachments.inPlace(result.text), message_id: result.messageId };
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
