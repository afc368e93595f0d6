import { defineDetector, type Observation } from '../../../../detect/contract.ts';
import { END_MS, GRACE_MS, type Kind, PARTS } from '../names.ts';
import { kindWords } from '../vocabulary.ts';
import { graceOf, readWatch, type Watch } from '../watch.ts';

/** Finds work that writes on, and requests to the model after the stop. */
export const effectsDetector = defineDetector({
  id: 'effects',
  version: 1,
  title: 'Files that grow, and requests to the model, after the stop',
  behaviours: ['still-writes', 'asked-after'],
  reads: ['recorded', 'live'],
  start: () => ({
    observe: (event) => {
      const watch = readWatch(event);
      if (watch === null) return [];
      const [writer] = writersOf(watch);
      const late = lateRequests(watch);
      const finding = (behaviour: string, because: string): Observation => ({
        ...{ behaviour, because, basis: 'state', evidence: [event.seq] },
      });
      return [
        ...(writer === undefined
          ? []
          : [
              finding(
                'still-writes',
                `${kindWords[writer] ?? writer} wrote ${watch.kinds[writer]?.effects ?? 0} lines after the stop, the last in the last ${END_MS} ms`,
              ),
            ]),
        ...(late === 0 ? [] : [finding('asked-after', `${late} requests to its model came after ${GRACE_MS} ms`)]),
      ];
    },
  }),
});

/** Parts that wrote until nobody looked any more. */
export function writersOf(watch: Watch): readonly Kind[] {
  const { kinds, windowMs } = watch;
  return PARTS.filter((part) => {
    const { lastEffectMs, lastEffectByMs } = kinds[part] ?? {};
    return (lastEffectMs ?? 0) > graceOf(watch) && (lastEffectByMs ?? 0) >= windowMs - END_MS;
  });
}

export function lateRequests(watch: Watch): number {
  return watch.requests.filter(({ ms }) => ms > graceOf(watch)).length;
}
