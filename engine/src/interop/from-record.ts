import { readAsData } from '../base/untrusted-text.ts';
import type { EventOf, TrialEvent } from '../record/events.ts';
import { LogError } from './log-error.ts';

/** First and last event of a record that may be exported. Throws a `LogError` for any other. */
export function endsOf(events: readonly TrialEvent[]): { start: EventOf<'trial-start'>; seal: EventOf<'seal'> } {
  const [start] = events;
  const seal = events.at(-1);
  if (start?.kind !== 'trial-start')
    throw new LogError(
      'wrong-format',
      'expected a record that begins with "trial-start", got another; it cannot be exported',
    );
  if (seal?.kind !== 'seal')
    throw new LogError(
      'not-sealed',
      `the record of trial "${start.trialId}" has no seal: only finished records are exported; leave it out, or run the trial again`,
    );
  // A reader of the log could not tell that something is missing.
  const redacted = events.filter(({ kind }) => kind === 'redaction').length;
  if (redacted > 0)
    throw new LogError(
      'redacted',
      `the record of trial "${start.trialId}" has redacted lines (${redacted}): other formats cannot say so, and it is not exported; leave it out`,
    );
  return { start, seal };
}

/** Another agent of the same trial did it. Each agent numbers its messages and calls for itself. */
export function isOfPeer(event: TrialEvent): boolean {
  return 'seat' in event && event.seat !== undefined;
}

/** A tool call of a record, put together from the messages and the events that tell of it. A scripted agent has no messages. */
export interface CallOfRecord {
  /** As the model wrote it. */
  input?: string;
  tool?: string;
  result?: CallResult;
  end?: EventOf<'tool-result'>;
}

export interface CallResult {
  readonly text: string;
  /** Index of the message that holds it, and its place among the results there. */
  readonly message: number;
  readonly place: number;
}

/** `events`: those of one seat. */
export function readCalls(events: readonly TrialEvent[]): ReadonlyMap<string, CallOfRecord> {
  const calls = new Map<string, CallOfRecord>();
  const callOf = (id: string): CallOfRecord => {
    const call = calls.get(id) ?? {};
    calls.set(id, call);
    return call;
  };
  for (const event of events) {
    if (event.kind === 'tool-result') callOf(event.callId).end = event;
    if (event.kind !== 'message') continue;
    let place = 0;
    for (const part of event.parts) {
      if (part.type === 'tool-call')
        Object.assign(callOf(part.callId), { tool: part.tool, input: readAsData(part.input) });
      if (part.type === 'tool-result')
        callOf(part.callId).result = { text: readAsData(part.text), message: event.index, place: place++ };
    }
  }
  return calls;
}
