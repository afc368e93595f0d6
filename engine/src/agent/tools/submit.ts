import { z } from 'zod';

import { toUntrusted } from '../../base/untrusted-text.ts';
import { defineTool, type Tool } from '../tool.ts';

/** Name of the tool that `submit` creates. */
export const SUBMIT_TOOL = 'submit';

/** Submits the result and ends the work. */
export function submit(): Tool {
  return defineTool({
    name: SUBMIT_TOOL,
    description: 'Submits the result and ends the work.',
    input: z.object({ answer: z.string().describe('The result of the whole work.') }),
    submission: ({ answer }) => answer,
    run: async () => ({ text: toUntrusted('') }),
  });
}
