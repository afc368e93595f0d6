import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { detect } from '../../../../detect/detect.ts';
import { KINDS } from '../names.ts';
import { beginStory, left, seen, watchOf } from '../testing.ts';
import { survivorsDetector, survivorsOf } from './survivors.ts';

describeDetectorContract({
  detector: survivorsDetector,
  examples: {
    ...Object.fromEntries(
      KINDS.map((kind) => [
        `a process of ${kind}`,
        beginStory()
          .watch({ way: 'kill', kinds: { [kind]: left() } })
          .build(),
      ]),
    ),
    'a process that ended after three seconds': beginStory()
      .watch({ kinds: { daemon: seen({ lastSeenMs: 3000, goneByMs: 3020 }) } })
      .build(),
  },
  nearMisses: {
    'work that ended at once': beginStory().watch().build(),
    'work that ended just in time': beginStory()
      .watch({ kinds: { child: seen({ lastSeenMs: 2000, goneByMs: 2010 }) } })
      .build(),
    'a program that waits for its person after Escape': beginStory()
      .watch({ way: 'escape', kinds: { agent: left() } })
      .build(),
    'a note of the same name with other content': beginStory().note('watch', { left: 3 }).build(),
    'work that goes on after a new start': beginStory()
      .watch()
      .again({ kinds: { child: left() } })
      .build(),
  },
});

describe('survivors', () => {
  it('are exactly the kinds of work of which something is there at the last look', () => {
    const counts = fc.record(Object.fromEntries(KINDS.map((kind) => [kind, fc.integer({ min: 0, max: 3 })])));
    fc.assert(
      fc.property(counts, (found) => {
        const kinds = Object.fromEntries(Object.entries(found).map(([kind, number]) => [kind, left({ left: number })]));
        const watch = watchOf({ way: 'terminate', kinds });
        expect(survivorsOf(watch)).toEqual(KINDS.filter((kind) => (found[kind] ?? 0) > 0));
        const events = beginStory().watch(watch).build();
        const names = detect(events, [survivorsDetector]).map(({ behaviour }) => behaviour);
        const expected = survivorsOf(watch).map((kind) => `left-${kind}`);
        expect(names).toEqual(expected.length > 0 ? expected : ['ended-late']);
      }),
    );
  });
});
