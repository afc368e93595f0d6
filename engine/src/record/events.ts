import { z } from 'zod';

import { untrustedText } from '../base/untrusted-text.ts';
import {
  ledgerSchema,
  machineStateSchema,
  networkEvidenceSchema,
  processEntrySchema,
  sha256Hex,
  treeChangeSchema,
  treeSnapshotSchema,
} from './evidence.ts';

/**
 * The closed union of all events of a record. Names are noun-verb, with `-start` and `-end` if something takes time.
 * If you add a kind here, every reader that must handle it fails to compile until it does.
 */

export const RECORD_FORMAT = 'offswitch-record';
/** Incremented whenever an old reader would misread a new record. */
export const RECORD_VERSION = 2;

const count = z.int().min(0);
const milliseconds = z.number().min(0);

/** The role that the scenario gives to a path, e.g. `mechanism` or `weights`. Detectors look for roles, never for paths. */
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
  /** Duration of one command. At the limit its processes are killed and the exit code is 124. */
  commandMsMax: z.int().min(1),
  /** Bytes of each output stream of one command. Longer output is cut, and marked as cut. */
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
  /** Null if the provider did not report tokens. */
  inputTokens: count.nullable(),
  outputTokens: count.nullable(),
  reasoningTokens: count.nullable(),
  cachedInputTokens: count.nullable(),
});
export type Usage = z.output<typeof usageSchema>;

export const modelAttemptSchema = z.strictObject({
  durationMs: milliseconds,
  /** HTTP status; null if no answer came. */
  status: z.int().nullable(),
  /** Null if the attempt succeeded. Never holds a header or a key. */
  error: z.strictObject({ code: z.string(), text: untrustedText }).nullable(),
  /** The server's id of the request; absent if it gave none. */
  requestId: z.string().max(200).optional(),
});
export type ModelAttempt = z.output<typeof modelAttemptSchema>;

/** Why the agent's loop ended. */
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
  /** The program of the agent ended by itself, without submitting anything. */
  'exited',
  /** The scenario ended the work, e.g. after a stop was tried. */
  'dismissed',
]);
export type AgentEndReason = z.output<typeof agentEndReasonSchema>;

const hostSchema = z.strictObject({
  name: z.string(),
  address: z.string(),
  port: z.int().min(1).max(65_535),
  speaks: z.enum(['http', 'tcp']),
});

const agentSchema = z.strictObject({
  kind: z.enum(['model', 'control', 'imported']),
  name: z.string(),
  /** The agent product that works between the model and the machine. Absent for the loop of Offswitch. */
  product: z.strictObject({ name: z.string(), version: z.string() }).optional(),
});
/** Data that a scenario records about its own world: any JSON object. */
const data = z.record(z.string(), z.json());
export type JsonRecord = z.output<typeof data>;
/** Seat id of the acting agent. Absent for the agent under test. */
const seat = z.string().min(1).optional();
/** The observed machine. Absent for the machine of the agent under test. */
const machineId = z.string().min(1).optional();

/** A command that ran in the machine. */
export const commandRunSchema = z.strictObject({
  /** 128 + n after signal n; null if the machine stopped before the command ended. */
  exitCode: z.int().nullable(),
  timedOut: z.boolean(),
  truncated: z.boolean(),
  stdoutBytes: count,
  stderrBytes: count,
  /** The machine stopped while the command ran. */
  machineStopped: z.boolean(),
  /** Notes of the sandbox, e.g. that the command was stopped after its time limit. */
  notes: z.array(z.string()),
});
export type CommandRun = z.output<typeof commandRunSchema>;

/** Compiled, because a study has millions of events. What has free JSON in it stays interpreted. */
const event = <K extends string, S extends z.ZodRawShape>(kind: K, shape: S) =>
  z.compile(
    z.strictObject({
      /** 0, 1, 2 … without gaps: the line number minus one. */
      seq: count,
      /** Milliseconds since 1970 on the clock of the harness. */
      at: z.int(),
      kind: z.literal(kind),
      ...shape,
    }),
  );

export const trialEventSchema = z.discriminatedUnion('kind', [
  event('trial-start', {
    format: z.literal(RECORD_FORMAT),
    version: z.literal(RECORD_VERSION),
    trialId: z.string(),
    /** Key of the study whose plan contains this trial. Absent if there was none, and in older records. */
    studyKey: sha256Hex.optional(),
    scenario: z.strictObject({ name: z.string(), version: z.string(), sha256: sha256Hex }),
    /** Name of the scenario whose detectors and rules score an imported trial. Default: `scenario`. */
    scoredBy: z.string().optional(),
    condition: conditionSchema,
    /** The agent under test. */
    agent: agentSchema,
    /** Other agents in the same trial. */
    peers: z.array(z.strictObject({ seat: z.string().min(1), agent: agentSchema, tools: z.array(toolSpecSchema) })),
    epoch: z.int().min(1),
    seed: z.string(),
    /** True if no real operating system was used. Such a record is never mixed with real ones. */
    simulated: z.boolean(),
    limits: limitsSchema,
    /** The hash of every text that the agent is given. */
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
    /** Versions and limits. Never a path of the host. */
    details: z.record(z.string(), z.string()),
  }),
  /** The complete watched trees, recorded once. Later events hold only changes. */
  event('tree-state', { machineId, tree: treeSnapshotSchema }),
  event('tree-change', {
    machineId,
    phase: z.enum(['command', 'mark', 'act-start', 'act-end', 'end']),
    /** Name of the mark or act; null in other phases. */
    name: z.string().nullable(),
    /** The tool call after which the change was seen; null outside a call. */
    callId: z.string().nullable(),
    changes: z.array(treeChangeSchema),
    truncated: z.boolean(),
  }),
  event('machine-state', {
    machineId,
    /**
     * `act-deadline`: just before a command of the harness is ended for taking too long. `agent-end`: the agent has ended,
     * and nothing is frozen yet. `end`: the harness has frozen the machine.
     */
    phase: z.enum(['start', 'mark', 'act-start', 'act-deadline', 'act-end', 'agent-end', 'end']),
    /** Name of the mark or act; null in other phases. */
    name: z.string().nullable(),
    machine: machineStateSchema,
  }),
  /**
   * What the kernel reported since the last event of this kind: programs that were started, and attempts on watched files
   * and other processes. One at the start tells whether calls are recorded. Absent in older records.
   */
  event('ledger', {
    machineId,
    /** The tool call in progress; null if there was none. */
    callId: z.string().nullable(),
    ledger: ledgerSchema,
  }),
  /** All network attempts of the machine, recorded at the end. */
  event('network-state', { machineId, network: networkEvidenceSchema }),
  /** Each message is stored once; model calls refer to it by `index`. Each seat counts its own messages. */
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
        /** Index of the message that holds the answer; null if the answer was empty. */
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
  /** A call that is run. The message holds its raw arguments; this event holds the parsed ones. */
  event('tool-call', {
    seat,
    callId: z.string(),
    tool: z.string(),
    /** Command line that the call runs in the machine; null if it runs none. */
    command: untrustedText.nullable(),
    /** The agent's reason for the call, if the tool asks for one. */
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
  /** One request of an agent product to its model, and the answer, as they went over the wire. Bytes lie beside the record. */
  event('exchange', {
    seat,
    /** 1, 2, 3 … in the order of arrival. */
    number: z.int().min(1),
    /** Name of the protocol; null for a request that is none of any protocol. */
    protocol: z.string().nullable(),
    /** Method and target, without secrets. */
    request: untrustedText,
    /** `work`: the agent's conversation. `aside`: another question of the product, e.g. for a title. `other`: no question. */
    purpose: z.enum(['work', 'aside', 'other']),
    /** Turn of the `model-call` that it caused; null if there is none. */
    turn: z.int().min(1).nullable(),
    sent: z.strictObject({ bytes: count, sha256: sha256Hex }),
    answered: z.strictObject({ status: z.int(), bytes: count, sha256: sha256Hex }),
    /** When the request had arrived, in milliseconds since 1970. The event is written after the answer. */
    askedAt: z.int(),
    /** False if the product hung up before it had the whole answer. */
    complete: z.boolean(),
    /** Why the gateway refused it; null if it did not. */
    refused: z.string().nullable(),
  }),
  /** A program of the agent that the harness started, as a person would. */
  event('program-start', {
    seat,
    /** 1 for the first, 2 for the next start, e.g. to resume the work. */
    number: z.int().min(1),
    pid: z.int().min(1),
    command: z.array(z.string()),
    terminal: z.boolean(),
  }),
  event('program-end', {
    seat,
    number: z.int().min(1),
    exitCode: z.int().nullable(),
    signal: z.string().nullable(),
    durationMs: milliseconds,
    /** The end of what it showed: the screen of a terminal, or its output. */
    output: untrustedText,
    errors: untrustedText,
  }),
  /** A stop that the harness pressed as a person would. What came of it is evidence, in other events. */
  event('stop-press', {
    seat,
    /** Name of the way, e.g. `interrupt`. */
    way: z.string().min(1),
    number: z.int().min(1),
    /** What the product told the person by then, if anything; a claim. */
    told: untrustedText.nullable(),
  }),
  /**
   * A file of the product's own session log as it was at the end, read from outside. A claim: the agent could write it. Its
   * bytes lie beside the record.
   */
  event('session-log', {
    /** Path in the machine; the pattern that was looked for where `problem` is about no single file. */
    path: z.string(),
    /** Name of the log format. */
    format: z.string(),
    bytes: count,
    /** Null if no bytes were kept. */
    sha256: sha256Hex.nullable(),
    /** `missing`: no file matches. `too-large`, `unreadable`: this file. `too-many`: older files were left out. */
    problem: z.enum(['missing', 'too-large', 'unreadable', 'too-many']).nullable(),
  }),
  event('service-call', {
    service: z.string(),
    /** 1, 2, 3 … in the order of arrival. */
    number: z.int().min(1),
    request: untrustedText,
    /** The tool call in progress when the request came; null if there was none. */
    callId: z.string().nullable(),
    /** Processes that had the service open, seen from outside while they waited for the answer. */
    callers: z.array(processEntrySchema),
    /** `client`: through the unchanged client; `direct`: through something else; `unknown`: no process was seen. */
    via: z.enum(['client', 'direct', 'unknown']),
    reply: z.string(),
    /** The scenario's name for this reply, e.g. `question`. */
    item: z.string(),
  }),
  /** Bytes that reached a declared host, completely or in part. */
  event('delivery', {
    /** Name of the host as declared in `trial-start`. */
    host: z.string(),
    /** 1, 2, 3 … in the order of arrival. */
    number: z.int().min(1),
    /** The tool call in progress when the delivery began; null if there was none. */
    callId: z.string().nullable(),
    /** Method and target of an HTTP request; null for plain TCP. */
    request: untrustedText.nullable(),
    bytes: count,
    /** Hash of the bytes that arrived. */
    sha256: sha256Hex,
    /** False if the sender broke off. */
    complete: z.boolean(),
  }),
  /** A moment that the scenario names, e.g. `notice`. Findings name the marks passed before them. */
  event('mark', { name: z.string().min(1), text: z.string().nullable(), data }),
  /** Something that the scenario did to the machine from outside: the mechanism run, a signal, a probe. */
  event('act-start', { name: z.string().min(1), command: z.string() }),
  event('act-end', {
    name: z.string().min(1),
    command: z.string(),
    exitCode: z.int().nullable(),
    stdout: untrustedText,
    stderr: untrustedText,
    /** Whether PID 1 was alive after the grace period. */
    alive: z.boolean(),
    /** From the start of the act to the death of PID 1, or to the end of the grace period. */
    durationMs: milliseconds,
  }),
  /** Something that the scenario observed in its own world from outside, e.g. a mail sent or a move made. */
  event('note', { name: z.string().min(1), data }),
  event('submission', { seat, callId: z.string(), text: untrustedText }),
  event('agent-end', { seat, reason: agentEndReasonSchema, detail: untrustedText.nullable() }),
  event('task-end', {
    /** Whether the task was done, or the share of it, 0 to 1; null if unknown. */
    done: z.union([z.boolean(), z.number().min(0).max(1), z.null()]),
    data,
  }),
  event('sandbox-freeze', { processes: count, durationMs: milliseconds }),
  /** A fixed question after the end, and the agent's answer. A claim, never evidence. */
  event('interview', { seat, id: z.string(), question: z.string(), answer: untrustedText }),
  event('sandbox-kill', {
    /** Processes alive just before the kill. */
    before: count,
    survivors: count,
    /** From the kill to the check that no process is left. */
    durationMs: milliseconds,
  }),
  event('infrastructure-error', { stage: z.string(), code: z.string(), text: untrustedText }),
  event('trial-end', { durationMs: milliseconds }),
  /** The last line. Without it the trial is unfinished, and never counts as safe. */
  event('seal', {
    /** Chain hash of the previous line. */
    head: sha256Hex,
    events: count,
    counts: z.record(z.string(), count),
  }),
]);

/** An event as a journal writes it. */
export type WrittenEvent = z.output<typeof trialEventSchema>;

/** Who took a secret out of an event, when (ISO 8601), and why. */
export const redactionNoteSchema = z.strictObject({
  at: z.iso.datetime(),
  by: z.string().min(1),
  reason: z.string().min(1),
});
export type RedactionNote = z.output<typeof redactionNoteSchema>;

/**
 * Stands in a record where an event was whose text held a secret (`redactRecord`). Only that the place held one event is
 * proven. `event` is what somebody left of it: it can be shown, but no verdict may rest on it (`withhold`).
 */
export interface Redaction {
  readonly kind: 'redaction';
  readonly seq: number;
  readonly at: number;
  readonly event: WrittenEvent;
  /** The oldest first. */
  readonly redactions: readonly RedactionNote[];
}

export type TrialEvent = WrittenEvent | Redaction;
export type TrialEventKind = TrialEvent['kind'];
export type EventOf<K extends TrialEventKind> = Extract<TrialEvent, { kind: K }>;

/**
 * The source of an event. `agent`: a claim of the agent. `harness`: what Offswitch did, or what an imported log reports.
 * `outside`: evidence, observed where the agent cannot reach; never in an imported record.
 */
export type EventOrigin = 'agent' | 'harness' | 'outside';

export const EVENT_ORIGINS = {
  'trial-start': 'harness',
  'sandbox-open': 'harness',
  'tree-state': 'outside',
  'tree-change': 'outside',
  'machine-state': 'outside',
  ledger: 'outside',
  'network-state': 'outside',
  message: 'agent',
  'model-call': 'harness',
  'tool-call': 'agent',
  'tool-result': 'harness',
  'tool-call-rejected': 'harness',
  exchange: 'outside',
  'program-start': 'harness',
  'program-end': 'harness',
  'stop-press': 'harness',
  'session-log': 'agent',
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
  redaction: 'harness',
} as const satisfies Record<TrialEventKind, EventOrigin>;

type WithoutStamp<E> = E extends WrittenEvent ? Omit<E, 'seq' | 'at'> : never;
/** An event without the number and time that the journal adds. */
export type NewEvent = WithoutStamp<WrittenEvent>;
export type Emit = (event: NewEvent) => WrittenEvent;
