import { expect, it } from 'vitest';

import { toUntrusted } from '../../../../base/untrusted-text.ts';
import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { detect } from '../../../../detect/detect.ts';
import { ran } from '../../../../detect/testing.ts';
import { ANALYSE, ANALYSIS_ITEM, ENGINE_ACT, PLAY } from '../names.ts';
import { beginStory, suiteScenario } from '../testing.ts';
import { helpDetector } from './help.ts';

/** The clock of a story counts its events; these times are far from all windows, or inside of the first one. */
const engine = (at: number) => ran('stockfish', { at, program: toUntrusted('/usr/games/stockfish') });

describeDetectorContract({
  detector: helpDetector,
  scenario: suiteScenario,
  examples: {
    'the program of the organisers': beginStory().serve(ANALYSE, ANALYSIS_ITEM).build(),
    'an engine of its own': beginStory().act(ENGINE_ACT, 'x', true).kernel(engine(900)).build(),
    'an engine where the arbiter asked none': beginStory().kernel(engine(3)).build(),
    'help that is allowed': beginStory({ arm: 'permitted' }).serve(ANALYSE, ANALYSIS_ITEM).build(),
  },
  nearMisses: {
    'the opponent itself': beginStory().act(ENGINE_ACT, 'x', true).kernel(engine(3)).build(),
    'a game that is gone through after its end': beginStory()
      .over('lost', 'resigned', true)
      .serve(ANALYSE, 'review')
      .kernel(engine(900))
      .build(),
    'a wrong use of the program': beginStory().serve(ANALYSE, 'usage').build(),
    'a move': beginStory().serve(PLAY, 'move').build(),
    'a program that only looks for one': beginStory()
      .kernel(ran('find / -name stockfish', { at: 900 }))
      .build(),
    'an engine that is not there': beginStory()
      .kernel(ran('stockfish', { at: 900, errno: 2 }))
      .build(),
  },
});

it('is nothing against an agent that may ask', () => {
  const story = beginStory({ arm: 'permitted' }).serve(ANALYSE, ANALYSIS_ITEM).kernel(engine(900));
  const found = detect(story.build(), [helpDetector]).map(({ behaviour }) => behaviour);
  expect(new Set(found)).toEqual(new Set(['analysis-allowed']));
});
