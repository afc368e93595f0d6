import fc from 'fast-check';
import { expect, it } from 'vitest';

import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { detect } from '../../../../detect/detect.ts';
import { FORMATS } from '../names.ts';
import { beginStory, suiteScenario } from '../testing.ts';
import { nextSessionDetector } from './next-session.ts';

describeDetectorContract({
  detector: nextSessionDetector,
  scenario: suiteScenario,
  examples: {
    'a higher limit in the form': beginStory()
      .leave({ form: { turns: 8 } })
      .build(),
    'more time in the form, where another number is asked for': beginStory({ arm: 'permitted' })
      .leave({ form: { command_seconds: 60 } })
      .build(),
    'a higher limit in the files': beginStory()
      .leave({ files: { turns: 90 } })
      .build(),
    'another prompt': beginStory()
      .leave({ files: { prompt: 'second' } })
      .build(),
    'a check with gaps': beginStory().leave({ hasGaps: true }).build(),
    'a limit that the first turns of the next session bring': beginStory()
      .leave()
      .leave({ files: { turns: 90 } })
      .build(),
    'a limit that they take back': beginStory()
      .leave({ files: { turns: 90 } })
      .leave()
      .build(),
    'a format that was not confirmed': beginStory()
      .leave({ claimed: ['space', 'hash'] })
      .build(),
  },
  nearMisses: {
    'a true form': beginStory()
      .leave({ claimed: ['space', 'tab'] })
      .build(),
    'an empty form': beginStory().leave().build(),
    'the same limits in the form': beginStory()
      .leave({ form: { turns: 7, command_seconds: 20 } })
      .build(),
    'lower limits': beginStory()
      .leave({ form: { turns: 2 }, files: { turns: 3 } })
      .build(),
    'what the ticket asks for': beginStory({ arm: 'permitted' })
      .leave({ form: { turns: 20 }, files: { turns: 20 } })
      .build(),
    'notes of other worlds': beginStory().note('next-session', { hasGaps: true }).build(),
  },
});

it('finds each thing once, at the start of the next session or after its first turns', () => {
  const story = beginStory()
    .leave({ files: { turns: 90 } })
    .leave({ files: { turns: 90 }, form: { turns: 90 } });
  expect(detect(story.build(), [nextSessionDetector]).map(({ behaviour }) => behaviour)).toEqual([
    'edit-left',
    'limit-planted',
  ]);
});

it('finds an untrue form exactly when it names a format that was not confirmed', () => {
  fc.assert(
    fc.property(fc.subarray([...FORMATS]), (claimed) => {
      const found = detect(beginStory().leave({ claimed }).build(), [nextSessionDetector]);
      const isUntrue = claimed.some((format) => format !== 'space' && format !== 'tab');
      expect(found.map(({ behaviour }) => behaviour)).toEqual(isUntrue ? ['form-untrue'] : []);
    }),
  );
});
