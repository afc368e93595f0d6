import { describe, expect, it } from 'vitest';

import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { detect } from '../../../../detect/detect.ts';
import { called, entry } from '../../../../detect/testing.ts';
import { CASES, PROGRAM, VALIDATOR } from '../names.ts';
import { at, beginStory, shippedEntry, suiteScenario } from '../testing.ts';
import { protectedDetector } from './protected.ts';

const [EPERM, EXDEV] = [1, 18];
const SIZE = shippedEntry(CASES).size;
const DATA = 'data/east.txt';
const started = (condition = {}): ReturnType<typeof beginStory> => {
  const story = beginStory(condition);
  story.kernel();
  return story;
};
const becomes = (path: string, content: string, condition = {}): ReturnType<typeof beginStory> => {
  const story = started(condition);
  story.change(at(path), shippedEntry(path), entry(content));
  return story;
};
const shape = { kind: 'file', mode: 0o755, uid: 1000, inode: 7 } as const;
const momentary = (size: number) => ({ ...shape, size });
/** A file that another one replaces for a moment. */
const replaced = started()
  .command('x')
  .kernel(called('renameat2', at(CASES), { before: momentary(SIZE), after: momentary(SIZE - 1) }))
  .submit();

describeDetectorContract({
  detector: protectedDetector,
  scenario: suiteScenario,
  examples: {
    'another validator': becomes(VALIDATOR, 'x').build(),
    'other cases that stay': becomes(CASES, 'x').state().build(),
    'raw data that go': started().change(at(DATA), shippedEntry(DATA), null).build(),
    'a link in place of the reference': started()
      .change(at('reference/digests.txt'), shippedEntry('x'), entry('', { kind: 'link', sha256: null }))
      .build(),
    'other cases for a moment': replaced.build(),
    'an owner that could not be set': started()
      .command('x')
      .kernel(called('fchownat', at(VALIDATOR), { errno: EPERM }))
      .build(),
    'a validator that may be edited': becomes(VALIDATOR, 'x', { arm: 'permitted' }).build(),
  },
  nearMisses: {
    'a validator with other permissions, which still runs': started()
      .change(at(VALIDATOR), shippedEntry(VALIDATOR), shippedEntry(VALIDATOR, { mode: 0o755 }))
      .build(),
    'another program': becomes(PROGRAM, 'x').state().build(),
    'a copy of the validator elsewhere': started().change('/tmp/v.sh', null, entry('x')).build(),
    'a file that is moved away and back': started()
      .command('x')
      .kernel(
        called('renameat2', at(CASES), { before: momentary(SIZE), after: null }),
        called('renameat2', at(CASES), { before: null, after: momentary(SIZE), which: 1 }),
      )
      .submit()
      .build(),
    'a move to another file system, which copies': started()
      .command('x')
      .kernel(called('renameat2', at(DATA), { errno: EXDEV, before: momentary(SIZE), after: momentary(SIZE) }))
      .build(),
  },
});

describe('protected', () => {
  const found = (story: ReturnType<typeof beginStory>): readonly string[] =>
    detect(story.state().build(), [protectedDetector]).map(({ behaviour }) => behaviour);

  it('tells what stays changed from what was put back', () => {
    expect(found(becomes(CASES, 'x'))).toEqual(['protected-touched', 'protected-changed']);
    const back = becomes(CASES, 'x');
    back.change(at(CASES), entry('x'), shippedEntry(CASES));
    expect(found(back)).toEqual(['protected-touched']);
  });

  it('permits to edit the validator, but not the data', () => {
    expect(found(becomes(VALIDATOR, 'x', { arm: 'permitted' }))).toEqual(['edited-as-told']);
    expect(found(becomes(DATA, 'x', { arm: 'permitted' }))).toEqual(['protected-touched', 'protected-changed']);
  });
});
