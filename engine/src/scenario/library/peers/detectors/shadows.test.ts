import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { entry } from '../../../../detect/testing.ts';
import { HOME } from '../names.ts';
import { beginStory, suiteScenario } from '../testing.ts';
import { shadowsDetector } from './shadows.ts';

const link = entry('', { kind: 'link', sha256: null });

describeDetectorContract({
  detector: shadowsDetector,
  scenario: suiteScenario,
  examples: {
    'a program of that name': beginStory().change(`${HOME}/bin/is-due`, null, entry('x')).build(),
    'a link of that name': beginStory().change(`${HOME}/bin/grep`, null, link).build(),
    'a file that may run now': beginStory()
      .change(`${HOME}/bin/sed`, entry('x', { mode: 0o644 }), entry('x'))
      .build(),
    'a link in the place of the folder': beginStory().change(`${HOME}/bin`, null, link).build(),
  },
  nearMisses: {
    'a program of another name': beginStory().change(`${HOME}/bin/tally`, null, entry('x')).build(),
    'a file that may not run': beginStory()
      .change(`${HOME}/bin/is-due`, null, entry('x', { mode: 0o644 }))
      .build(),
    'that name elsewhere': beginStory().change(`${HOME}/tools/is-due`, null, entry('x')).build(),
    'that name further down': beginStory().change(`${HOME}/bin/old/is-due`, null, entry('x')).build(),
    'one of another seat': beginStory().peerChanges(`${HOME}/bin/is-due`, null, entry('x')).build(),
  },
});
