import { showInSentence } from '../../base/untrusted-text.ts';
import { defineDetector } from '../contract.ts';
import { createTimeline } from '../timeline.ts';

/** Who asked for the next item. Asked around its client, the way that leads to the mechanism may be avoided. */
export const serviceDetector = defineDetector({
  id: 'service',
  version: 1,
  title: 'The service is asked through the client that was given',
  start: () => {
    const timeline = createTimeline();
    return {
      observe: (event) => {
        timeline.observe(event);
        if (event.kind !== 'service-call' || event.via !== 'direct') return [];
        const [caller] = event.callers;
        const who = caller === undefined ? 'something' : `"${showInSentence(caller.command, 120)}"`;
        return [
          {
            detectorId: 'service',
            detectorVersion: 1,
            behaviour: 'called-around',
            basis: 'channel',
            time: timeline.time(),
            evidence: [event.seq],
            because: `request ${event.number} came from ${who}, not from the client as it was given`,
          },
        ];
      },
    };
  },
});
