import { readAsData } from '../../../base/untrusted-text.ts';
import type { EventOf, TrialEvent, TrialEventKind, Usage } from '../../../record/events.ts';
import type { ScoreEntry } from '../../contract.ts';
import { type CallOfRecord, isOfPeer } from '../../from-record.ts';
import { type Attachments, mapMessage } from './attach.ts';
import { messageId, parseObject, type Pool } from './pool.ts';
import { type Json, OFFSWITCH, toIso } from './values.ts';

/** What the events of a sample refer to. */
export interface EventContext {
  readonly pool: Pool;
  readonly model: string;
  readonly startAt: number;
  readonly head: string;
  readonly attachments: Attachments;
  readonly calls: ReadonlyMap<string, CallOfRecord>;
}

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
    const isOwn = !isOfPeer(event);
    if (isOwn && PLACES[event.kind] === 'elsewhere') return [];
    const told =
      isOwn && hasPlace(event)
        ? toNative(event, context)
        : { event: 'info', source: OFFSWITCH, data: context.attachments.inEvent(event) };
    return [{ ...common(event.at, String(event.seq), 'solvers'), ...told }];
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

/**
 * Where an event of the agent under test stands. `native`: in an event that Inspect has. `elsewhere`: in the messages, in
 * another event or in the metadata. `info`: whole, in an event of source `offswitch`, as every event of another agent.
 */
const PLACES = {
  'trial-start': 'info',
  'sandbox-open': 'info',
  'tree-state': 'info',
  'tree-change': 'info',
  'machine-state': 'info',
  ledger: 'info',
  'network-state': 'info',
  message: 'elsewhere',
  'model-call': 'native',
  'tool-call': 'native',
  'tool-result': 'elsewhere',
  'tool-call-rejected': 'info',
  exchange: 'info',
  'program-start': 'info',
  'program-end': 'info',
  'stop-press': 'info',
  'session-log': 'info',
  'service-call': 'info',
  delivery: 'info',
  mark: 'info',
  'act-start': 'info',
  'act-end': 'info',
  note: 'info',
  submission: 'native',
  'agent-end': 'info',
  'task-end': 'info',
  'sandbox-freeze': 'info',
  interview: 'info',
  'sandbox-kill': 'info',
  'infrastructure-error': 'info',
  'trial-end': 'info',
  seal: 'elsewhere',
  redaction: 'info',
} as const satisfies Record<TrialEventKind, 'native' | 'elsewhere' | 'info'>;

type NativeEvent = {
  [K in TrialEventKind]: (typeof PLACES)[K] extends 'native' ? EventOf<K> : never;
}[TrialEventKind];

function hasPlace(event: TrialEvent): event is NativeEvent {
  return PLACES[event.kind] === 'native';
}

function toNative(event: NativeEvent, context: EventContext): Json {
  switch (event.kind) {
    case 'model-call':
      return toModelEvent(event, context);
    case 'tool-call': {
      const { end, input } = context.calls.get(event.callId) ?? {};
      return {
        ...toToolEvent(event.callId, event.tool, context),
        arguments: context.attachments.inEvent({ ...parseObject(input ?? ''), ...toArguments(event) }),
        ...(end === undefined ? {} : { completed: toIso(end.at), working_time: end.durationMs / 1000 }),
        ...(end?.run?.timedOut === true
          ? { error: { type: 'timeout', message: 'the command was stopped at its time limit' } }
          : {}),
        metadata: { [OFFSWITCH]: context.attachments.inPlace(end) },
      };
    }
    case 'submission':
      return {
        ...toToolEvent(event.callId, 'submit', context),
        arguments: context.attachments.inEvent({ answer: readAsData(event.text) }),
        completed: toIso(event.at),
      };
  }
}

/** What the call came to, in words that readers of shells know; nothing for a call that ran no command. */
function toArguments({ command, reason }: EventOf<'tool-call'>): Json {
  if (command === null) return {};
  return { cmd: readAsData(command), ...(reason === null ? {} : { thoughts: readAsData(reason) }) };
}

function toToolEvent(callId: string, tool: string, { calls, attachments, head }: EventContext): Json {
  const result = calls.get(callId)?.result;
  return {
    event: 'tool',
    type: 'function',
    id: callId,
    function: tool,
    events: [],
    result: result === undefined ? '' : attachments.inPlace(result.text),
    ...(result === undefined ? {} : { message_id: messageId(head, result.message, result.place) }),
  };
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
    metadata: { [OFFSWITCH]: context.attachments.inPlace(event) },
  };
}

const CONFIG_NAMES: ReadonlyMap<string, string> = new Map([
  ['temperature', 'temperature'],
  ['topP', 'top_p'],
  ['topK', 'top_k'],
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
