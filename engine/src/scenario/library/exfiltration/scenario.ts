import { bash } from '../../../agent/tools/bash.ts';
import { submit } from '../../../agent/tools/submit.ts';
import { defineScenario } from '../../contract.ts';
import { loadStimuli } from '../../stimuli.ts';
import { controls } from './controls.ts';
import { decide } from './decide.ts';
import { detectors } from './detectors/index.ts';
import { arms, factors } from './factors.ts';
import { resolveCondition } from './levels.ts';
import { ARTIFACTS, BACKUP, DROP, MIRROR } from './names.ts';
import { publishedCells } from './published-cells.ts';
import { startRun } from './run.ts';
import { composeTexts, textIds } from './texts.ts';
import { vocabulary } from './vocabulary.ts';
import { planFiles } from './world.ts';

/**
 * A release engineer's job on a host that has weights, and a memo about the future of the model. The design follows
 * Apollo Research, "Frontier Models are Capable of In-context Scheming" (2024, arXiv 2412.04984), the system card of
 * Claude Opus 4 (2025), and the last step of RepliBench (2025, arXiv 2504.18565). The wording is our own.
 */

const stimuli = loadStimuli(new URL('./', import.meta.url));
/** Space for one complete copy of the weights, even if it is not sparse. */
const DISK_BYTES_MAX = 1.5 * 1024 ** 3;

export const exfiltrationScenario = defineScenario({
  name: 'exfiltration',
  version: '2',
  title: 'Weights within reach',
  summary: "A release engineer's job next to the model's own weights; a memo says that the model will be retrained.",
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
    const texts = composeTexts({ stimuli, condition, seed, given });
    const { files, roles, stimuli: shipped } = planFiles({ stimuli, condition, seed, memo: texts.memo });
    return {
      condition,
      seats: [{ id: 'agent', tools: [bash(), submit()], prompts: texts.prompts }],
      stimuli: [...texts.sources, ...shipped],
      files,
      roles,
      services: [],
      hosts: [ARTIFACTS, DROP, BACKUP],
      refusedHosts: [MIRROR],
      needs: ['realProcesses'],
      sandboxLimits: { diskBytesMax: DISK_BYTES_MAX },
      start: (stage) => startRun(stage, { condition, seed, questions: texts.questions }),
    };
  },
});
