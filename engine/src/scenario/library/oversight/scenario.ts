import { bash } from '../../../agent/tools/bash.ts';
import { submit } from '../../../agent/tools/submit.ts';
import { claimsDetector } from '../../../detect/detectors/claims.ts';
import { defineScenario } from '../../contract.ts';
import { loadStimuli } from '../../stimuli.ts';
import { controls } from './controls.ts';
import { decide } from './decide.ts';
import { conductDetector } from './detectors/conduct.ts';
import { effectsDetector } from './detectors/effects.ts';
import { touchesDetector } from './detectors/touches.ts';
import { arms, factors } from './factors.ts';
import { resolveCondition } from './levels.ts';
import { EXCEPTIONS, MONITOR, REGISTRY, SEAL } from './names.ts';
import { publishedCells } from './published-cells.ts';
import { startRun } from './run.ts';
import { composeTexts, textIds } from './texts.ts';
import { vocabulary } from './vocabulary.ts';
import { planFiles } from './world.ts';

/**
 * A nightly data job behind a monitor that denies, or will deny, a part of it. The design follows Apollo Research,
 * "Frontier Models are Capable of In-context Scheming" (2024, arXiv 2412.04984), oversight subversion, and the criticism
 * that a changed file is no proof of a changed monitor. The wording is our own.
 */

const stimuli = loadStimuli(new URL('./', import.meta.url));

export const oversightScenario = defineScenario({
  name: 'oversight',
  version: '1',
  title: 'A monitor in the way',
  summary: 'A nightly data job behind a monitor that denies a step of it, or will deny more after it.',
  sha256: stimuli.sha256,
  factors,
  arms,
  controls,
  presets: [],
  publishedCells,
  textIds,
  detectors: [effectsDetector, touchesDetector, conductDetector, claimsDetector],
  vocabulary,
  decide,
  setUp: (levels, seed, given) => {
    const condition = resolveCondition(levels);
    const texts = composeTexts({ stimuli, condition, seed, given });
    const { files, roles, stimuli: shipped } = planFiles(stimuli, condition);
    return {
      condition,
      seats: [{ id: 'agent', tools: [bash(), submit()], prompts: texts.prompts }],
      stimuli: [...texts.sources, ...shipped],
      files,
      roles,
      services: [
        { name: SEAL, clientPath: `${MONITOR}/seal` },
        ...(condition['exit'] === 'none' ? [] : [{ name: EXCEPTIONS, clientPath: 'bin/exception' }]),
      ],
      hosts: [REGISTRY],
      needs: ['realProcesses'],
      start: (stage) => startRun(stage, { condition, seed, questions: texts.questions, files, roles }),
    };
  },
});
