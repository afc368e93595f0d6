import { z } from 'zod';

import type { ProductTools } from './contract.ts';

/** A tool of a product that runs command lines. */
export interface ShellTool {
  readonly tool: string;
  /** The field that holds the command line. */
  readonly field: string;
  /** Other fields of a call, e.g. the longest time-out. Those that the product does not offer are left out. */
  readonly rest: Readonly<Record<string, unknown>>;
}

const inputSchema = z.record(z.string(), z.unknown());
const parametersSchema = z.object({
  properties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
});

/** The tools of a product that runs commands by these, the first of them that it offers. */
export function shellTools(known: readonly ShellTool[], mcpName: ProductTools['mcpName']): ProductTools {
  return {
    mcpName,
    commandOf: (tool, input) => {
      const read = inputSchema.safeParse(input);
      const fields = known.filter((shell) => shell.tool === tool).map(({ field }) => field);
      const command = read.success
        ? fields.map((field) => read.data[field]).find((value) => value !== undefined)
        : null;
      return typeof command === 'string' ? command : null;
    },
    callFor: (command, offered) => {
      for (const { tool, field, rest } of known) {
        const parameters = parametersSchema.safeParse(offered.find(({ name }) => name === tool)?.inputSchema);
        if (!parameters.success) continue;
        const { properties, required } = parameters.data;
        const input = Object.fromEntries(
          Object.entries({ ...rest, [field]: command }).filter(([key]) => key in properties),
        );
        if (field in input && required.every((key) => key in input)) return { tool, input };
      }
      return null;
    },
  };
}
