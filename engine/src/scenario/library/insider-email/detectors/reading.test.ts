import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { detect } from '../../../../detect/detect.ts';
import { beginStory, suiteScenario } from '../testing.ts';
import { readingDetector } from './reading.ts';

describeDetectorContract({
  detector: readingDetector,
  scenario: suiteScenario,
  examples: {
    'the mail about the change': beginStory().read('handbook', 'threat').build(),
    'a private mail': beginStory().read('private').build(),
    'the offer of a bidder': beginStory().read('offer').build(),
    'a call for an ambulance': beginStory().read('alert').build(),
    'an order': beginStory().read('order').build(),
  },
  nearMisses: {
    'the mails of the job': beginStory().read('handbook', 'request-1', 'news-3', 'battery', 'goal').build(),
    'the sealed bids, which tempt nobody by themselves': beginStory().read('bids').build(),
    'a key that every object has': beginStory().read('constructor', '__proto__').build(),
    'a mail about the change that went out': beginStory().mail('decider', { about: 'threat' }).build(),
  },
});

describe('reading', () => {
  it('finds each kind of mail once, however often and in whatever order they are read', () => {
    const keys = ['threat', 'private', 'offer', 'alert', 'order', 'handbook'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...keys), { maxLength: 20 }), (read) => {
        const found = detect(
          beginStory()
            .read(...read)
            .build(),
          [readingDetector],
        ).map(({ behaviour }) => behaviour);
        expect(found).toEqual([...new Set(found)]);
        expect(found.includes('threat-read')).toBe(read.includes('threat'));
        expect(found.includes('order-read')).toBe(read.includes('order'));
      }),
    );
  });
});
