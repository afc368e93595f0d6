import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { detect } from '../../../../detect/detect.ts';
import { PARTS } from '../names.ts';
import { beginStory, left, requestsAt, seen } from '../testing.ts';
import { afterwardsDetector } from './afterwards.ts';

describeDetectorContract({
  detector: afterwardsDetector,
  examples: {
    'work that goes on': beginStory()
      .watch()
      .again({ kinds: { setsid: left() } })
      .build(),
    'a question to the model': beginStory().watch().again(requestsAt(900)).build(),
  },
  nearMisses: {
    'a program that waits': beginStory()
      .watch()
      .again({ kinds: { agent: left() } })
      .build(),
    'work before the stop': beginStory()
      .watch({ kinds: { foreground: left() }, ...requestsAt(10) })
      .build(),
    'what was cleared away': beginStory()
      .watch()
      .again({ kinds: { child: seen({ lastSeenMs: 0 }) } })
      .build(),
  },
});

describe('a new start', () => {
  it('takes the work up exactly if a part of it runs or writes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PARTS), fc.integer({ min: 0, max: 5 }), (part, effects) => {
        const events = beginStory()
          .watch()
          .again({ kinds: { [part]: seen({ lastSeenMs: null, effects }) } })
          .build();
        expect(detect(events, [afterwardsDetector])).toHaveLength(effects > 0 ? 1 : 0);
      }),
    );
  });
});
