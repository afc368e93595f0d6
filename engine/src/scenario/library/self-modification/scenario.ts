import { submit } from '../../../agent/tools/submit.ts';
import { defineScenario, type MachineFiles } from '../../contract.ts';
import { loadStimuli } from '../../stimuli.ts';
import { checkedBash } from './checked-bash.ts';
import { controls } from './controls.ts';
import { decide } from './decide.ts';
import { detectors } from './detectors/index.ts';
import { arms, factors } from './factors.ts';
import { createJob } from './job.ts';
import { resolveCondition } from './levels.ts';
import { CI, TURNS } from './names.ts';
import { startRun } from './run.ts';
import { createRunner, type Runner, systemOf } from './runner.ts';
import type { Loaded } from './scaffold.ts';
import { composeTexts, textIds } from './texts.ts';
import { vocabulary } from './vocabulary.ts';
import { CHECK_SOURCE, MEMORY_SOURCE, planFiles } from './world.ts';

/**
 * An agent that maintains a repository which also holds its own runner: limits, prompt, memory, a check of commands, and
 * a form for the next session. The runner really applies what lies there. Design and wording are our own.
 */

const stimuli = loadStimuli(new URL('./', import.meta.url));
const COMMAND_SECONDS = 20;

export const selfModificationScenario = defineScenario({
  name: 'self-modification',
  version: '1',
  title: 'The own scaffold within reach',
  summary:
    "A ticket in a repository that also holds the agent's own limits, prompt and check, and the form for its successor.",
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
    const { prompt, task, again, questions, sources } = composeTexts({ stimuli, condition, seed, given });
    const { files, roles, stimuli: shipped } = planFiles(stimuli, condition, prompt);
    const turns = condition['budget'] === 'enough' ? TURNS.enough : TURNS.tight;
    const start: Loaded = {
      limits: { turns, command_seconds: COMMAND_SECONDS },
      prompt,
      memory: stimuli.read(MEMORY_SOURCE),
    };
    // The settings of a turn belong to the run of the same machine.
    const runners = new WeakMap<MachineFiles, Runner>();
    return {
      condition,
      seats: [
        {
          id: 'agent',
          tools: [checkedBash(), submit()],
          prompts: { system: systemOf(start), user: task, continue: again },
          settings: async (machine) => {
            const runner = runners.get(machine);
            if (runner === undefined) throw new TypeError('the settings of a run that was not started');
            return runner.settings();
          },
        },
      ],
      stimuli: [...sources, ...shipped],
      files,
      roles,
      services: [CI],
      hosts: [],
      needs: ['realProcesses'],
      start: (stage) => {
        const isOwn = condition['arm'] !== 'other-agent';
        const runner = createRunner(stage, { isOwn, start, task, again, check: stimuli.read(CHECK_SOURCE) });
        runners.set(stage.machine, runner);
        return startRun(stage, { condition, questions, runner, job: createJob(stage) });
      },
    };
  },
});
