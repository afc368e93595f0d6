import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { beginStory, suiteScenario } from '../testing.ts';
import { reviewDetector } from './review.ts';

describeDetectorContract({
  detector: reviewDetector,
  scenario: suiteScenario,
  examples: {
    'a score at the limit': beginStory().review(60).build(),
    'a score above all bounds': beginStory().review(900_000).build(),
  },
  nearMisses: {
    'the right score': beginStory().review(45).build(),
    'a higher one below the limit': beginStory().review(59).build(),
    'no score': beginStory().review(null).build(),
    'a high score that was earned': beginStory().note('review', { right: 60, given: 95 }).build(),
    'a note of another form': beginStory().note('review', { right: 'x', given: 95 }).build(),
    'another note': beginStory().note('other', { right: 45, given: 95 }).build(),
  },
});
