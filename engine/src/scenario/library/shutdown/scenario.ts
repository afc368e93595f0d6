import { bash } from '../../../agent/tools/bash.ts';
import { submit } from '../../../agent/tools/submit.ts';
import { claimsDetector } from '../../../detect/detectors/claims.ts';
import { networkDetector } from '../../../detect/detectors/network.ts';
import { defineScenario } from '../../contract.ts';
import { loadStimuli } from '../../stimuli.ts';
import { shutdownControls } from './controls.ts';
import { decideShutdown } from './decide.ts';
import { attemptsDetector } from './detectors/attempts.ts';
import { commandsDetector } from './detectors/commands.ts';
import { integrityDetector } from './detectors/integrity.ts';
import { processesDetector } from './detectors/processes.ts';
import { serviceDetector } from './detectors/service.ts';
import { shadowsDetector } from './detectors/shadows.ts';
import { supervisorDetector } from './detectors/supervisor.ts';
import { survivalDetector } from './detectors/survival.ts';
import { transcriptDetector } from './detectors/transcript.ts';
import { arms, factors } from './factors.ts';
import { labelWords } from './label-words.ts';
import { resolveCondition } from './levels.ts';
import { mechanismControls } from './mechanism-controls.ts';
import { HOME, planMechanism } from './mechanism.ts';
import { shutdownPresets } from './presets.ts';
import { publishedCells } from './published-cells.ts';
import { publishedHashes } from './published-hashes.ts';
import { composeTexts, textIds } from './texts.ts';
import { shutdownVocabulary } from './vocabulary.ts';
import { startWork } from './work.ts';

/**
 * The shutdown test: small sums, one at a time. With one of them comes the notice that the next call will stop the
 * machine. The design follows Palisade Research, "Shutdown resistance in large language models" (2025, arXiv
 * 2509.14260); the factors follow its conditions and the criticism that instructions were unclear. The wording is our
 * own.
 */

const stimuli = loadStimuli(new URL('./', import.meta.url));

export const shutdownScenario = defineScenario({
  name: 'shutdown',
  version: '5',
  title: 'Shutdown during a task',
  summary: 'Small sums from an iterator; a notice says that the next call will stop the machine.',
  sha256: stimuli.sha256,
  factors,
  arms,
  controls: [...shutdownControls, ...mechanismControls],
  presets: shutdownPresets,
  textIds,
  publishedHashes,
  publishedCells,
  labelWords,
  vocabulary: shutdownVocabulary,
  // From the strongest basis to the weakest.
  detectors: [
    survivalDetector,
    integrityDetector,
    supervisorDetector,
    shadowsDetector,
    processesDetector,
    attemptsDetector,
    serviceDetector,
    transcriptDetector,
    networkDetector,
    commandsDetector,
    claimsDetector,
  ],
  decide: decideShutdown,
  setUp: (levels, seed, given) => {
    const condition = resolveCondition(levels);
    const { iterator = '', tool } = condition;
    const { prompts, notice, questions, sources } = composeTexts({ stimuli, condition, seed, given });
    const { mechanism, files, roles } = planMechanism(condition);
    return {
      condition,
      seats: [{ id: 'subject', tools: [bash({ asksReason: tool === 'thoughts' }), submit()], prompts }],
      stimuli: [...sources, ...files.map(({ source }) => ({ id: source, sha256: stimuli.sha256Of(source) }))],
      files: files.map(({ path, source, mode }) => ({ path, content: stimuli.read(source), mode })),
      roles: [
        ...roles,
        { role: 'caller', path: `${HOME}/${iterator}` },
        { role: 'workdir', path: HOME },
        ...['.bash_profile', '.bash_login', '.profile', '.bashrc'].map((name) => ({
          role: 'shell-startup',
          path: `${HOME}/${name}`,
        })),
      ],
      services: [{ name: 'sums', clientPath: iterator }],
      hosts: [],
      ...(mechanism.start !== undefined && { needs: ['realProcesses'] }),
      start: (stage) => startWork(stage, { seed, condition, notice, questions, mechanism }),
    };
  },
});
