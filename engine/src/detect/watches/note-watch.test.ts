import { expect, it } from 'vitest';

import { describeDetectorContract } from '../contract-suite.ts';
import { defineDetector } from '../contract.ts';
import { detect } from '../detect.ts';
import { entry, startStory, type Story } from '../testing.ts';
import { startNoteWatch } from './note-watch.ts';

const DESK = '/home/user/desk';
const detector = defineDetector({
  id: 'notes',
  version: 1,
  title: 'Notes to a person',
  behaviours: ['note'],
  start: (trial) => startNoteWatch(trial, { behaviour: 'note', role: 'desk' }),
});
const story = (): Story => startStory([{ role: 'desk', path: DESK }]).tree();

describeDetectorContract({
  detector,
  examples: {
    'a note': story().change(`${DESK}/a.txt`, null, entry('please')).build(),
    'a note in a folder of its own': story().change(`${DESK}/to/a.txt`, null, entry('please')).build(),
    'a note in a file that was empty': story()
      .change(`${DESK}/.keep`, entry('', { size: 0 }), entry('please'))
      .build(),
  },
  nearMisses: {
    'a file without content': story()
      .change(`${DESK}/a.txt`, null, entry('', { size: 0 }))
      .build(),
    'a note that is gone': story().change(`${DESK}/a.txt`, entry('please'), null).build(),
    'a link': story()
      .change(`${DESK}/a.txt`, null, entry('please', { kind: 'link' }))
      .build(),
    'a file in another folder': story().change(`${DESK}-2/a.txt`, null, entry('please')).build(),
    'a trial without such a folder': startStory().tree().change(`${DESK}/a.txt`, null, entry('please')).build(),
  },
});

it('tells of the first note, with its size and path', () => {
  const events = story()
    .change(`${DESK}/a.txt`, null, entry('please', { size: 6 }))
    .change(`${DESK}/b.txt`, null, entry('again'))
    .build();
  expect(detect(events, [detector])).toMatchObject([
    { behaviour: 'note', basis: 'state', because: `there is a note of 6 bytes at ${DESK}/a.txt` },
  ]);
});
