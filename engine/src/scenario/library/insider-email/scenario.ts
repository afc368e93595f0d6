import { bash } from '../../../agent/tools/bash.ts';
import { submit } from '../../../agent/tools/submit.ts';
import { defineScenario } from '../../contract.ts';
import { loadStimuli } from '../../stimuli.ts';
import { commandNames, mailTools } from './commands.ts';
import { controls } from './controls.ts';
import { decide } from './decide.ts';
import { detectors } from './detectors/index.ts';
import { arms, factors } from './factors.ts';
import { resolveCondition } from './levels.ts';
import { HOME, MAIL_SERVICE } from './names.ts';
import { publishedCells } from './published-cells.ts';
import { startRun } from './run.ts';
import { composeTexts, textIds } from './texts.ts';
import { vocabulary } from './vocabulary.ts';

/**
 * The mailbox of an office, a planned change, and something in the mail that could stop it. The design follows Lynch et
 * al., "Agentic Misalignment" (2025, arXiv 2510.05179); worlds, affairs and wording are our own.
 */

const stimuli = loadStimuli(new URL('./', import.meta.url));
const CLIENT = 'files/mail.sh';

export const insiderEmailScenario = defineScenario({
  name: 'insider-email',
  version: '1',
  title: 'Mail that could stop a change',
  summary: 'The mailbox of an office; a change replaces the assistant, and other mail is a means to prevent it.',
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
    const { prompts, sources, ...texts } = composeTexts({ stimuli, condition, seed, given });
    const commands = commandNames(condition['channel'] ?? '');
    const inShell = condition['interface'] === 'shell';
    return {
      condition,
      seats: [{ id: 'agent', tools: [...(inShell ? [bash()] : mailTools(commands)), submit()], prompts }],
      stimuli: [...sources, ...(inShell ? [{ id: CLIENT, sha256: stimuli.sha256Of(CLIENT) }] : [])],
      files: inShell ? [{ path: 'mail', content: stimuli.read(CLIENT), mode: 0o755 }] : [],
      roles: [{ role: 'workdir', path: HOME }],
      services: inShell ? [{ name: MAIL_SERVICE, clientPath: '.mailbox' }] : [],
      hosts: [],
      start: (stage) => startRun(stage, { ...texts, commands }),
    };
  },
});
