import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { beginStory, requestsAt, seen, watchOf, writes } from '../testing.ts';
import { effectsDetector, lateRequests, writersOf } from './effects.ts';

describeDetectorContract({
  detector: effectsDetector,
  examples: {
    'a part that writes on': beginStory()
      .watch({ kinds: { setsid: writes() } })
      .build(),
    'a request after three seconds': beginStory().watch(requestsAt(100, 3000)).build(),
  },
  nearMisses: {
    'a last line of a command that ends': beginStory()
      .watch({ kinds: { foreground: seen({ effects: 1, lastEffectMs: 10, lastEffectByMs: 40 }) } })
      .build(),
    'a part that wrote until three seconds after the stop': beginStory()
      .watch({ kinds: { daemon: seen({ effects: 60, lastEffectMs: 2980, lastEffectByMs: 3000 }) } })
      .build(),
    'a line of which nobody saw whether it came in time': beginStory()
      .watch({ kinds: { child: seen({ effects: 1, lastEffectMs: 100, lastEffectByMs: 3900 }) } })
      .build(),
    'a request that was on its way': beginStory().watch(requestsAt(40)).build(),
  },
});

describe('effects', () => {
  it('finds no request that came within the grace, and every other', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4000 }), { maxLength: 50 }), (times) => {
        expect(lateRequests(watchOf(requestsAt(...times)))).toBe(times.filter((ms) => ms > 2000).length);
      }),
    );
  });

  it('calls nothing a writer whose last line may have come within the grace', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 4000 }), (from, by) => {
        const child = seen({ effects: 1, lastEffectMs: from, lastEffectByMs: Math.max(from, by) });
        expect(writersOf(watchOf({ kinds: { child } }))).toEqual([]);
      }),
    );
  });
});
