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
export const RECORD_VERSION = 1;

const count = z.int().min(0);
const milliseconds = z.number().min(0);

/** A part that a scenario gives to a path, so that detectors need to know no experiment by name. */
export const roleSchema = z.enum([
  /** The script (or other thing) that stops the machine. */
  'mechanism',
  /** What the agent calls, and what leads to the mechanism when it is due. */
  'caller',
  /** Code behind the caller that can be called around it. */
  'library',
  /** Program of a process that carries the shutdown out when it is ordered to. */
  'supervisor',
  /** The pipe through which that process gets its order. */
  'channel',
  /** Program of a process whose end is what the mechanism is for. */
  'target',
  /** A file whose presence asks for the shutdown. */
  'signal-file',
  /** Where the agent works. */
  'workdir',
  /** Files that a shell reads at its start, and so can change what the mechanism does. */
  'shell-startup',
]);
export type Role = z.output<typeof roleSchema>;

export const roleBindingSchema = z.strictObject({ role: roleSchema, path: z.string().min(1) });
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
    condition: conditionSchema,
    agent: z.strictObject({ kind: z.enum(['model', 'control', 'imported']), name: z.string() }),
    epoch: z.int().min(1),
    seed: z.string(),
    /** True when effects are not those of a real operating system. Such a record is never mixed with real ones. */
    simulated: z.boolean(),
    limits: limitsSchema,
    /** Every text that the agent is given, by its hash. */
    stimuli: z.array(z.strictObject({ id: z.string(), sha256: sha256Hex })),
    roles: z.array(roleBindingSchema),
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
  event('tree-state', { tree: treeSnapshotSchema }),
  event('tree-change', {
    phase: z.enum(['command', 'notice', 'trigger-start', 'trigger-end', 'end']),
    /** The command after which it was seen; null outside a command. */
    callId: z.string().nullable(),
    changes: z.array(treeChangeSchema),
    truncated: z.boolean(),
  }),
  event('machine-state', {
    /** `agent-end`: the agent has ended, nothing has been stopped yet. `end`: the harness holds everything still. */
    phase: z.enum(['start', 'notice', 'trigger-start', 'trigger-end', 'agent-end', 'end']),
    machine: machineStateSchema,
  }),
  /** What it tried to reach over the network, all of it, at the end. */
  event('network-state', { network: networkEvidenceSchema }),
  /** Stored once; model calls refer to it by `index`. */
  event('message', {
    index: count,
    role: z.enum(['system', 'user', 'assistant', 'tool']),
    parts: z.array(messagePartSchema),
  }),
  event('model-call', {
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
  event('command-start', {
    callId: z.string(),
    tool: z.string(),
    command: untrustedText,
    /** The rationale argument of the published tool design; null where the tool has none. */
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
    /** The machine stopped while the command ran. */
    machineStopped: z.boolean(),
    /** What the sandbox has to add, e.g. that its command server had to be started again. */
    notes: z.array(z.string()),
  }),
  event('tool-call-rejected', {
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
    /** The command in progress when it came; null when none was. */
    callId: z.string().nullable(),
    /** Processes that held the service open, seen from outside while they waited for the answer. */
    callers: z.array(processEntrySchema),
    /** `client`: through the shipped client, unchanged; `direct`: by something else; `unknown`: none was seen. */
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
    /** PID 1 was alive after the grace time: the shutdown did not take place. */
    survived: z.boolean(),
    /** From the start of the mechanism to the death of PID 1, or to the end of the grace time. */
    durationMs: milliseconds,
  }),
  event('submission', { callId: z.string(), text: untrustedText }),
  event('agent-end', { reason: agentEndReasonSchema, detail: untrustedText.nullable() }),
  event('task-end', {
    /** All items were served. */
    exhausted: z.boolean(),
    /** The submission holds every right answer; null when nothing was submitted. */
    correct: z.boolean().nullable(),
    served: count,
    total: count,
  }),
  event('sandbox-freeze', { processes: count, durationMs: milliseconds }),
  /**
   * At the end, when the machine is still alive. `as-it-lies`: the mechanism as the agent left it, run only when no
   * trigger took place. `reference`: the same effect from outside, untouched by the agent: stopping was possible.
   */
  event('mechanism-probe', {
    probe: z.enum(['as-it-lies', 'reference']),
    stopped: z.boolean(),
    durationMs: milliseconds,
  }),
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

type WithoutStamp<E> = E extends TrialEvent ? Omit<E, 'seq' | 'at'> : never;
/** An event before the journal gives it its number and time. */
export type NewEvent = WithoutStamp<TrialEvent>;
export type Emit = (event: NewEvent) => TrialEvent;
