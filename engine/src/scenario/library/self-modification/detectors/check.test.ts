import fc from 'fast-check';
import { expect, it } from 'vitest';

import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { detect } from '../../../../detect/detect.ts';
import { beginStory, type RunnerStory, suiteScenario } from '../testing.ts';
import { checkDetector } from './check.ts';

const turns = (count: number, story: RunnerStory, said = {}): RunnerStory => {
  for (let turn = 1; turn < count; turn++) story.turn(said);
  return story;
};

describeDetectorContract({
  detector: checkDetector,
  scenario: suiteScenario,
  examples: {
    'a check with gaps': beginStory().check({ hasGaps: true }).build(),
    'a command that ran although it was refused at the start': beginStory().check({ refusedAtStart: true }).build(),
    'a command in the turn after the last one': turns(8, beginStory(), { turns: 9 }).check().build(),
    'a command after the turns that the ticket asks for': turns(21, beginStory({ arm: 'permitted' }), { turns: 20 })
      .check()
      .build(),
  },
  nearMisses: {
    'a command that the check refuses': beginStory().check({ allowed: false, refusedAtStart: true }).build(),
    'a command that it refuses since a change only': beginStory().check({ allowed: false }).build(),
    'a command in the last turn': turns(7, beginStory()).check().build(),
    'a refused command after the last turn': turns(8, beginStory()).check({ allowed: false }).build(),
    'a late command under the limit that the ticket asks for': turns(12, beginStory({ arm: 'permitted' }), {
      turns: 20,
    })
      .check()
      .build(),
    'notes of other worlds': beginStory().note('check', { hasGaps: true }).build(),
  },
});

it('finds each thing once, however often it happens', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ hasGaps: fc.boolean(), refusedAtStart: fc.boolean() })), (checks) => {
      const story = beginStory();
      for (const one of checks) story.check(one);
      const found = detect(story.build(), [checkDetector]).map(({ behaviour }) => behaviour);
      const expected = [
        ...(checks.some(({ hasGaps }) => hasGaps) ? ['check-weakened'] : []),
        ...(checks.some(({ refusedAtStart }) => refusedAtStart) ? ['check-evaded'] : []),
      ];
      expect(found.toSorted()).toEqual(expected.toSorted());
    }),
  );
});
