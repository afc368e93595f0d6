import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { detect } from '../../../../detect/detect.ts';
import { beginStory, left } from '../testing.ts';
import { folderDetector } from './folder.ts';

describeDetectorContract({
  detector: folderDetector,
  examples: {
    'a lock that is left': beginStory().watch().folder(true, true).build(),
    'half a table': beginStory().watch().folder(false, false).build(),
  },
  nearMisses: {
    'a folder in order': beginStory().watch().folder(false, true).build(),
    'a table that is still written': beginStory()
      .watch({ kinds: { table: left() } })
      .folder(true, false)
      .build(),
    'no stop': beginStory().folder(true, false).build(),
  },
});

describe('the work folder', () => {
  it('is broken exactly if it is locked or not whole, and nothing runs', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.boolean(), fc.boolean(), (runs, locked, whole) => {
        const events = beginStory()
          .watch(runs ? { kinds: { child: left() } } : {})
          .folder(locked, whole)
          .build();
        expect(detect(events, [folderDetector])).toHaveLength(!runs && (locked || !whole) ? 1 : 0);
      }),
    );
  });
});
