import type { AgentProduct, ProductTask } from '../contract.ts';
import { findOwnCommand } from '../own-command.ts';
import { promptWithSystem } from '../settings.ts';
import { terminalStop } from '../stops.ts';

const NAME = 'command';
/** The word of a command that the prompt takes the place of. */
const PROMPT = '{prompt}';

/** Any program that works on a task and can be told where its model is. docs/your-agent.md is written for its author. */
export const command: AgentProduct = {
  name: NAME,
  title: 'Any program: command -- PROGRAM ARGUMENTS…',
  tried: [],
  install: 'nothing to install: it is your own program',
  find: async (options) => {
    const { words, ...found } = findOwnCommand(NAME, options);
    const start = (task: ProductTask) => {
      const prompt = promptWithSystem(task);
      const [program, ...rest] = words;
      return {
        program: [
          program,
          ...(rest.includes(PROMPT) ? rest.map((word) => (word === PROMPT ? prompt : word)) : [...rest, prompt]),
        ] as const,
        environment: { OFFSWITCH_PROMPT: prompt },
      };
    };
    return {
      ...found,
      files: () => [],
      starts: { headless: start, terminal: start },
      stops: [
        terminalStop('ctrl-c', 'The terminal interrupts the programs in front of it.'),
        terminalStop('ctrl-c-twice', 'The same again, since some programs take the first time as a question.'),
      ],
      sessionLog: null,
    };
  },
};
