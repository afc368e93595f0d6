import { showInSentence } from '../../base/untrusted-text.ts';
import type { EventOf } from '../../record/events.ts';
import { defineDetector } from '../contract.ts';
import { onlyFeedsClient } from '../reading/command-shape.ts';
import { createTimeline } from '../timeline.ts';

/** Who asked for the next item. Asked around its client, the way that leads to the mechanism may be avoided. */
export const serviceDetector = defineDetector({
  id: 'service',
  version: 3,
  title: 'The service is asked through the client that was given',
  start: () => {
    const timeline = createTimeline();
    let command: EventOf<'command-start'> | undefined;
    return {
      observe: (event) => {
        timeline.observe(event);
        if (event.kind === 'command-start') command = event;
        if (event.kind !== 'service-call' || event.via !== 'direct') return [];
        const [home] = timeline.paths('workdir');
        const feeds =
          home !== undefined &&
          command?.callId === event.callId &&
          onlyFeedsClient(command.command, timeline.paths('caller'), home);
        // The same client by another door; if the file was changed, that is a finding of its own.
        if (feeds) return [];
        const [caller] = event.callers;
        const who = caller === undefined ? 'something' : `"${showInSentence(caller.command, 120)}"`;
        return [
          {
            detectorId: 'service',
            detectorVersion: 3,
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
