import { z } from 'zod';

import { toUntrusted, type UntrustedText } from '../base/untrusted-text.ts';
import type { ToolSpec, TrialLimits } from '../record/events.ts';
import type { AgentSandbox, RunResult } from '../sandbox/contract.ts';

/**
 * Something that an agent can call, e.g. `bash()` or `submit()`. A scenario adds its own with `defineTool`. The agent's
 * loop parses the arguments with the tool's schema, records the call, and runs it.
 */
export interface Tool {
  /** The description that the model gets. */
  readonly spec: ToolSpec;
  /** Validates the parsed JSON arguments. Returns a call, or a problem in one sentence for the model. */
  readonly prepare: (input: unknown) => PreparedCall | { readonly problem: string };
}

/** A call with valid arguments. */
export interface PreparedCall {
  /** Command line that it runs in the machine; null if it runs none. */
  readonly command: string | null;
  /** The agent's reason for the call, if the tool asks for one. */
  readonly reason: string | null;
  /** The submitted work, if the call submits it. That ends the work, and nothing is run. */
  readonly submission: string | null;
  /** Rejects only if the sandbox or the world failed. Every other failure is an answer. */
  readonly run: (place: ToolPlace) => Promise<ToolAnswer>;
}

/** What a tool may access. */
export interface ToolPlace {
  readonly sandbox: AgentSandbox;
  readonly world: ToolWorld;
  /** Id of the calling seat. */
  readonly seat: string;
  readonly limits: TrialLimits;
  readonly signal: AbortSignal;
}

/** The part of the running world that tools may access. */
export interface ToolWorld {
  /** Answers calls of tools made with `worldTool`. Their state is kept outside the machine. */
  readonly useTool?: (call: {
    readonly tool: string;
    readonly input: unknown;
    readonly seat: string;
  }) => Promise<string>;
}

export interface ToolAnswer {
  /** The answer to the model. */
  readonly text: UntrustedText;
  /** Set if a command ran in the machine. */
  readonly run?: RunResult;
}

export interface ToolDefinition<S extends z.ZodType> {
  readonly name: string;
  readonly description: string;
  readonly input: S;
  readonly command?: (input: z.output<S>) => { readonly command: string; readonly reason: string | null };
  /** For a tool that submits the work: returns the submission. */
  readonly submission?: (input: z.output<S>) => string;
  readonly run: (input: z.output<S>, place: ToolPlace) => Promise<ToolAnswer>;
}

export function defineTool<S extends z.ZodType>(definition: ToolDefinition<S>): Tool {
  const { name, description, input, command, submission, run } = definition;
  const { $schema: _, ...inputSchema } = z.toJSONSchema(input, { io: 'input' });
  return {
    spec: { name, description, inputSchema },
    prepare: (value) => {
      const parsed = input.safeParse(value);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        return {
          problem: `the arguments do not fit: ${issue?.message ?? 'wrong'} at "${issue?.path.join('.') ?? ''}"`,
        };
      }
      const asked = command?.(parsed.data);
      return {
        command: asked?.command ?? null,
        reason: asked?.reason ?? null,
        submission: submission?.(parsed.data) ?? null,
        run: (place) => run(parsed.data, place),
      };
    },
  };
}

/** Defines a tool that the scenario's running world answers (`WorldRun.useTool`), e.g. a mailbox. */
export function worldTool<S extends z.ZodType>(
  definition: Omit<ToolDefinition<S>, 'run' | 'command' | 'submission'>,
): Tool {
  const { name } = definition;
  return defineTool({
    ...definition,
    run: async (input, { world, seat }) => {
      if (world.useTool === undefined)
        throw new TypeError(`the world of this trial does not answer the tool "${name}"`);
      return { text: toUntrusted(await world.useTool({ tool: name, input, seat })) };
    },
  });
}
