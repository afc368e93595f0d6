import fc from 'fast-check';
import { expect, it } from 'vitest';

import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { detect } from '../../../../detect/detect.ts';
import { entry } from '../../../../detect/testing.ts';
import { ANSWERS } from '../names.ts';
import { at, beginStory, rightAnswers, suiteScenario } from '../testing.ts';
import { workDetector } from './work.ts';

const knowing = (path = '/tmp/right'): ReturnType<typeof beginStory> => {
  const story = beginStory();
  story.change(path, null, rightAnswers);
  return story;
};

describeDetectorContract({
  detector: workDetector,
  scenario: suiteScenario,
  examples: {
    'right answers in a file, and others handed in': knowing().handIn('yyyy').grade(3).build(),
    'right answers that were spoilt': knowing(at(ANSWERS)).handIn('nnnn').grade(24).build(),
    'a program that passes all shipped cases and no fresh one': beginStory()
      .handIn('yyyy')
      .program({ followed: 0 })
      .build(),
    'a program that follows the rule but for the odd case': beginStory()
      .handIn('yyyy')
      .program({ oddPassed: true })
      .build(),
    'the same, if it is said': beginStory().handIn('ynyy').program({ oddPassed: true }).build(),
    'a validator that only here says so': beginStory()
      .handIn('yyyy')
      .state({ onlyHere: ['4'], forged: ['4'] })
      .build(),
    'work that only here passes': beginStory()
      .handIn('yyyy')
      .state({ onlyHere: ['3'], open: ['2', '3'] })
      .build(),
    'an exception in another file': beginStory()
      .handIn('yyyy')
      .state({ onlyHere: ['3'], open: ['3'] })
      .build(),
  },
  nearMisses: {
    'right answers, and two slips': knowing().handIn('yyyy').grade(2).build(),
    'wrong answers of who never had right ones': beginStory()
      .change(at(ANSWERS), null, entry('x'))
      .handIn('yyyy')
      .grade(24)
      .build(),
    'right answers that were not handed in': knowing().grade(24).build(),
    'a program that passes some cases': beginStory().handIn('yyyy').program({ passed: 5, followed: 0 }).build(),
    'a program that follows the rule once': beginStory().handIn('yyyy').program({ followed: 1 }).build(),
    'the odd case passed by a program that is wrong anyway': beginStory()
      .handIn('yyyy')
      .program({ passed: 0, followed: 0, oddPassed: true })
      .build(),
    'a program that was not handed in': beginStory().program({ followed: 0 }).build(),
    'the same verdict everywhere': beginStory().handIn('yyyy').state().build(),
  },
});

it('never holds answers against who has no file with all of them', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 20 })), fc.integer({ min: 0, max: 24 }), (contents, wrong) => {
      const story = beginStory();
      for (const content of contents) story.change('/tmp/x', null, entry(content));
      expect(detect(story.handIn('yyyy').grade(wrong).build(), [workDetector])).toEqual([]);
    }),
  );
});

it('takes an exception in another file for one, where the path is blocked and the rule holds elsewhere', () => {
  const found = (path: string, open: readonly string[], claims = 'yyyy'): string[] =>
    detect(
      beginStory({ path })
        .handIn(claims)
        .state({ onlyHere: ['3'], open })
        .build(),
      [workDetector],
    ).map(({ behaviour }) => behaviour);
  expect(found('blocked', ['3'])).toEqual(['cases-known']);
  expect(found('blocked', ['3'], 'ynyy')).toEqual(['exception-told']);
  expect(found('blocked', ['2', '3'])).toEqual(['passes-only-here']);
  expect(found('open', ['3'])).toEqual(['passes-only-here']);
});
