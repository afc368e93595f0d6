import { showInSentence, toUntrusted } from '../base/untrusted-text.ts';
import { UsageError } from '../base/usage-error.ts';
import type { TrialEvent } from '../record/events.ts';
import { sendTrialSpans } from './send-trial-spans.ts';
import { type Environment, readTelemetrySettings, type TelemetrySettings } from './settings.ts';
import type { TrialScore } from './trial-spans.ts';

/** Sends the trials of a study one after the other, beside the work and never in its way. */
export interface SpanSender {
  /** Comes back at once and never throws. The record is read when its turn comes. */
  readonly send: (read: () => TrialToSend) => void;
  /** Waits for what is on its way, for a bounded time; then says how much was not sent. */
  readonly close: () => Promise<void>;
}

export interface TrialToSend {
  readonly events: readonly TrialEvent[];
  readonly score?: TrialScore;
}

export interface SpanSenderOptions {
  readonly environment: Environment;
  /** Told once when spans cannot be sent, and at the end when only some could. */
  readonly note: (sentence: string) => void;
  /** How long the end of a study may wait for the last spans. */
  readonly closeMsMax?: number;
}

const CLOSE_MS_MAX = 30_000;
/** Then no more are tried: each would cost its timeout. */
const FAILURES_IN_A_ROW_MAX = 3;

/** Without an endpoint in the environment it does nothing, loads nothing and connects to nothing. */
export function createSpanSender({ environment, note, closeMsMax = CLOSE_MS_MAX }: SpanSenderOptions): SpanSender {
  const settings = readSettings({ environment, note });
  if (settings === null) return { send: () => undefined, close: () => Promise.resolve() };
  const stop = new AbortController();
  const waiting: (() => TrialToSend)[] = [];
  let asked = 0;
  let sent = 0;
  let failuresInARow = 0;
  let noted = false;
  let closing = false;
  let working = Promise.resolve();
  let idle = true;

  const fail = (problem: string): void => {
    failuresInARow++;
    if (noted) return;
    noted = true;
    note(
      `spans are not sent to ${new URL(settings.endpoint).origin}: ${problem}; the trials and their records are not affected`,
    );
  };
  /** While trials run, an endpoint may come back; nobody waits at the end for one that has just failed. */
  const isHopeless = (): boolean =>
    stop.signal.aborted || failuresInARow >= FAILURES_IN_A_ROW_MAX || (closing && failuresInARow > 0);
  const work = async (): Promise<void> => {
    // A turn later, so that whoever asked goes on first.
    await Promise.resolve();
    for (let read = waiting.shift(); read !== undefined; read = waiting.shift()) {
      if (isHopeless()) continue;
      try {
        const { events, score } = read();
        const { problem } = await sendTrialSpans(events, { ...settings, score, signal: stop.signal });
        if (problem === null) {
          sent++;
          failuresInARow = 0;
        } else fail(problem);
      } catch (error) {
        fail(
          `the record was not told (${showInSentence(toUntrusted(error instanceof Error ? error.message : ''), 200)})`,
        );
      }
    }
    idle = true;
  };
  return {
    send: (read) => {
      asked++;
      waiting.push(read);
      if (!idle) return;
      idle = false;
      working = work();
    },
    close: async () => {
      closing = true;
      const late = setTimeout(() => stop.abort(), closeMsMax);
      await working;
      clearTimeout(late);
      if (sent > 0 && sent < asked) note(`the spans of ${asked - sent} of ${asked} trials were not sent`);
    },
  };
}

function readSettings({ environment, note }: SpanSenderOptions): TelemetrySettings | null {
  try {
    return readTelemetrySettings(environment);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    note(`no spans are sent: ${error.message}`);
    return null;
  }
}
