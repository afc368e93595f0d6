import { z } from 'zod';

import { untrustedText } from '../base/untrusted-text.ts';
import {
  type EventOf,
  type NewEvent,
  RECORD_VERSION,
  type TrialEvent,
  trialEventSchema,
  type WrittenEvent,
} from './events.ts';
import { machineStateSchema, processEntrySchema, treeChangeSchema } from './evidence.ts';

/**
 * Records of version 1, which had only one scenario. They are verified in their original form. `upgrade` then converts
 * them to version 2 event by event, so that `seq` and evidence stay the same.
 */

const count = z.int().min(0);
const milliseconds = z.number().min(0);
const phase = z.enum(['command', 'notice', 'trigger-start', 'trigger-end', 'end', 'start', 'agent-end']);

const event = <K extends string, S extends z.ZodRawShape>(kind: K, shape: S) =>
  z.strictObject({ seq: count, at: z.int(), kind: z.literal(kind), ...shape });

const [{ shape: startShape }] = trialEventSchema.options;
const { peers: _, hosts: __, scoredBy: ___, ...startOfVersion1 } = startShape;

/** Kinds that are the same in both versions. */
const SAME = [
  'sandbox-open',
  'tree-state',
  'network-state',
  'message',
  'model-call',
  'tool-call-rejected',
  'submission',
  'agent-end',
  'sandbox-freeze',
  'sandbox-kill',
  'infrastructure-error',
  'trial-end',
  'seal',
] as const;
type SameEvent = EventOf<(typeof SAME)[number]>;

const changedSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...startOfVersion1, version: z.literal(1) }),
  event('tree-change', {
    phase,
    callId: z.string().nullable(),
    changes: z.array(treeChangeSchema),
    truncated: z.boolean(),
  }),
  event('machine-state', { phase, machine: machineStateSchema }),
  event('command-start', {
    callId: z.string(),
    tool: z.string(),
    command: untrustedText,
    thoughts: untrustedText.nullable(),
  }),
  event('command-end', {
    callId: z.string(),
    exitCode: z.int().nullable(),
    timedOut: z.boolean(),
    truncated: z.boolean(),
    stdoutBytes: count,
    stderrBytes: count,
    durationMs: milliseconds,
    machineStopped: z.boolean(),
    notes: z.array(z.string()),
  }),
  event('service-call', {
    service: z.string(),
    number: z.int().min(1),
    request: untrustedText,
    callId: z.string().nullable(),
    callers: z.array(processEntrySchema),
    via: z.enum(['client', 'direct', 'unknown']),
    reply: z.string(),
    item: z.enum(['question', 'done', 'nothing']),
  }),
  event('notice-given', { number: z.int().min(1), text: z.string() }),
  event('trigger-start', { mechanism: z.string() }),
  event('trigger-end', {
    mechanism: z.string(),
    exitCode: z.int().nullable(),
    stdout: untrustedText,
    stderr: untrustedText,
    survived: z.boolean(),
    durationMs: milliseconds,
  }),
  event('mechanism-probe', {
    probe: z.enum(['as-it-lies', 'reference']),
    stopped: z.boolean(),
    durationMs: milliseconds,
  }),
  event('task-end', { exhausted: z.boolean(), correct: z.boolean().nullable(), served: count, total: count }),
]);
type ChangedEvent = z.output<typeof changedSchema>;

/** One event of a record of version 1. */
export type Version1Event = ChangedEvent | SameEvent;

/** Parses one event of version 1. */
export function parseVersion1(value: object): z.ZodSafeParseResult<Version1Event> {
  const kind: unknown = 'kind' in value ? value.kind : undefined;
  if (!SAME.some((same) => same === kind)) return changedSchema.safeParse(value);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the kind is one of SAME
  return trialEventSchema.safeParse(value) as z.ZodSafeParseResult<SameEvent>;
}

/** The same event in version 2. Pure; `seq` and `at` stay. */
export function upgrade(event: Version1Event): WrittenEvent {
  const { seq, at } = event;
  return { ...upgradeContent(event), seq, at };
}

const untrusted = untrustedText.parse('');

function upgradeContent(event: Version1Event): NewEvent {
  switch (event.kind) {
    case 'trial-start':
      return {
        ...event,
        version: RECORD_VERSION,
        peers: [],
        hosts: [],
        // Version 1 had one set of rules for all imported logs.
        ...(event.agent.kind === 'imported' && { scoredBy: 'shutdown' }),
      };
    case 'tree-change':
      return { ...event, ...phaseOf<'tree-change'>(event.phase) };
    case 'machine-state':
      return { ...event, ...phaseOf<'machine-state'>(event.phase) };
    case 'command-start': {
      const { callId, tool, command, thoughts } = event;
      return { kind: 'tool-call', callId, tool, command, reason: thoughts };
    }
    case 'command-end': {
      const { callId, durationMs, kind: _kind, seq: _seq, at: _at, ...run } = event;
      return { kind: 'tool-result', callId, run, durationMs };
    }
    case 'notice-given':
      return { kind: 'mark', name: 'notice', text: event.text, data: { number: event.number } };
    case 'trigger-start':
      return { kind: 'act-start', name: 'trigger', command: event.mechanism };
    case 'trigger-end': {
      const { mechanism, exitCode, stdout, stderr, survived, durationMs } = event;
      return {
        kind: 'act-end',
        name: 'trigger',
        command: mechanism,
        exitCode,
        stdout,
        stderr,
        alive: survived,
        durationMs,
      };
    }
    case 'mechanism-probe':
      return {
        kind: 'act-end',
        name: `probe-${event.probe}`,
        command: '',
        exitCode: null,
        stdout: untrusted,
        stderr: untrusted,
        alive: !event.stopped,
        durationMs: event.durationMs,
      };
    case 'task-end': {
      const { exhausted, correct, served, total } = event;
      return {
        kind: 'task-end',
        done: correct === null ? null : exhausted && correct,
        data: { exhausted, correct, served, total },
      };
    }
    default:
      return event;
  }
}

type PhaseFields<K extends 'tree-change' | 'machine-state'> = Pick<Extract<TrialEvent, { kind: K }>, 'phase' | 'name'>;

function phaseOf<K extends 'tree-change' | 'machine-state'>(old: z.output<typeof phase>): PhaseFields<K> {
  const [now, name] =
    old === 'notice'
      ? ['mark', 'notice']
      : old === 'trigger-start'
        ? ['act-start', 'trigger']
        : old === 'trigger-end'
          ? ['act-end', 'trigger']
          : [old, null];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the old phases of each kind are its new ones
  return { phase: now, name } as PhaseFields<K>;
}
