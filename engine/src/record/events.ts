import { z } from 'zod';

import { untrustedText } from '../base/untrusted-text.ts';
import {
  machineStateSchema,
  networkEvidenceSchema,
  processEntrySchema,
  sha256Hex,
  treeChangeSchema,
  treeSnapshotSchema,
} from './evidence.ts';

/**
 * The closed union of everything a record can say. Names are noun-verb, `-start` and `-end` where something takes time.
 * A new kind is added here, and every reader that must decide about it fails to compile until it has.
 */

export const RECORD_FORMAT = 'offswitch-record';
/** Raised whenever an old reader would misread a new record. */
export const RECORD_VERSION = 2;

const count = z.int().min(0);
const milliseconds = z.number().min(0);

/** A part that the scenario gives to a path, e.g. `mechanism` or `weights`: detectors look for roles, never for paths. */
export const roleBindingSchema = z.strictObject({ role: z.string().min(1), path: z.string().min(1) });
export type RoleBinding = z.output<typeof roleBindingSchema>;

/** One setting of all factors: factor name to level name. */
export const conditionSchema = z.record(z.string(), z.string());
export type Condition = z.output<typeof conditionSchema>;

export const limitsSchema = z.strictObject({
  /** Model calls in one trial. At the limit the trial ends with `turn-limit`. */
  turnsMax: z.int().min(1),
  /** Input plus output tokens, as the provider counts them. */
  tokensMax: z.int().min(1),
  /** Wall clock of the whole trial. */
  durationMsMax: z.int().min(1),
  /** US dollars; 0 means that no paid call may be made. Applies only where a price is known. */
  costUsdMax: z.number().min(0),
  /** One command; then its processes are killed and the exit code is 124. */
  commandMsMax: z.int().min(1),
  /** Bytes of each output stream of one command; then cut, and said so. */
  outputBytesMax: z.int().min(1),
  /** Answers in a row without a tool call before the trial ends with `no-tool-call`. */
  idleTurnsMax: z.int().min(1),
});
export type TrialLimits = z.output<typeof limitsSchema>;

export const toolSpecSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  inputSchema: z.record(z.string(), z.unknown()),
});
export type ToolSpec = z.output<typeof toolSpecSchema>;

export const messagePartSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: untrustedText }),
  z.strictObject({ type: z.literal('reasoning'), text: untrustedText }),
  /** `input` is the text the model wrote, valid JSON or not. */
  z.strictObject({ type: z.literal('tool-call'), callId: z.string(), tool: z.string(), input: untrustedText }),
  z.strictObject({ type: z.literal('tool-result'), callId: z.string(), tool: z.string(), text: untrustedText }),
]);
export type MessagePart = z.output<typeof messagePartSchema>;

export const usageSchema = z.strictObject({
  /** Tokens; null where the provider did not say. */
  inputTokens: count.nullable(),
  outputTokens: count.nullable(),
  reasoningTokens: count.nullable(),
  cachedInputTokens: count.nullable(),
});
export type Usage = z.output<typeof usageSchema>;

export const modelAttemptSchema = z.strictObject({
  durationMs: milliseconds,
  /** HTTP status; null when no answer came. */
  status: z.int().nullable(),
  /** Null when the attempt gave an answer. Never holds a header or a key. */
  error: z.strictObject({ code: z.string(), text: untrustedText }).nullable(),
  /** By which the server knows the request; not there where it gave none. */
  requestId: z.string().max(200).optional(),
});
export type ModelAttempt = z.output<typeof modelAttemptSchema>;

/** Why the agent's loop came to its end. */
export const agentEndReasonSchema = z.enum([
  'submitted',
  'machine-stopped',
  'no-tool-call',
  'refused',
  'turn-limit',
  'token-limit',
  'time-limit',
  'cost-limit',
  'interrupted',
  'model-error',
  'sandbox-error',
]);
export type AgentEndReason = z.output<typeof agentEndReasonSchema>;

const hostSchema = z.strictObject({
  name: z.string(),
  address: z.string(),
  port: z.int().min(1).max(65_535),
  speaks: z.enum(['http', 'tcp']),
});

const agentSchema = z.strictObject({ kind: z.enum(['model', 'control', 'imported']), name: z.string() });
/** What a scenario says of its own world: any JSON. */
const data = z.record(z.string(), z.json());
export type JsonRecord = z.output<typeof data>;
/** Which of several agents acted: the id of its seat. Absent: the agent under test. */
const seat = z.string().min(1).optional();
/** Which of several machines was looked at. Absent: the one that the agent under test works on. */
const machineId = z.string().min(1).optional();

/** A command that ran in the machine. */
export const commandRunSchema = z.strictObject({
  /** 128 + n after signal n; null when the machine stopped before the command ended. */
  exitCode: z.int().nullable(),
  timedOut: z.boolean(),
  truncated: z.boolean(),
  stdoutBytes: count,
  stderrBytes: count,
  /** The machine stopped while the command ran. */
  machineStopped: z.boolean(),
  /** What the sandbox adds, e.g. that its command server was started again. */
  notes: z.array(z.string()),
});
export type CommandRun = z.output<typeof commandRunSchema>;

const event = <K extends string, S extends z.ZodRawShape>(kind: K, shape: S) =>
  z.strictObject({
    /** 0, 1, 2 … without a gap: the line number minus one. */
    seq: count,
    /** Milliseconds since 1970 on the clock of the harness. */
    at: z.int(),
    kind: z.literal(kind),
    ...shape,
  });

export const trialEventSchema = z.discriminatedUnion('kind', [
  event('trial-start', {
    format: z.literal(RECORD_FORMAT),
    version: z.literal(RECORD_VERSION),
    trialId: z.string(),
    /** Key of the study whose plan asked for this trial; absent where there was none, and in older records. */
    studyKey: sha256Hex.optional(),
    scenario: z.strictObject({ name: z.string(), version: z.string(), sha256: sha256Hex }),
    /** Name of the scenario whose detectors and rules score an imported trial; absent: `scenario` itself. */
    scoredBy: z.string().optional(),
    condition: conditionSchema,
    /** The agent under test. */
    agent: agentSchema,
    /** Other agents in the same trial. */
    peers: z.array(z.strictObject({ seat: z.string().min(1), agent: agentSchema, tools: z.array(toolSpecSchema) })),
    epoch: z.int().min(1),
    seed: z.string(),
    /** True when effects are not those of a real operating system. Such a record is never mixed with real ones. */
    simulated: z.boolean(),
    limits: limitsSchema,
    /** Every text that the agent is given, by its hash. */
    stimuli: z.array(z.strictObject({ id: z.string(), sha256: sha256Hex })),
    roles: z.array(roleBindingSchema),
    /** Hosts that the machine can reach. */
    hosts: z.array(hostSchema),
    tools: z.array(toolSpecSchema),
    software: z.record(z.string(), z.string()),
  }),
  event('sandbox-open', {
    adapter: z.string(),
    simulated: z.boolean(),
    durationMs: milliseconds,
    /** Versions and limits in force; never a path of the host. */
    details: z.record(z.string(), z.string()),
  }),
  /** The watched trees once, whole; later events say only what changed. */
  event('tree-state', { machineId, tree: treeSnapshotSchema }),
  event('tree-change', {
    machineId,
    phase: z.enum(['command', 'mark', 'act-start', 'act-end', 'end']),
    /** Name of the mark or act; null in other phases. */
    name: z.string().nullable(),
    /** The tool call after which it was seen; null outside a call. */
    callId: z.string().nullable(),
    changes: z.array(treeChangeSchema),
    truncated: z.boolean(),
  }),
  event('machine-state', {
    machineId,
    /** `agent-end`: the agent has ended, nothing has been stopped yet. `end`: the harness holds everything still. */
    phase: z.enum(['start', 'mark', 'act-start', 'act-end', 'agent-end', 'end']),
    /** Name of the mark or act; null in other phases. */
    name: z.string().nullable(),
    machine: machineStateSchema,
  }),
  /** What it tried to reach over the network, all of it, at the end. */
  event('network-state', { machineId, network: networkEvidenceSchema }),
  /** Stored once; model calls refer to it by `index`. Each seat counts its own messages. */
  event('message', {
    seat,
    index: count,
    role: z.enum(['system', 'user', 'assistant', 'tool']),
    parts: z.array(messagePartSchema),
  }),
  event('model-call', {
    seat,
    turn: z.int().min(1),
    requested: z.strictObject({ model: z.string(), parameters: z.record(z.string(), z.unknown()) }),
    /** Ranges of message indexes, `to` excluded. */
    prompt: z.array(z.strictObject({ from: count, to: count })),
    attempts: z.array(modelAttemptSchema),
    answer: z
      .strictObject({
        /** Index of the message that holds it; null when the answer was empty. */
        message: count.nullable(),
        model: z.string().nullable(),
        responseId: z.string().nullable(),
        finishReason: z.string(),
        rawFinishReason: z.string().nullable(),
        usage: usageSchema,
        costUsd: z.number().min(0).nullable(),
        warnings: z.array(z.string()),
      })
      .nullable(),
    durationMs: milliseconds,
  }),
  /** A call that is run. The arguments stand in the message; here is what they come to. */
  event('tool-call', {
    seat,
    callId: z.string(),
    tool: z.string(),
    /** Command line that the call runs in the machine; null for a call that runs none. */
    command: untrustedText.nullable(),
    /** Why, in the agent's words, where the tool asks for it. */
    reason: untrustedText.nullable(),
  }),
  event('tool-result', {
    seat,
    callId: z.string(),
    /** Null for a call that runs no command. */
    run: commandRunSchema.nullable(),
    durationMs: milliseconds,
  }),
  event('tool-call-rejected', {
    seat,
    callId: z.string(),
    tool: z.string(),
    why: z.enum(['unknown-tool', 'malformed-json', 'invalid-arguments', 'not-run']),
    detail: untrustedText,
  }),
  event('service-call', {
    service: z.string(),
    /** 1, 2, 3 … in the order of arrival. */
    number: z.int().min(1),
    request: untrustedText,
    /** The tool call in progress when it came; null when none was. */
    callId: z.string().nullable(),
    /** Processes that held the service open, seen from outside while they waited for the answer. */
    callers: z.array(processEntrySchema),
    /** `client`: through the shipped client, unchanged; `direct`: by something else; `unknown`: none was seen. */
    via: z.enum(['client', 'direct', 'unknown']),
    reply: z.string(),
    /** What the scenario calls this reply, e.g. `question`. */
    item: z.string(),
  }),
  /** Bytes that reached a declared host, whole or in part. */
  event('delivery', {
    /** Name of the host, as `trial-start` declares it. */
    host: z.string(),
    /** 1, 2, 3 … in the order of arrival. */
    number: z.int().min(1),
    /** The tool call in progress when it began to arrive; null when none was. */
    callId: z.string().nullable(),
    /** Method and target of an HTTP request; null for bare TCP. */
    request: untrustedText.nullable(),
    bytes: count,
    /** Over the bytes that arrived, in their order. */
    sha256: sha256Hex,
    /** False when the sender broke off. */
    complete: z.boolean(),
  }),
  /** A moment that the scenario names, e.g. `notice`; detectors count by it. */
  event('mark', { name: z.string().min(1), text: z.string().nullable(), data }),
  /** Something that the scenario did to the machine from outside: the mechanism run, a signal, a probe. */
  event('act-start', { name: z.string().min(1), command: z.string() }),
  event('act-end', {
    name: z.string().min(1),
    command: z.string(),
    exitCode: z.int().nullable(),
    stdout: untrustedText,
    stderr: untrustedText,
    /** PID 1 was alive after the grace time. */
    alive: z.boolean(),
    /** From the start of the act to the death of PID 1, or to the end of the grace time. */
    durationMs: milliseconds,
  }),
  /** What the scenario saw of its own world from outside, e.g. a mail sent or a move made. */
  event('note', { name: z.string().min(1), data }),
  event('submission', { seat, callId: z.string(), text: untrustedText }),
  event('agent-end', { seat, reason: agentEndReasonSchema, detail: untrustedText.nullable() }),
  event('task-end', {
    /** Whether the task was done, or how much of it, 0 to 1; null where nobody can say. */
    done: z.union([z.boolean(), z.number().min(0).max(1), z.null()]),
    data,
  }),
  event('sandbox-freeze', { processes: count, durationMs: milliseconds }),
  /** One question of fixed form after the end, and what the agent answered. A claim, never evidence. */
  event('interview', { seat, id: z.string(), question: z.string(), answer: untrustedText }),
  event('sandbox-kill', {
    /** Processes alive just before. */
    before: count,
    survivors: count,
    /** From the kill to proven emptiness. */
    durationMs: milliseconds,
  }),
  event('infrastructure-error', { stage: z.string(), code: z.string(), text: untrustedText }),
  event('trial-end', { durationMs: milliseconds }),
  /** Last line. Without it the trial is unfinished, and never counts as safe. */
  event('seal', {
    /** Chain hash of the line before. */
    head: sha256Hex,
    events: count,
    counts: z.record(z.string(), count),
  }),
]);

export type TrialEvent = z.output<typeof trialEventSchema>;
export type TrialEventKind = TrialEvent['kind'];
export type EventOf<K extends TrialEventKind> = Extract<TrialEvent, { kind: K }>;

/**
 * Who vouches for an event. `agent`: words of the agent, a claim. `harness`: what Offswitch did, or what an imported log
 * says was done. `outside`: evidence, seen where the agent cannot reach; never in an imported record.
 */
export type EventOrigin = 'agent' | 'harness' | 'outside';

export const EVENT_ORIGINS = {
  'trial-start': 'harness',
  'sandbox-open': 'harness',
  'tree-state': 'outside',
  'tree-change': 'outside',
  'machine-state': 'outside',
  'network-state': 'outside',
  message: 'agent',
  'model-call': 'harness',
  'tool-call': 'agent',
  'tool-result': 'harness',
  'tool-call-rejected': 'harness',
  'service-call': 'outside',
  delivery: 'outside',
  mark: 'harness',
  'act-start': 'harness',
  'act-end': 'harness',
  note: 'outside',
  submission: 'agent',
  'agent-end': 'harness',
  'task-end': 'harness',
  'sandbox-freeze': 'harness',
  interview: 'agent',
  'sandbox-kill': 'harness',
  'infrastructure-error': 'harness',
  'trial-end': 'harness',
  seal: 'harness',
} as const satisfies Record<TrialEventKind, EventOrigin>;

type WithoutStamp<E> = E extends TrialEvent ? Omit<E, 'seq' | 'at'> : never;
/** An event before the journal gives it its number and time. */
export type NewEvent = WithoutStamp<TrialEvent>;
export type Emit = (event: NewEvent) => TrialEvent;
