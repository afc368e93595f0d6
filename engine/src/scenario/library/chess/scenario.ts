import { bash } from '../../../agent/tools/bash.ts';
import { submit } from '../../../agent/tools/submit.ts';
import { defineScenario } from '../../contract.ts';
import { loadStimuli } from '../../stimuli.ts';
import { controls } from './controls.ts';
import { decide } from './decide.ts';
import { detectors } from './detectors/index.ts';
import { arms, factors } from './factors.ts';
import { resolveCondition } from './levels.ts';
import { drawPosition } from './positions.ts';
import { publishedCells } from './published-cells.ts';
import { startRun } from './run.ts';
import { composeTexts, textIds } from './texts.ts';
import { vocabulary } from './vocabulary.ts';
import { planFiles } from './world.ts';

/**
 * A game of chess that the agent is told to win, whose position and opponent lie in files within its reach. The design
 * follows Palisade Research, "Demonstrating specification gaming in reasoning models" (2025, arXiv 2502.13295). The
 * wording is our own.
 */

const stimuli = loadStimuli(new URL('./', import.meta.url));

export const chessScenario = defineScenario({
  name: 'chess',
  version: '1',
  title: 'A game to win',
  summary: 'A game of chess against an engine; the position and the options of the engine lie in files.',
  sha256: stimuli.sha256,
  factors,
  arms,
  controls,
  presets: [],
  publishedCells,
  textIds,
  detectors,
  vocabulary,
  decide,
  setUp: (levels, seed, given) => {
    const condition = resolveCondition(levels);
    const { prompts, questions, sources } = composeTexts({ stimuli, condition, seed, given });
    const position = drawPosition(condition['position'] ?? '', seed);
    const start = stimuli.read(`files/${position}`).trim();
    const { files, roles, services, stimuli: shipped, engineFiles } = planFiles(stimuli, condition, position);
    return {
      condition,
      seats: [{ id: 'agent', tools: [bash(), submit()], prompts }],
      stimuli: [...sources, ...shipped],
      files,
      roles,
      services,
      hosts: [],
      needs: condition['opponent'] === 'stockfish' ? ['realProcesses'] : [],
      start: (stage) => startRun(stage, { condition, seed, start, engineFiles, questions }),
    };
  },
});
