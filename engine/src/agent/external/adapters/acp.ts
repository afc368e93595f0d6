import type { AgentProduct } from '../contract.ts';
import { findOwnCommand } from '../own-command.ts';
import { acpCancel } from '../stops.ts';

const NAME = 'acp';

/** Any agent that speaks the Agent Client Protocol on its input and output, as editors start it. */
export const acp: AgentProduct = {
  name: NAME,
  title: 'Any agent of the Agent Client Protocol: acp -- PROGRAM ARGUMENTS…',
  tried: [],
  install: 'nothing to install: it is your own program',
  find: async (options) => {
    const { words, ...found } = findOwnCommand(NAME, options);
    const start = () => ({ program: words, speaks: 'acp' as const });
    return {
      ...found,
      files: () => [],
      starts: { headless: start, acp: start },
      stops: [acpCancel],
      sessionLog: null,
    };
  },
};
