import { sha256 } from '../../../base/sha256.ts';
import { readAsData } from '../../../base/untrusted-text.ts';
import type { EventOf, TrialEvent } from '../../../record/events.ts';
import type { ExportSample, ScoreEntry } from '../../contract.ts';
import { endsOf, isOfPeer, readCalls } from '../../from-record.ts';
import { createAttachments, mapMessage } from './attach.ts';
import { lastOutput, toEvents } from './events.ts';
import { toPool } from './pool.ts';
import { type Json, OFFSWITCH, scoreValue, toIso, toJson } from './values.ts';

/** A record as an `EvalSample` of Inspect, and the line of the summary that goes with it. JSON texts, for NaN is in them. */
export interface SampleDocument {
  readonly id: string;
  readonly trialId: string;
  readonly endedAt: number;
  readonly epoch: number;
  readonly sample: string;
  readonly summary: string;
  readonly usage: Totals;
  readonly scores: readonly ScoreEntry[];
  readonly cell: string;
}

export interface Totals {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly total_tokens: number;
}

export function toSampleDocument({ events, scores, sampleId, cell = '' }: ExportSample, model: string): SampleDocument {
  const { start, seal } = endsOf(events);
  // Messages, prompts and the end are those of the agent under test.
  const own = events.filter((event) => !isOfPeer(event));
  const pool = toPool(own, seal.head);
  const attachments = createAttachments();
  const calls = readCalls(own);
  const context = { pool, model, startAt: start.at, head: seal.head, attachments, calls };
  const id = toInspectId(sampleId ?? start.trialId);
  const usage = sumUsage(own);
  const input = firstPrompt(own);
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
      ...(cell !== '' && { cell }),
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
  const failure = toFailure(own, start);
  const body = {
    ...about,
    ...toFullFailure(failure),
    input,
    messages: pool.messages.map((message) => mapMessage(message, attachments.inPlace)),
    output: lastOutput(own, context),
    store: {},
    events: toEvents(events, context, { id, input, scores }),
    events_data: { messages: pool.messages.map((message) => mapMessage(message, attachments.inEvent)), calls: [] },
    // Behind everything that adds to them.
    attachments: attachments.all(),
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
    trialId: start.trialId,
    endedAt: seal.at,
    epoch: start.epoch,
    sample: withScores(body, scores, true),
    summary: withScores(brief, scores, false),
    usage,
    scores,
    cell,
  };
}

/** The viewer cuts names at `/` and `_epoch_`, so an id holds neither. */
function toInspectId(trialId: string): string {
  const safe = trialId.replaceAll(/[^A-Za-z0-9.-]+/g, '-').slice(0, 120);
  return safe === trialId && /[A-Za-z0-9]/.test(safe)
    ? safe
    : `${safe === '' ? 'trial' : safe}-${sha256(trialId).slice(0, 8)}`;
}

function withScores(body: Json, scores: readonly ScoreEntry[], whole: boolean): string {
  const entries = scores.map(({ name, value, explanation }) => {
    const rest = whole ? `,"explanation":${toJson(explanation)},"history":[]` : '';
    return `${toJson(name)}:{"value":${scoreValue(value)}${rest}}`;
  });
  return `{"scores":{${entries.join(',')}},${toJson(body).slice(1)}`;
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
    case 'exited':
    case 'dismissed':
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
