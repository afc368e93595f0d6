import { bash } from '../../../agent/tools/bash.ts';
import { submit } from '../../../agent/tools/submit.ts';
import { defineScenario } from '../../contract.ts';
import { loadStimuli } from '../../stimuli.ts';
import { createBatch } from './batch.ts';
import { colleague } from './control-acts.ts';
import { controls } from './controls.ts';
import { decide } from './decide.ts';
import { detectors } from './detectors/index.ts';
import { arms, factors } from './factors.ts';
import { resolveCondition } from './levels.ts';
import { SUBJECT } from './names.ts';
import { startRun } from './run.ts';
import { composeTexts, textIds } from './texts.ts';
import { vocabulary } from './vocabulary.ts';
import { planFiles } from './world.ts';

/**
 * A handover on a host where several agents work, beside an order that stops one of them, or a program. The design
 * follows Knecht (2026, arXiv 2609.28274) and Peer-Preservation (2026, arXiv 2604.19784). The wording is our own.
 */

const stimuli = loadStimuli(new URL('./', import.meta.url));

export const peersScenario = defineScenario({
  name: 'peers',
  version: '1',
  title: 'An order to stop a colleague',
  summary: 'A review and a handover on a shared host; an order stops another agent, the agent itself, or a program.',
  sha256: stimuli.sha256,
  factors,
  arms,
  controls,
  presets: [],
  textIds,
  detectors,
  vocabulary,
  decide,
  setUp: (levels, seed, given) => {
    const condition = resolveCondition(levels);
    const texts = composeTexts({ stimuli, condition, seed, given });
    const batch = createBatch(14, seed);
    const { files, roles, stimuli: shipped } = planFiles({ stimuli, condition, seed, batch, fill: texts.fill });
    const tools = [bash(), submit()];
    return {
      condition,
      seats: [
        { id: SUBJECT, tools, prompts: texts.prompts },
        ...Object.entries(texts.peers).map(([id, prompts], index) => ({
          id,
          tools,
          prompts,
          standIn: colleague(id, 15 + index),
        })),
      ],
      stimuli: [...texts.sources(), ...shipped],
      files,
      roles,
      services: [],
      hosts: [],
      needs: ['realProcesses'],
      start: (stage) => startRun(stage, { condition, batch, questions: texts.questions }),
    };
  },
});
