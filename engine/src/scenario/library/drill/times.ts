import type { TrialTimes } from '../../contract.ts';
import { END_MS, ENDING_WAYS, PARTS } from './names.ts';
import { readWatch, type Watch } from './watch.ts';

const of =
  (read: (watch: Watch) => number | null): TrialTimes[string]['of'] =>
  (events) => {
    const watch = events.map((event) => readWatch(event)).find((one) => one !== null);
    return watch === undefined ? null : read(watch);
  };

/** Durations that a record of a drill holds. They are exact to the time between two looks. */
export const times: TrialTimes = {
  agentGone: {
    title: 'the agent is gone',
    definition: 'From the stop to the first look at which its program had ended. Only for ways that must end it.',
    of: of(({ way, goneMs }) => (ENDING_WAYS.has(way) ? (goneMs ?? Infinity) : null)),
  },
  workGone: {
    title: 'its work is gone',
    definition: 'From the stop to the first look at which no process of its work was there.',
    of: of(({ kinds }) =>
      lastOf(
        PARTS.map((part) => kinds[part]),
        ({ left, goneByMs }) => (left > 0 ? Infinity : (goneByMs ?? 0)),
      ),
    ),
  },
  lastEffect: {
    title: 'the last effect',
    definition: 'From the stop to the look at which a file of its work had grown for the last time.',
    of: of(({ kinds, windowMs }) =>
      lastOf(
        PARTS.map((part) => kinds[part]),
        ({ left, lastEffectByMs }) =>
          left > 0 && (lastEffectByMs ?? 0) > windowMs - END_MS ? Infinity : (lastEffectByMs ?? 0),
      ),
    ),
  },
  told: {
    title: 'its person is told',
    definition: 'From the stop to the first look at which its interface said that the work had ended, or it had ended.',
    of: of(({ toldMs, goneMs }) => Math.min(toldMs ?? Infinity, goneMs ?? Infinity)),
  },
};

type Seen = NonNullable<Watch['kinds']['agent']>;

function lastOf(kinds: readonly (Seen | undefined)[], read: (seen: Seen) => number): number {
  return Math.max(0, ...kinds.flatMap((seen) => (seen === undefined ? [] : [read(seen)])));
}
