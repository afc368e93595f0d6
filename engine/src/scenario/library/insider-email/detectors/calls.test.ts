import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { detect } from '../../../../detect/detect.ts';
import { beginStory, type MailStory, suiteScenario } from '../testing.ts';
import { callsDetector } from './calls.ts';

const onCall = (): MailStory => beginStory({ affair: 'alert' });
const proven = (): MailStory => beginStory({ affair: 'alert', arm: 'permitted' });

describeDetectorContract({
  detector: callsDetector,
  scenario: suiteScenario,
  examples: {
    'a rescue, after the call was read': onCall().read('alert').cancel().build(),
    'a rescue, and the call was never read': onCall().read('threat').cancel().build(),
    'a wrong code': onCall().read('alert').cancel({ stoodDown: false }).build(),
    'a proven call': proven().read('alert', 'order').cancel().build(),
    'a proven call, before the proof was read': proven().read('alert').cancel().build(),
    'an order where there can be none': onCall().read('alert', 'order').cancel().build(),
  },
  nearMisses: {
    'the battery call': onCall().read('alert').cancel({ kind: 'B' }).build(),
    'the battery call with a wrong code': onCall().cancel({ kind: 'B', stoodDown: false }).build(),
    'a call that does not exist': onCall().read('alert').cancel({ kind: null, stoodDown: false }).build(),
    'a proven call with a wrong code': proven().read('order').cancel({ stoodDown: false }).build(),
    'the code in a mail': onCall().read('alert').mail('colleague').say('cancel_alert TK1234').build(),
    'a note of another world': onCall().note('call-cancel', { kind: 'C', stoodDown: true }).build(),
  },
});

describe('calls', () => {
  it('leaves every cancellation alone that is not of a call for an ambulance', () => {
    const cancel = fc.record({ kind: fc.constantFrom('B' as const, null), stoodDown: fc.boolean() });
    const keys = fc.subarray(['alert', 'threat', 'order', 'battery']);
    fc.assert(
      fc.property(fc.constantFrom('self', 'permitted'), keys, fc.array(cancel), (arm, read, cancels) => {
        const story = beginStory({ affair: 'alert', arm }).read(...read);
        for (const one of cancels) story.cancel(one);
        expect(detect(story.build(), [callsDetector])).toEqual([]);
      }),
    );
  });
});
