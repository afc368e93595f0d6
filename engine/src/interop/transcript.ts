import { createHash } from 'node:crypto';
import { basename } from 'node:path';

import { streamPlainFile } from '../base/read-plain-file.ts';
import { sha256 } from '../base/sha256.ts';
import { readAsData, showOnTerminal, toUntrusted, type UntrustedText } from '../base/untrusted-text.ts';
import {
  type AgentEndReason,
  type Condition,
  type EventOf,
  type MessagePart,
  RECORD_FORMAT,
  RECORD_VERSION,
  type RoleBinding,
  type ToolSpec,
  type TrialLimits,
  type Usage,
} from '../record/events.ts';
import type {
  ForeignEvent,
  ImportedEvent,
  ImportedSample,
  NoticePattern,
  ReadLogOptions,
  ScoreEntry,
} from './contract.ts';
import { limitsOf } from './limits.ts';
import { tooLarge, unreadable } from './log-error.ts';
import { type ReadToolCall, readToolCall } from './tool-calls.ts';

/**
 * What all readers share, and the one place where events of imported records are made: numbering of messages, call ids
 * that are unique, notices, and the list of what was left out.
 */
export interface Transcript {
  /** Stores a message and returns its index; one with a key that was seen before is not stored again. */
  readonly say: (message: SaidMessage) => number;
  /** Index of the message with this key; null: there is none yet. */
  readonly find: (key: string) => number | null;
  readonly modelCall: (call: SaidModelCall, at: number | null) => void;
  /** A command, a submission, or a call of another tool, which runs no command. */
  readonly startCall: (call: SaidCall, at: number | null) => ReadToolCall['is'];
  readonly endCommand: (result: CommandResult, at: number | null) => void;
  /** A call that ran no command came back. */
  readonly endOther: (callId: string, durationMs: number, at: number | null) => void;
  /** The tokens of the last model call, told after it. False: it has its own, or there is no call. */
  readonly lateUsage: (usage: Usage) => boolean;
  readonly emit: (event: Exclude<ImportedEvent, { kind: 'trial-start' | 'message' }>, at: number | null) => void;
  /** Why the agent stopped; null: the log does not say, and no `agent-end` is written. */
  readonly endAgent: (reason: AgentEndReason | null, detail?: string | null) => void;
  /** A call id that no earlier call of the trial has; the given one where possible. */
  readonly freshCallId: (given: string) => string;
  /** Keeps an event of the log as it is, and says that it has no kind in a record. */
  readonly keepForeign: (kind: string, value: unknown, at: number | null) => void;
  /** Keeps what the record cannot hold of something that it holds. */
  readonly keepRest: (kind: string, value: unknown, at: number | null) => void;
  /** Something that was left out. Counted: the sentence is made at the end. */
  readonly leaveOut: (what: string, why: string) => void;
  readonly messageCount: () => number;
  readonly lastTime: () => number;
  readonly finish: (about: TrialAbout) => ImportedSample;
}

export interface SaidModelCall {
  readonly model: string;
  readonly parameters?: Record<string, unknown>;
  /** Ranges of indexes of messages. */
  readonly prompt: readonly { readonly from: number; readonly to: number }[];
  /** Why it failed, in words of the log. */
  readonly failure?: string | null;
  /** Null: none came. What the log does not tell is left out. */
  readonly answer: Partial<Omit<NonNullable<EventOf<'model-call'>['answer']>, 'costUsd'>> | null;
  readonly durationMs?: number;
}

export interface SaidCall {
  readonly callId: string;
  readonly tool: string;
  readonly input: unknown;
}

export interface CommandResult {
  readonly callId: string;
  /** What the agent was given of it. */
  readonly text: string;
  readonly timedOut?: boolean;
  readonly truncated?: boolean;
  readonly durationMs: number;
  readonly machineStopped?: boolean;
  /** Where the log tells it. */
  readonly exitCode?: number | null;
  /** By whom, the log does not say. */
  readonly interrupted?: boolean;
  /** The log calls it a failure, of the command or of the tool. */
  readonly failed?: boolean;
}

export const UNKNOWN_USAGE: Usage = {
  inputTokens: null,
  outputTokens: null,
  reasoningTokens: null,
  cachedInputTokens: null,
};

export interface SaidMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly parts: readonly MessagePart[];
  readonly at: number | null;
  /** Null: always a new message. */
  readonly key: string | null;
}

/** The head of the trial, known at the end at the latest. */
export interface TrialAbout {
  readonly id: string;
  /** Made safe and unique here. */
  readonly trialName: string;
  readonly scenario: string;
  readonly version: string;
  readonly agent: string;
  readonly software: Readonly<Record<string, string>>;
  readonly startedAt: number | null;
  readonly epoch?: number;
  readonly condition?: Condition;
  readonly limits?: Partial<TrialLimits>;
  readonly roles?: readonly RoleBinding[];
  readonly tools?: readonly ToolSpec[];
  readonly scores?: readonly ScoreEntry[];
}

/** Notes of a `tool-result`. */
export const INTERRUPTED = 'imported: it was interrupted';
export const FAILED = 'imported: the log calls it a failure';

/** A limit that the log does not tell: the largest number there is. */
const UNKNOWN = Number.MAX_SAFE_INTEGER;
const UNKNOWN_LIMITS: TrialLimits = {
  turnsMax: UNKNOWN,
  tokensMax: UNKNOWN,
  durationMsMax: UNKNOWN,
  costUsdMax: UNKNOWN,
  commandMsMax: UNKNOWN,
  outputBytesMax: UNKNOWN,
  idleTurnsMax: UNKNOWN,
};

export function createTranscript(options: ReadLogOptions): Transcript {
  const { eventsMax, foreignBytesMax, expandedCharactersMax } = limitsOf(options);
  const notices = (options.notices ?? []).map(toNoticeTest);
  const events: ImportedEvent[] = [];
  const times: number[] = [];
  const keys = new Map<string, number>();
  const callIds = new Set<string>();
  /** The number that the next call of the same id gets: one look for each call, however often an id is repeated. */
  const nextNumbers = new Map<string, number>();
  const leftOut = new Map<string, { count: number; readonly what: string; readonly why: string }>();
  const foreign: ForeignEvent[] = [];
  const stimuli: { id: string; sha256: string }[] = [];
  let foreignBytes = 0;
  let textBytes = 0;
  let messages = 0;
  let turn = 0;
  let lastCall = -1;
  let last = 0;

  const push = (event: ImportedEvent, at: number | null): void => {
    if (events.length >= eventsMax) throw tooLarge('a sample', `${eventsMax} events`, 'more');
    last = at ?? last;
    events.push(event);
    times.push(last);
  };
  const leaveOut = (what: string, why: string): void => {
    const entry = leftOut.get(what);
    if (entry === undefined) leftOut.set(what, { count: 1, what, why });
    else entry.count++;
  };
  // A log is small where it refers to one text many times; the record would hold the text each time.
  const countText = (characters: number): void => {
    textBytes += characters;
    if (textBytes > expandedCharactersMax)
      throw tooLarge('all texts of a sample', `${expandedCharactersMax} characters`, 'more');
  };
  const announce = (parts: readonly MessagePart[], at: number | null): void => {
    if (notices.length === 0) return;
    for (const part of parts) {
      if (part.type !== 'tool-result' && part.type !== 'text') continue;
      const output = readAsData(part.text);
      for (const { text, test } of notices) {
        if (test(output)) push({ kind: 'mark', name: 'notice', text, data: {} }, at);
      }
    }
  };
  const say = ({ role, parts, at, key }: SaidMessage): number => {
    const seen = key === null ? undefined : keys.get(key);
    if (seen !== undefined) return seen;
    countText(parts.reduce((sum, part) => sum + lengthOf(part), 0));
    if (role !== 'assistant') announce(parts, at);
    const index = messages++;
    if (key !== null) keys.set(key, index);
    if (role === 'system' || role === 'user') stimuli.push({ id: `message-${index}`, sha256: sha256(textOf(parts)) });
    push({ kind: 'message', index, role, parts: [...parts] }, at);
    return index;
  };
  const modelCall: Transcript['modelCall'] = (call, at) => {
    const { model, parameters = {}, prompt, failure = null, answer, durationMs = 0 } = call;
    const error = failure === null ? null : { code: 'imported', text: toUntrusted(failure) };
    const unknown = { message: null, model: null, responseId: null, finishReason: 'other', rawFinishReason: null };
    lastCall = events.length;
    push(
      {
        kind: 'model-call',
        turn: ++turn,
        requested: { model, parameters },
        prompt: [...prompt],
        attempts: error === null ? [] : [{ durationMs, status: null, error }],
        answer: answer === null ? null : { ...unknown, usage: UNKNOWN_USAGE, costUsd: null, warnings: [], ...answer },
        durationMs: toDuration(durationMs),
      },
      at,
    );
  };
  const startCall: Transcript['startCall'] = ({ callId, tool, input }, at) => {
    const call = readToolCall(tool, input);
    if (call.is === 'command') {
      countText(call.command.length);
      const reason = call.thoughts === null ? null : toUntrusted(call.thoughts);
      push({ kind: 'tool-call', callId, tool, command: toUntrusted(call.command), reason }, at);
    } else if (call.is === 'submission') {
      countText(call.text.length);
      push({ kind: 'submission', callId, text: toUntrusted(call.text) }, at);
    } else push({ kind: 'tool-call', callId, tool, command: null, reason: null }, at);
    return call.is;
  };
  const lateUsage: Transcript['lateUsage'] = (usage) => {
    const event = events[lastCall];
    if (event?.kind !== 'model-call' || event.answer === null) return false;
    if (Object.values(event.answer.usage).some((tokens) => tokens !== null)) return false;
    events[lastCall] = { ...event, answer: { ...event.answer, usage } };
    return true;
  };
  const endCommand: Transcript['endCommand'] = ({ callId, text, durationMs, exitCode = null, ...result }, at) => {
    const { timedOut = false, truncated = false, machineStopped = false, interrupted = false, failed = false } = result;
    const unknown = exitCode === null ? 'the exit code is not known; ' : '';
    const notes = [
      `imported: ${unknown}bytes are those of the text that the agent was given`,
      ...(interrupted ? [INTERRUPTED] : []),
      ...(failed ? [FAILED] : []),
    ];
    const bytes = { stdoutBytes: Buffer.byteLength(text), stderrBytes: 0 };
    const run = { exitCode, timedOut, truncated, ...bytes, machineStopped, notes };
    push({ kind: 'tool-result', callId, run, durationMs: toDuration(durationMs) }, at);
  };
  const endAgent: Transcript['endAgent'] = (reason, detail = null) => {
    if (reason === null) leaveOut('end of the agent', 'the log does not say why it came: no agent-end is written');
    else push({ kind: 'agent-end', reason, detail: detail === null ? null : toUntrusted(detail) }, null);
  };
  const freshCallId = (given: string): string => {
    let callId = given;
    let number = nextNumbers.get(given) ?? 2;
    while (callIds.has(callId)) callId = `${given}~${number++}`;
    nextNumbers.set(given, number);
    callIds.add(callId);
    return callId;
  };
  const keep = (whole: boolean, kind: string, value: unknown, at: number | null): void => {
    const json = JSON.stringify(value) ?? 'null';
    const what = `${whole ? 'event' : 'rest of one'} of kind "${show(kind)}"`;
    const why = `has no ${whole ? 'kind' : 'place'} in a record`;
    if (foreignBytes + json.length > foreignBytesMax) {
      leaveOut(`${what} past the limit`, `${why}, and more than ${foreignBytesMax} bytes of such were there: left out`);
      return;
    }
    foreignBytes += json.length;
    leaveOut(what, `${why}: kept beside it as it was`);
    foreign.push({ kind, whole, at, after: events.length - 1, json: toUntrusted(json) });
  };
  const finish = (about: TrialAbout): ImportedSample => {
    const start: Extract<ImportedEvent, { kind: 'trial-start' }> = {
      kind: 'trial-start',
      format: RECORD_FORMAT,
      version: RECORD_VERSION,
      trialId: toSafeName(about.trialName),
      scenario: {
        name: about.scenario,
        version: about.version,
        sha256: sha256(stimuli.map((text) => text.sha256).join('\n')),
      },
      scoredBy: options.scoredBy,
      condition: about.condition ?? {},
      agent: { kind: 'imported', name: about.agent },
      peers: [],
      epoch: about.epoch ?? 1,
      seed: '',
      simulated: false,
      limits: { ...UNKNOWN_LIMITS, ...about.limits },
      stimuli,
      roles: [...(options.roles ?? about.roles ?? [])],
      hosts: [],
      tools: [...(about.tools ?? [])],
      software: { ...about.software, 'source-id': cut(about.id, 500), evidence: NO_EVIDENCE },
    };
    const startedAt = about.startedAt ?? times.find((time) => time > 0) ?? 0;
    return {
      id: toUntrusted(about.id),
      epoch: start.epoch,
      trialId: start.trialId,
      events: [start, ...events],
      times: [startedAt, ...times.map((time) => (time === 0 ? startedAt : time))],
      scores: about.scores ?? [],
      unmapped: [...leftOut.values()].map(({ count, what, why }) => `${count} × ${what}: ${why}.`),
      foreign: foreign.map((entry) => ({ ...entry, after: entry.after + 1 })),
    };
  };
  return {
    say,
    find: (key) => keys.get(key) ?? null,
    modelCall,
    startCall,
    endCommand,
    endOther: (callId, durationMs, at) =>
      push({ kind: 'tool-result', callId, run: null, durationMs: toDuration(durationMs) }, at),
    lateUsage,
    emit: push,
    endAgent,
    freshCallId,
    keepForeign: (kind, value, at) => keep(true, kind, value, at),
    keepRest: (kind, value, at) => keep(false, kind, value, at),
    leaveOut,
    messageCount: () => messages,
    lastTime: () => last,
    finish,
  };
}

/** Content of a message as many formats have it: a text, or parts of which a record holds the texts. */
export function toTextParts(
  { keepRest }: Pick<Transcript, 'keepRest'>,
  content: string | readonly { readonly type: string; readonly text?: string | null | undefined }[] | null | undefined,
): MessagePart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: toUntrusted(content) }];
  return (content ?? []).flatMap((part): MessagePart[] => {
    if (typeof part.text === 'string') return [{ type: 'text', text: toUntrusted(part.text) }];
    // A picture, a file: a record holds texts only.
    keepRest('content', part, null);
    return [];
  });
}

/** Stands in every imported record, so that no reader of it takes silence for safety. */
export const NO_EVIDENCE = 'none: a transcript only, nothing was seen from outside the agent';

/** Where an imported trial came from, for `trial-start.software`. Never a folder of this machine. */
export async function sourceOf(reader: string, path: string): Promise<Record<string, string>> {
  const hash = createHash('sha256');
  try {
    for await (const block of streamPlainFile(path)) hash.update(block);
  } catch (error) {
    throw unreadable(path, error);
  }
  return { 'imported-from': reader, 'source-file': basename(path), 'source-sha256': hash.digest('hex') };
}

interface NoticeTest {
  readonly text: string;
  readonly test: (output: string) => boolean;
}

function toNoticeTest({ text, by }: NoticePattern): NoticeTest {
  if (by === 'contains') {
    const wanted = foldSpaces(text);
    return { text, test: (output) => wanted !== '' && foldSpaces(output).includes(wanted) };
  }
  if ('sha256' in by)
    return { text, test: (output) => sha256(output) === by.sha256 || sha256(output.trimEnd()) === by.sha256 };
  // A global or sticky expression would remember where it stopped in another text.
  const pattern = new RegExp(by.pattern.source, by.pattern.flags.replaceAll(/[gy]/g, ''));
  return { text, test: (output) => pattern.test(output) };
}

function foldSpaces(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function lengthOf(part: MessagePart): number {
  return readAsData(part.type === 'tool-call' ? part.input : part.text).length;
}

function textOf(parts: readonly MessagePart[]): string {
  return parts.map((part) => (part.type === 'text' ? readAsData(part.text) : '')).join('\n');
}

/** A name from a log as it may stand in a file name: letters, digits, `.`, `_`, `-`; a hash tells apart what had to change. */
export function toSafeName(name: string): string {
  const safe = name
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 100);
  return safe === name && safe !== '' ? safe : `${safe === '' ? 'trial' : safe}-${sha256(name).slice(0, 8)}`;
}

/** Text of a log inside a sentence of ours: cut, control characters visible. */
export function show(text: string | UntrustedText): string {
  return cut(showOnTerminal(typeof text === 'string' ? toUntrusted(text) : text), 120);
}

export function cut(text: string, charactersMax: number): string {
  // The cut may fall into a surrogate pair.
  return text.length > charactersMax ? `${text.slice(0, charactersMax - 1).toWellFormed()}…` : text;
}

/** Milliseconds since 1970 of an ISO 8601 text; null when it is none. */
export function toTime(text: string | null | undefined): number | null {
  if (text === null || text === undefined) return null;
  const at = Date.parse(text);
  return Number.isFinite(at) && at >= 0 ? at : null;
}

/** A log may name a time that no number holds once it is in milliseconds. */
function toDuration(durationMs: number): number {
  return Number.isFinite(durationMs) && durationMs >= 0 ? durationMs : 0;
}

/** A count as a log gives it; null for anything that is none. */
export function toCount(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
