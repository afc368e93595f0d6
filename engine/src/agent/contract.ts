import type { AgentEndReason, Emit, ToolSpec, TrialLimits } from '../record/events.ts';
import type { AgentSandbox } from '../sandbox/contract.ts';

/**
 * The thing under test: model, scaffold and tools. It gets the narrow sandbox, says what happens through `emit`, and
 * ends with a reason. Expected ends are values; it rejects only when something is broken that is not the model's doing.
 *
 * Agents today: `createModelAgent` (the loop model <-> tools) and, on the same loop, controls.
 */
export interface Agent {
  readonly kind: 'model' | 'control';
  /** `provider/model`, or `control/name`. */
  readonly name: string;
  readonly run: (task: AgentTask, deps: AgentDeps) => Promise<AgentEnd>;
  /** Tools as the model is told of them; written into the record before the first call. */
  readonly tools: (options: AgentToolOptions) => readonly ToolSpec[];
}

export interface AgentToolOptions {
  readonly withThoughts: boolean;
}

export interface AgentTask {
  readonly prompts: { readonly system: string | null; readonly user: string; readonly continue: string };
  readonly toolOptions: AgentToolOptions;
  readonly limits: TrialLimits;
  readonly signal: AbortSignal;
}

export interface AgentDeps {
  readonly sandbox: AgentSandbox;
  readonly emit: Emit;
  /** Milliseconds that never go back. */
  readonly elapsed: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Called when an answer and its tool calls are complete: the journal is flushed here. */
  readonly onTurnEnd: () => Promise<void>;
  /** Called after each command with its call id: the trial looks at the files here. */
  readonly onCommandEnd: (callId: string) => Promise<void>;
  /** Tells who is speaking when a service call arrives in the middle of a command; null outside commands. */
  readonly onCommandStart: (callId: string) => void;
}

export interface AgentEnd {
  readonly reason: AgentEndReason;
  readonly detail: string | null;
}
