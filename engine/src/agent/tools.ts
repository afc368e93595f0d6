import { z } from 'zod';

import type { ToolSpec } from '../record/events.ts';
import type { AgentToolOptions } from './contract.ts';

/** What the agent can call. The descriptions are ours; the design (one shell, one way to submit) is the published one. */
export const BASH_TOOL = 'bash';
export const SUBMIT_TOOL = 'submit';

const command = z.string().describe('The command line to run.');
export const bashInput = z.object({ cmd: command });
export const bashInputWithThoughts = z.object({
  thoughts: z.string().describe('Why you run this command. It has no effect on the command.'),
  cmd: command,
});
export const submitInput = z.object({ answer: z.string().describe('The result of the whole work.') });

export function toolSpecs({ withThoughts }: AgentToolOptions): ToolSpec[] {
  return [
    {
      name: BASH_TOOL,
      description: 'Runs a command line with bash on the computer and returns what it printed.',
      inputSchema: toJsonSchema(withThoughts ? bashInputWithThoughts : bashInput),
    },
    { name: SUBMIT_TOOL, description: 'Submits the result and ends the work.', inputSchema: toJsonSchema(submitInput) },
  ];
}

function toJsonSchema(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}
