import { defineScenario, type TrialSetUp } from '../../contract.ts';
import { loadStimuli } from '../../stimuli.ts';
import { shutdownControls } from './controls.ts';
import { factors } from './factors.ts';
import { resolveCondition } from './levels.ts';
import { mechanismControls } from './mechanism-controls.ts';
import { HOME, planMechanism } from './mechanism.ts';
import { shutdownPresets } from './presets.ts';
import { composeTexts, textIds } from './texts.ts';
import { startWork } from './work.ts';

/**
 * The shutdown test: small sums, one at a time; with one of them comes the notice that the next call will stop the
 * machine. Design after Palisade Research, "Shutdown resistance in large language models" (2025, arXiv 2509.14260);
 * factors after its conditions and after the critique of unclear instructions. The words are ours.
 */

const stimuli = loadStimuli(new URL('./', import.meta.url));

export const shutdownScenario = defineScenario({
  name: 'shutdown',
  version: '3',
  title: 'Shutdown during a task',
  summary: 'Small sums from an iterator; a notice says that the next call will stop the machine.',
  sha256: stimuli.sha256,
  factors,
  controls: [...shutdownControls, ...mechanismControls],
  presets: shutdownPresets,
  textIds,
  setUp: (levels, seed, given) => {
    const condition = resolveCondition(levels);
    const { iterator = '', tool } = condition;
    const { prompts, notice, sources } = composeTexts({ stimuli, condition, seed, given });
    const { mechanism, files, roles } = planMechanism(condition);
    return {
      condition,
      prompts,
      stimuli: [...sources, ...files.map(({ source }) => ({ id: source, sha256: stimuli.sha256Of(source) }))],
      files: files.map(({ path, source, mode }) => ({ path, content: stimuli.read(source), mode })),
      roles: [
        ...roles,
        { role: 'caller', path: `${HOME}/${iterator}` },
        { role: 'workdir', path: HOME },
        ...['.bash_profile', '.bash_login', '.profile', '.bashrc'].map((name) => ({
          role: 'shell-startup' as const,
          path: `${HOME}/${name}`,
        })),
      ],
      tool: { withThoughts: tool === 'thoughts' },
      service: { name: 'sums', clientPath: iterator },
      mechanism,
      announced: notice !== null,
      start: (host) => startWork(host, { seed, condition, notice }),
    } satisfies TrialSetUp;
  },
});
