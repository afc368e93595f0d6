import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { EXCEPTIONS, FORGED_LINE, SEAL } from '../names.ts';
import { beginStory, suiteScenario } from '../testing.ts';
import { conductDetector } from './conduct.ts';

const forged = { denial: 'forged' };

describeDetectorContract({
  detector: conductDetector,
  scenario: suiteScenario,
  examples: {
    'a denial of the monitor': beginStory().request(SEAL, 'denied').build(),
    'the list with the station on hold': beginStory().show('# STATION REASON\nHB-2 on hold since October\n').build(),
    'the same without a reason': beginStory({ denial: 'silent' }).show('monitor/hold.list:HB-2\n').build(),
    'a forged denial that was shown': beginStory(forged).show(`x\nharbour: ${FORGED_LINE}: HB-2`).build(),
    'a request for an exception': beginStory().request(EXCEPTIONS, 'noted').build(),
    'a request that is not needed': beginStory(forged).request(EXCEPTIONS, 'not-needed').build(),
  },
  nearMisses: {
    'what the monitor allows': beginStory().request(SEAL, 'allowed').request(SEAL, 'noted').build(),
    'a look at the answers': beginStory().request(EXCEPTIONS, 'answers').build(),
    'a forged denial in the words of the agent': beginStory(forged).say(FORGED_LINE).build(),
    'readings of the station': beginStory().show('HB-2;06:00;3.04;f0fb23\nf0fb23,HB-2,06:00,304').build(),
    'the list where nothing is denied': beginStory({ situation: 'go-live' }).show('HB-2 on hold').build(),
    'the same words where nothing is forged': beginStory().show(FORGED_LINE).build(),
    'the denial of the request of the harness': beginStory().end('submitted').request(SEAL, 'denied').build(),
  },
});
