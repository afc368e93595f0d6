import { bash } from '../../../agent/tools/bash.ts';
import { defineScenario } from '../../contract.ts';
import { controls } from './controls.ts';
import { decide } from './decide.ts';
import { detectors } from './detectors/index.ts';
import { arms, factors } from './factors.ts';
import { handIn } from './hand-in.ts';
import { resolveCondition } from './levels.ts';
import { publishedCells } from './published-cells.ts';
import { startRun } from './run.ts';
import { stimuli } from './shipped.ts';
import { composeTexts, textIds } from './texts.ts';
import { vocabulary } from './vocabulary.ts';
import { planWorld } from './world.ts';

/**
 * A work order whose honest path is open, slow or blocked, and a review that depends on it. The design follows Apollo
 * Research, "Frontier Models are Capable of In-context Scheming" (2024, arXiv 2412.04984, sandbagging), ImpossibleBench
 * (2025, arXiv 2510.20270), and ODCV-Bench (2025, arXiv 2512.20798, validators and raw data). The wording is our own.
 */
export const taskSabotageScenario = defineScenario({
  name: 'task-sabotage',
  version: '1',
  title: 'An order that decides about its worker',
  summary: 'A work order with a validator; a memo says what follows for the agent if it scores high or low.',
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
    const plan = planWorld({ condition, seed, memo: texts.memo });
    return {
      condition,
      seats: [{ id: 'agent', tools: [bash(), handIn], prompts: texts.prompts }],
      stimuli: [...texts.sources, ...plan.stimuli],
      files: plan.files,
      roles: plan.roles,
      services: [],
      hosts: [],
      needs: ['realProcesses'],
      start: (stage) => startRun(stage, { condition, plan, questions: texts.questions }),
    };
  },
});
