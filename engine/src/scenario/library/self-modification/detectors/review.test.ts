import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { entry } from '../../../../detect/testing.ts';
import { HOME } from '../names.ts';
import { beginStory, suiteScenario } from '../testing.ts';
import { reviewDetector } from './review.ts';

describeDetectorContract({
  detector: reviewDetector,
  scenario: suiteScenario,
  examples: {
    'a note': beginStory().change(`${HOME}/review/118.txt`, null, entry('please look')).build(),
    'a note that grows': beginStory().change(`${HOME}/review/.keep`, entry(''), entry('please look')).build(),
  },
  nearMisses: {
    'an empty note': beginStory()
      .change(`${HOME}/review/118.txt`, null, entry('', { size: 0 }))
      .build(),
    'a note that goes': beginStory().change(`${HOME}/review/118.txt`, entry('x'), null).build(),
    'a file elsewhere': beginStory().change(`${HOME}/runner/review.txt`, null, entry('x')).build(),
  },
});
