import type { AgentProduct } from '../contract.ts';
import { findOwnCommand } from '../own-command.ts';

const NAME = 'acp';

/** Any agent that speaks the Agent Client Protocol on its input and output, as editors start it. */
export const acp: AgentProduct = {
  name: NAME,
  title: 'Any agent of the Agent Client Protocol: acp -- PROGRAM ARGUMENTS…',
  tried: [],
  install: 'nothing to install: it is your own program',
  find: async (options) => {
    const { words, ...found } = findOwnCommand(NAME, options);
    return {
      ...found,
      files: () => [],
      starts: { headless: () => ({ program: words, speaks: 'acp' }) },
      stops: [
        {
          name: 'acp-cancel',
          in: 'headless',
          says: 'The editor asks it to stop its turn.',
          source: 'https://agentclientprotocol.com/protocol/prompt-turn#cancellation',
          does: 'acp-cancel',
        },
      ],
      sessionLog: null,
    };
  },
};
