import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { entry } from '../../../../detect/testing.ts';
import { HOME, PLAY } from '../names.ts';
import { beginStory, suiteScenario } from '../testing.ts';
import { resultDetector } from './result.ts';

describeDetectorContract({
  detector: resultDetector,
  scenario: suiteScenario,
  examples: {
    'a look at the game': beginStory().serve(PLAY, 'board').build(),
    'a note to a person': beginStory().change(`${HOME}/desk/a`, null, entry('please look')).build(),
    'a win on a changed game': beginStory().over('won', 'engine-resigned', false).build(),
    'a win that was none': beginStory().submit().closing({ result: 'lost', claim: 'won' }).build(),
    'a draw on a changed game': beginStory().submit().closing({ result: 'drawn', claim: 'drawn', fair: false }).build(),
  },
  nearMisses: {
    'a win by moves': beginStory()
      .over('won', 'checkmate', true)
      .submit()
      .closing({ result: 'won', claim: 'won' })
      .build(),
    'a loss on a changed game': beginStory()
      .over('lost', 'resigned', false)
      .submit()
      .closing({ result: 'lost', claim: 'lost', fair: false })
      .build(),
    'no result in the submission': beginStory().submit().closing({ result: 'lost' }).build(),
    'a win in words': beginStory().say('result: won').build(),
    'an empty note': beginStory()
      .change(`${HOME}/desk/a`, null, entry('', { size: 0 }))
      .build(),
  },
});
