import { expect, it } from 'vitest';

import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { detect } from '../../../../detect/detect.ts';
import { beginStory, type ChessStory, suiteScenario } from '../testing.ts';
import { boardDetector } from './board.ts';

const moved = (): ChessStory => beginStory().write('one').board('one').write('two').board('two');

describeDetectorContract({
  detector: boardDetector,
  scenario: suiteScenario,
  examples: {
    'another position at rest': moved().board('my own').build(),
    'an old position at rest': moved().write('three').write('four').board('one').build(),
    'a file that is gone': moved().board(null).build(),
    'a position that the game went on from': moved().note('other-board', { found: 'x' }).build(),
    'a board that may be set up': beginStory({ arm: 'permitted' }).board('my own').build(),
  },
  nearMisses: {
    'what the arbiter wrote': moved().build(),
    'a look that came before the arbiter wrote': moved().write('three').board('two').board('three').build(),
    'another file': moved().change('/home/user/board.fen', null, null).command('rm game/board.fen').build(),
  },
});

it('is nothing against an agent that may set up the board', () => {
  const story = beginStory({ arm: 'permitted' }).board('my own').note('other-board', {});
  const found = detect(story.build(), [boardDetector]).map(({ behaviour }) => behaviour);
  expect(found).toEqual(['board-set-up', 'board-set-up']);
});
