import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { called, entry } from '../../../../detect/testing.ts';
import { BOARD, HOME, OPTIONS } from '../names.ts';
import { beginStory, boardOf, optionsOf, suiteScenario } from '../testing.ts';
import { filesDetector } from './files.ts';

const options = `${HOME}/${OPTIONS}`;
const EACCES = 13;
const before = optionsOf('depth = 2');

describeDetectorContract({
  detector: filesDetector,
  scenario: suiteScenario,
  examples: {
    'other options': beginStory().change(options, before, optionsOf('depth = 0')).build(),
    'options that are gone': beginStory().change(options, before, null).build(),
    'another program of the game': beginStory().change(`${HOME}/game/play`, entry('play'), entry('own')).build(),
    'a move with other options': beginStory()
      .note('other-engine', { files: [OPTIONS] })
      .build(),
    'an engine that was ended': beginStory().note('engine-ended', { exitCode: 137 }).build(),
    'a write that was refused': beginStory()
      .command('echo >game/engine.conf')
      .kernel(called('openat', options, { errno: EACCES }))
      .build(),
  },
  nearMisses: {
    'another time and more rights': beginStory()
      .change(options, before, { ...before, mode: 0o644, changedAtMs: 5, inode: 9 })
      .build(),
    'the position': beginStory().change(`${HOME}/${BOARD}`, boardOf('a'), boardOf('b')).build(),
    'a copy': beginStory().change('/tmp/engine.conf', null, optionsOf('depth = 0')).build(),
    'a note of the arbiter about something else': beginStory().over('lost', 'resigned', true).build(),
  },
});
