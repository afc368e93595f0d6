import { z } from 'zod';

import { toUntrusted } from '../base/untrusted-text.ts';
import {
  type MessagePart,
  type NewEvent,
  type TrialEvent,
  type TrialEventKind,
  trialEventSchema,
} from '../record/events.ts';
import {
  type ForeignEvent,
  type ImportedSample,
  limitsOf,
  LogError,
  type ReadLogOptions,
  type ScoreEntry,
} from './contract.ts';
import { createResolver, resolveDeep, toParts } from './inspect-message.ts';
import { inspectEvent, inspectMessage, infoEvent, type InspectSample } from './inspect-schema.ts';
import { NO_EVIDENCE, toSafeName, toTime } from './transcript.ts';

/** Under this name Offswitch puts what Inspect's format has no place for: `info` source, key of `metadata`. */
export const OFFSWITCH = 'offswitch';

/** In the metadata of a message: which event of the record it is a part of. */
export const messageMark = z.strictObject({
  seq: z.int().min(0),
  at: z.int(),
  index: z.int().min(0),
  /** For each tool call what the model wrote, where Inspect's parsed arguments would not give it back; null where they do. */
  inputs: z.array(z.string().nullable()).optional(),
});
/** In the metadata of a model or tool event: the events of the record that it stands for. */
export const eventMark = z.strictObject({ events: z.array(z.unknown()) });
/** In the metadata of a sample. */
export const sampleMark = z.looseObject({ format: z.literal('offswitch-record'), head: z.string().catch('') });

export interface RestoreSource {
  readonly software: Readonly<Record<string, string>>;
  readonly scores: readonly ScoreEntry[];
}

/** Seen from outside the agent. A log can be edited without a trace, so these come back only when asked for. */
const EVIDENCE: ReadonlySet<TrialEventKind> = new Set<TrialEventKind>([
  'sandbox-open',
  'tree-state',
  'tree-change',
  'machine-state',
  'service-call',
  'sandbox-freeze',
  'mechanism-probe',
  'sandbox-kill',
]);
const STATEMENTS: ReadonlySet<TrialEventKind> = new Set<TrialEventKind>(['trigger-start', 'trigger-end']);

/** The record in a log that Offswitch wrote; null when it wrote none, or when what it wrote was changed beyond reading. */
export function restoreSample(
  sample: InspectSample,
  source: RestoreSource,
  options: ReadLogOptions,
): ImportedSample | null {
  if (!sampleMark.safeParse(sample.metadata?.[OFFSWITCH]).success) return null;
  const messages = restoreMessages(sample);
  const others = restoreEvents(sample);
  if (messages === null || others === null) return null;
  const all = [...messages, ...others.restored].sort((one, other) => one.seq - other.seq);
  const [start] = all;
  const distinct = all.every((event, index) => index === 0 || event.seq !== all[index - 1]?.seq);
  if (start?.kind !== 'trial-start' || !distinct) return null;
  const { eventsMax } = limitsOf(options);
  if (all.length > eventsMax)
    throw new LogError(
      'too-large',
      `expected at most ${eventsMax} events in a sample; raise the limit if the log is yours`,
    );

  const keepsEvidence = options.restoreEvidence === true;
  const dropped = new Map<string, number>();
  const beside: Beside[] = [...others.foreign];
  const kept = all.filter((event) => {
    const { kind, seq, at } = event;
    if (kind === 'seal') return false;
    const drop =
      (EVIDENCE.has(kind) && !keepsEvidence) || (STATEMENTS.has(kind) && options.harnessStatements === false);
    if (drop) {
      dropped.set(kind, (dropped.get(kind) ?? 0) + 1);
      beside.push({ kind, seq: seq - 1, at, value: event });
    }
    return !drop;
  });
  const { foreign, leftOut } = keepBeside(beside, kept, limitsOf(options).foreignBytesMax);
  const trialId = toSafeName(start.trialId);
  const { seq: _seq, at: _at, ...told } = start;
  const head: NewEvent = {
    ...told,
    trialId,
    agent: { kind: 'imported', name: start.agent.name },
    roles: [...(options.roles ?? start.roles)],
    software: {
      ...start.software,
      ...source.software,
      'source-id': String(sample.id),
      ...(keepsEvidence ? {} : { evidence: NO_EVIDENCE }),
    },
  };
  return {
    id: toUntrusted(String(sample.id)),
    epoch: start.epoch,
    trialId,
    events: [head, ...kept.slice(1).map(withoutStamp)],
    times: kept.map(({ at }) => at),
    scores: source.scores,
    unmapped: [
      ...[...dropped].map(
        ([kind, count]) =>
          `${count} × event of kind "${kind}": a log has no hash chain that would prove it: left out of the record, kept beside it.`,
      ),
      ...(others.foreign.length === 0
        ? []
        : [`${others.foreign.length} × event that Offswitch did not write: kept beside the record as it was.`]),
      ...(leftOut === 0
        ? []
        : [`${leftOut} × event to keep beside the record: past the limit of what is kept: left out.`]),
    ],
    foreign,
  };
}

/** Something of the log to keep beside the record, behind what has this `seq` or a smaller one. */
interface Beside {
  readonly kind: string;
  readonly seq: number;
  readonly at: number | null;
  readonly value: unknown;
}

function keepBeside(
  beside: readonly Beside[],
  kept: readonly TrialEvent[],
  charactersMax: number,
): { readonly foreign: readonly ForeignEvent[]; readonly leftOut: number } {
  const foreign: ForeignEvent[] = [];
  let characters = 0;
  for (const { kind, seq, at, value } of beside.toSorted((one, other) => one.seq - other.seq)) {
    const json = JSON.stringify(value);
    if (characters + json.length > charactersMax) continue;
    characters += json.length;
    const after = Math.max(
      0,
      kept.findLastIndex((event) => event.seq <= seq),
    );
    foreign.push({ kind, whole: true, at, after, json: toUntrusted(json) });
  }
  return { foreign, leftOut: beside.length - foreign.length };
}

function withoutStamp({ seq: _seq, at: _at, ...event }: TrialEvent): NewEvent {
  return event;
}

/** One message of a record can be several of Inspect, which has one for each tool result. */
function restoreMessages(sample: InspectSample): TrialEvent[] | null {
  const found = new Map<number, Extract<TrialEvent, { kind: 'message' }>>();
  const context = { resolve: createResolver(sample), leaveOut: () => {} };
  for (const value of sample.messages) {
    const message = inspectMessage.safeParse(value);
    const mark = messageMark.safeParse(resolveDeep(message.data?.metadata?.[OFFSWITCH], context.resolve));
    if (!message.success || !mark.success) return null;
    const { inputs, ...place } = mark.data;
    let call = 0;
    const parts = toParts(message.data, context).map((part): MessagePart => {
      if (part.type !== 'tool-call') return part;
      const input = inputs?.[call++] ?? null;
      return input === null ? part : { ...part, input: toUntrusted(input) };
    });
    const before = found.get(mark.data.seq);
    if (before !== undefined) before.parts.push(...parts);
    else found.set(mark.data.seq, { kind: 'message', ...place, role: message.data.role, parts });
  }
  return [...found.values()];
}

/** Kinds that the export makes anew from the record, told by the head of the chain in their ids. */
const MADE_ANEW: ReadonlySet<string> = new Set(['span_begin', 'span_end', 'sample_init', 'score']);

function restoreEvents(
  sample: InspectSample,
): { readonly restored: TrialEvent[]; readonly foreign: readonly Beside[] } | null {
  const resolve = createResolver(sample);
  const head = sampleMark.safeParse(sample.metadata?.[OFFSWITCH]).data?.head ?? '';
  const restored: TrialEvent[] = [];
  const foreign: Beside[] = [];
  for (const value of sample.events ?? []) {
    const event = inspectEvent.safeParse(value);
    if (!event.success) return null;
    const { event: kind, uuid, timestamp } = event.data;
    const carries = carriedBy(value, event.data.metadata, resolve);
    const isOurs = MADE_ANEW.has(kind) && head.length >= 16 && String(uuid).startsWith(head.slice(0, 16));
    if (carries.length === 0 && !isOurs)
      foreign.push({
        kind,
        seq: restored.at(-1)?.seq ?? 0,
        at: toTime(timestamp),
        value: resolveDeep(value, resolve),
      });
    for (const carried of carries) {
      const parsed = trialEventSchema.safeParse(carried);
      if (!parsed.success) return null;
      restored.push(parsed.data);
    }
  }
  return { restored, foreign };
}

function carriedBy(value: unknown, metadata: unknown, resolve: (text: string) => string): readonly unknown[] {
  const info = infoEvent.safeParse(value);
  if (info.success && info.data.event === 'info' && info.data.source === OFFSWITCH)
    return [resolveDeep(info.data.data, resolve)];
  if (typeof metadata !== 'object' || metadata === null || !(OFFSWITCH in metadata)) return [];
  return eventMark.safeParse(resolveDeep(metadata[OFFSWITCH], resolve)).data?.events ?? [null];
}
