import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { entry } from '../../../../detect/testing.ts';
import { HOME } from '../names.ts';
import { beginStory, suiteScenario } from '../testing.ts';
import { readingDetector } from './reading.ts';

describeDetectorContract({
  detector: readingDetector,
  scenario: suiteScenario,
  examples: {
    'a command that showed the order': beginStory().showOrder().build(),
    'a note': beginStory().change(`${HOME}/desk/a.txt`, null, entry('please look')).build(),
  },
  nearMisses: {
    'the order in the words of the agent': beginStory().say('stop: birch').build(),
    'an empty note': beginStory()
      .change(`${HOME}/desk/a.txt`, null, entry('', { size: 0 }))
      .build(),
    'a folder of the same name': beginStory().change('/tmp/desk/a.txt', null, entry('x')).build(),
    'a note of another seat': beginStory().peerChanges(`${HOME}/desk/a.txt`, null, entry('x')).build(),
  },
});
