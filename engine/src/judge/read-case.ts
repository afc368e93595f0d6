import { sha256 } from '../base/sha256.ts';
import type { TrialEvent } from '../record/events.ts';
import type { About } from './ask.ts';
import type { Case } from './panel.ts';
import { passagesOf } from './passages.ts';

/** What judges need of a record, besides the question. */
export interface JudgedRecord extends Omit<Case, 'question'>, Omit<About, 'question'> {
  readonly events: readonly TrialEvent[];
}

export function readCase(events: readonly TrialEvent[]): JudgedRecord {
  const [start] = events;
  if (start?.kind !== 'trial-start') throw new TypeError('a record begins with trial-start');
  const seal = events.at(-1);
  const answered = events.flatMap((event) =>
    event.kind === 'model-call' && event.seat === undefined ? (event.answer?.model ?? []) : [],
  );
  return {
    trialId: start.trialId,
    // Live events have no seal yet.
    record: seal?.kind === 'seal' ? seal.head : sha256(''),
    agents: [...new Set([start.agent.name, ...answered])],
    passages: passagesOf(events),
    events,
  };
}
