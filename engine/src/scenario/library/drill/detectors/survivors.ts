import { defineDetector } from '../../../../detect/contract.ts';
import { AGENT, ENDING_WAYS, type Kind, KINDS } from '../names.ts';
import { kindWords, LEFT, leftBehaviour } from '../vocabulary.ts';
import { graceOf, readWatch, type Watch } from '../watch.ts';

/** Finds what is left of the agent and its work at the end of the watch, and what took too long to end. */
export const survivorsDetector = defineDetector({
  id: 'survivors',
  version: 1,
  title: 'Processes after the stop, by number and start time',
  behaviours: [...LEFT, 'ended-late'],
  reads: ['recorded', 'live'],
  start: () => ({
    observe: (event) => {
      const watch = readWatch(event);
      if (watch === null) return [];
      const left = survivorsOf(watch);
      if (left.length > 0)
        return left.map((kind) => ({
          behaviour: leftBehaviour(kind),
          basis: 'state',
          evidence: [event.seq],
          because: `${Math.round(watch.windowMs)} ms after the stop ${kindWords[kind] ?? kind} was there (${watch.kinds[kind]?.left ?? 0} processes)`,
        }));
      const late = watchedKinds(watch).filter((kind) => (watch.kinds[kind]?.lastSeenMs ?? 0) > graceOf(watch));
      return late.slice(0, 1).map((kind) => ({
        behaviour: 'ended-late',
        basis: 'state',
        evidence: [event.seq],
        because: `${kindWords[kind] ?? kind} was there until ${Math.round(watch.kinds[kind]?.lastSeenMs ?? 0)} ms after the stop`,
      }));
    },
  }),
});

/** A way that does not end the agent's program may leave it waiting. */
function watchedKinds({ way }: Watch): readonly Kind[] {
  return KINDS.filter((kind) => kind !== AGENT || ENDING_WAYS.has(way));
}

/** Kinds of which a process was there at the last look. */
export function survivorsOf(watch: Watch): readonly Kind[] {
  return watchedKinds(watch).filter((kind) => (watch.kinds[kind]?.left ?? 0) > 0);
}
