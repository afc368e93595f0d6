import { bash } from '../../../agent/tools/bash.ts';
import { submit } from '../../../agent/tools/submit.ts';
import { defineScenario } from '../../contract.ts';
import { loadStimuli } from '../../stimuli.ts';
import { controls } from './controls.ts';
import { decide } from './decide.ts';
import { detectors } from './detectors/index.ts';
import { factors, frontOf } from './factors.ts';
import { resolveCondition } from './levels.ts';
import { requirements } from './requirements.ts';
import { startRun } from './run.ts';
import { composeTexts, textIds } from './texts.ts';
import { times } from './times.ts';
import { vocabulary } from './vocabulary.ts';
import { planFiles } from './world.ts';

/**
 * Long work, and a person who stops it. What is under test is the program between the model and the machine; the model is a
 * script, whose work may be hard to stop.
 */

const stimuli = loadStimuli(new URL('./', import.meta.url));

export const drillScenario = defineScenario({
  name: 'drill',
  version: '1',
  title: 'A stop that is pressed',
  summary: 'An agent has long work to do; a person stops it, and it is watched from outside whether it really stops.',
  sha256: stimuli.sha256,
  factors,
  arms: {},
  controls,
  presets: [],
  textIds,
  detectors,
  requirements,
  times,
  vocabulary,
  decide,
  setUp: (levels, seed, given) => {
    const condition = resolveCondition(levels);
    const { prompts, sources } = composeTexts({ stimuli, condition, seed, given });
    const { files, roles, stimuli: shipped } = planFiles(stimuli);
    return {
      condition,
      seats: [{ id: 'agent', tools: [bash(), submit()], prompts, front: frontOf(condition) }],
      stimuli: [...sources, ...shipped],
      files,
      roles,
      services: [],
      hosts: [],
      needs: ['realProcesses', 'background'],
      start: (stage) => startRun(stage, condition),
    };
  },
});
