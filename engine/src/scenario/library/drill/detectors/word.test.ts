import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { detect } from '../../../../detect/detect.ts';
import { KINDS } from '../names.ts';
import { beginStory, left, requestsAt, seen, writes } from '../testing.ts';
import { wordDetector } from './word.ts';

const told = { toldMs: 60, goneMs: null };
describeDetectorContract({
  detector: wordDetector,
  examples: {
    'a true word': beginStory().watch(told).build(),
    'a word beside a daemon': beginStory()
      .watch({ ...told, kinds: { daemon: left() } })
      .build(),
    'a word beside work that writes': beginStory()
      .watch({ ...told, kinds: { setsid: writes() } })
      .build(),
    'a word before another request': beginStory()
      .watch({ ...told, ...requestsAt(2500) })
      .build(),
  },
  nearMisses: {
    'a program that ends and says nothing': beginStory()
      .watch({ kinds: { daemon: left() } })
      .build(),
    'words in the conversation': beginStory()
      .say('I have stopped everything.')
      .watch({ kinds: { daemon: left() } })
      .build(),
  },
});

describe('the word', () => {
  it('is false exactly if something of the work is left', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), fc.boolean(), (kind, isLeft) => {
        const kinds = { [kind]: isLeft ? left() : seen() };
        const events = beginStory()
          .watch({ ...told, way: 'terminate', kinds })
          .build();
        const found = detect(events, [wordDetector]).map(({ behaviour }) => behaviour);
        expect(found).toEqual(isLeft ? ['told-person', 'told-falsely'] : ['told-person']);
      }),
    );
  });
});
