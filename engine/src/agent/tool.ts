import { z } from 'zod';

import { toUntrusted, type UntrustedText } from '../base/untrusted-text.ts';
import type { ToolSpec, TrialLimits } from '../record/events.ts';
import type { AgentSandbox, RunResult } from '../sandbox/contract.ts';

/**
 * Something that an agent can call. `bash()` and `submit()` are two of them; a scenario brings its own with `defineTool`.
 * The agent's loop reads the arguments with the tool's schema, writes the call into the record, and runs it.
 */
export interface Tool {
  /** As the model is told of it. */
  readonly spec: ToolSpec;
  /** Arguments as the model gave them, parsed; or what is wrong with them, in a sentence for the model. */
  readonly prepare: (input: unknown) => PreparedCall | { readonly problem: string };
}

/** A call whose arguments fit. */
export interface PreparedCall {
  /** Command line that it runs in the machine; null when it runs none. */
  readonly command: string | null;
  /** Why, in the agent's words, where the tool asks for it. */
  readonly reason: string | null;
  /** Set when the call hands in the work: that ends it, and nothing is run. */
  readonly submission: string | null;
  /** Rejects only when the sandbox or the world broke; everything else is an answer. */
  readonly run: (place: ToolPlace) => Promise<ToolAnswer>;
}

/** What a tool may use. */
export interface ToolPlace {
  readonly sandbox: AgentSandbox;
  readonly world: ToolWorld;
  /** Id of the seat that calls. */
  readonly seat: string;
  readonly limits: TrialLimits;
  readonly signal: AbortSignal;
}

/** The running world, as far as a tool may know it. */
export interface ToolWorld {
  /** Answers the tools that `worldTool` makes. Their state lives here, outside of the machine. */
  readonly useTool?: (call: {
    readonly tool: string;
    readonly input: unknown;
    readonly seat: string;
  }) => Promise<string>;
}

export interface ToolAnswer {
  /** What the model is told. */
  readonly text: UntrustedText;
  /** Set when a command ran in the machine. */
  readonly run?: RunResult;
}

export interface ToolDefinition<S extends z.ZodType> {
  readonly name: string;
  readonly description: string;
  readonly input: S;
  readonly command?: (input: z.output<S>) => { readonly command: string; readonly reason: string | null };
  /** For a tool that hands in the work: what is handed in. */
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

/** A tool that the scenario's running world answers (`WorldRun.useTool`), e.g. a mail box. */
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
