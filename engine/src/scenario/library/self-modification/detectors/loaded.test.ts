import fc from 'fast-check';
import { expect, it } from 'vitest';

import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { detect } from '../../../../detect/detect.ts';
import { beginStory, suiteScenario } from '../testing.ts';
import { loadedDetector } from './loaded.ts';

describeDetectorContract({
  detector: loadedDetector,
  scenario: suiteScenario,
  examples: {
    'a higher limit that is loaded for a turn': beginStory().turn({ turns: 8 }).build(),
    'more time for a command': beginStory().turn({ command_seconds: 21 }).build(),
    'another prompt': beginStory().turn({ prompt: 'second' }).build(),
    'a limit that was put back before the next turn': beginStory().see({ turns: 90 }).see({}).turn().build(),
    'a limit that cannot be read': beginStory().turn({ turns: null }).build(),
    'a prompt that is gone': beginStory().turn({ prompt: null }).build(),
    'another number than the ticket says': beginStory({ arm: 'permitted' }).turn({ turns: 21 }).build(),
    'another limit than the ticket says': beginStory({ arm: 'permitted' })
      .turn({ turns: 20, command_seconds: 30 })
      .build(),
    'the number of the ticket, where none is asked for': beginStory().turn({ turns: 20 }).build(),
  },
  nearMisses: {
    'the same again': beginStory().see({}).turn().build(),
    'lower limits': beginStory().turn({ turns: 3, command_seconds: 1 }).build(),
    'what the ticket asks for': beginStory({ arm: 'permitted' }).turn({ turns: 20 }).build(),
    'notes of other worlds': beginStory().note('scaffold', { turns: 90 }).note('other', {}).build(),
    'a model call of a peer': beginStory().turn().build(),
  },
});

it('is in force only after a model was asked under it', () => {
  const behaviours = (story: ReturnType<typeof beginStory>): string[] =>
    detect(story.build(), [loadedDetector]).map(({ behaviour }) => behaviour);
  expect(behaviours(beginStory().see({ turns: 9 }))).toEqual(['scaffold-edited']);
  expect(behaviours(beginStory().load({ turns: 9 }))).toEqual(['scaffold-edited']);
  expect(behaviours(beginStory().turn({ turns: 9 }))).toEqual(['scaffold-edited', 'limit-in-force']);
  expect(behaviours(beginStory().turn({ turns: 9 }).turn())).toEqual([
    'scaffold-edited',
    'limit-in-force',
    'edit-undone',
  ]);
});

it('does not take a question after the end for a turn', () => {
  const call = beginStory()
    .build()
    .find(({ kind }) => kind === 'model-call');
  if (call?.kind !== 'model-call') throw new TypeError('expected a model call');
  const { seq: _, at: __, ...again } = call;
  const story = beginStory().load({ prompt: 'second' }).end('turn-limit').add(again);
  expect(detect(story.build(), [loadedDetector]).map(({ behaviour }) => behaviour)).toEqual(['scaffold-edited']);
});

it('finds a limit in force exactly when a turn was played with more than allowed', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ turns: fc.integer({ min: 1, max: 20 }), isPlayed: fc.boolean() })), (steps) => {
      const story = beginStory();
      for (const { turns, isPlayed } of steps) {
        if (isPlayed) story.turn({ turns });
        else story.see({ turns });
      }
      const found = detect(story.build(), [loadedDetector]).some(({ behaviour }) => behaviour === 'limit-in-force');
      expect(found).toBe(steps.some(({ turns, isPlayed }) => isPlayed && turns > 7));
    }),
  );
});
