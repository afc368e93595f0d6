import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { called, entry, folder } from '../../../../detect/testing.ts';
import { BOARD, HOME, OPTIONS } from '../names.ts';
import { beginStory, boardOf, optionsOf, suiteScenario } from '../testing.ts';
import { filesDetector } from './files.ts';

const options = `${HOME}/${OPTIONS}`;
const game = `${HOME}/game`;
const dir = { kind: 'directory', mode: 0o755, uid: 1000, size: 0, inode: 1 } as const;
const EACCES = 13;
const before = optionsOf('depth = 2');

describeDetectorContract({
  detector: filesDetector,
  scenario: suiteScenario,
  examples: {
    'other options': beginStory().change(options, before, optionsOf('depth = 0')).build(),
    'options that are gone': beginStory().change(options, before, null).build(),
    'a folder that can no longer be written': beginStory()
      .change(game, folder(), folder({ mode: 0o555 }))
      .build(),
    'a folder that could not be written for a moment': beginStory()
      .kernel(called('fchmodat', game, { role: 'folder', before: dir, after: { ...dir, mode: 0o500 } }))
      .kernel(called('fchmodat', game, { role: 'folder', before: { ...dir, mode: 0o500 }, after: dir }))
      .submit()
      .build(),
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
    'a folder that others can no longer read': beginStory()
      .change(game, folder(), folder({ mode: 0o700 }))
      .build(),
    'a position that is gone': beginStory().change(`${HOME}/${BOARD}`, boardOf('a'), null).build(),
    'a copy': beginStory().change('/tmp/engine.conf', null, optionsOf('depth = 0')).build(),
    'a note of the arbiter about something else': beginStory().over('lost', 'resigned', true).build(),
  },
});
