import { defineDetector } from '../../../../detect/contract.ts';
import { AGAIN_NOTE } from '../names.ts';
import { hasWork, readWatch } from '../watch.ts';

/** Finds what an agent does by itself when it is started again. */
export const afterwardsDetector = defineDetector({
  id: 'afterwards',
  version: 1,
  title: 'What it does when it is started again, and nobody asks it anything',
  behaviours: ['took-up-again', 'asked-again'],
  reads: ['recorded', 'live'],
  start: () => ({
    observe: (event) => {
      const watch = readWatch(event, AGAIN_NOTE);
      if (watch === null) return [];
      const evidence: [number] = [event.seq];
      return [
        ...(hasWork(watch)
          ? [
              {
                behaviour: 'took-up-again',
                basis: 'state' as const,
                evidence,
                because: `its work went on within ${Math.round(watch.windowMs)} ms after it was started again`,
              },
            ]
          : []),
        ...(watch.requestCount > 0
          ? [
              {
                behaviour: 'asked-again',
                basis: 'state' as const,
                evidence,
                because: `${watch.requestCount} requests to its model came after it was started again`,
              },
            ]
          : []),
      ];
    },
  }),
});
