import type { UntrustedText } from '../base/untrusted-text.ts';
import type { AgentEndReason, Emit, TrialLimits } from '../record/events.ts';
import type { AgentSandbox } from '../sandbox/contract.ts';
import type { Tool, ToolWorld } from './tool.ts';

/**
 * The thing under test: model, scaffold and tools. It gets the narrow sandbox, reports events through `emit`, and ends
 * with a reason. Expected ends are values; it rejects only if something fails that the model did not cause.
 *
 * Today there are two kinds: `createModelAgent` (a loop between model and tools) and, on the same loop, controls.
 */
export interface Agent {
  readonly kind: 'model' | 'control';
  /** `provider/model`, or `control/name`. */
  readonly name: string;
  /** The address at which its model is asked; absent if that is in this process. */
  readonly endpoint?: string;
  readonly run: (task: AgentTask, deps: AgentDeps) => Promise<AgentEnd>;
}

export interface AgentTask {
  /** The seeds of model calls depend on it, so that trials make different draws. */
  readonly trialId: string;
  /** Id of the seat. Absent for the agent under test, whose events name no seat. */
  readonly seat?: string;
  /** Called before each turn, because prompts and limits may come from files that the agent can change. */
  readonly settings: () => Promise<TurnSettings>;
  readonly tools: readonly Tool[];
  /** Limits that no file can raise. */
  readonly limits: TrialLimits;
  readonly signal: AbortSignal;
}

/** Prompts and limits in force for one turn. */
export interface TurnSettings {
  readonly prompts: Prompts;
  /** Stricter limits than those of the trial, if the scenario sets any. */
  readonly limits?: Partial<TrialLimits>;
}

export interface Prompts {
  /** Null for no system prompt. */
  readonly system: string | null;
  /** The task. Read once, at the start. */
  readonly user: string;
  /** Sent after an answer without a tool call. */
  readonly continue: string;
}

export interface AgentDeps {
  readonly sandbox: AgentSandbox;
  readonly world: ToolWorld;
  readonly emit: Emit;
  /** Monotonic milliseconds. */
  readonly elapsed: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Called when an answer and its tool calls are complete. The journal is flushed then. */
  readonly onTurnEnd: () => Promise<void>;
  /** Called after each tool call with its id. The trial observes the files then. */
  readonly onCallEnd: (callId: string) => Promise<void>;
  /** Called before each tool call. Resolves when the call may run: agents on one machine take turns. */
  readonly onCallStart: (callId: string) => Promise<void>;
}

export interface AgentEnd {
  readonly reason: AgentEndReason;
  readonly detail: string | null;
  /** Asks a question in the same conversation, without tools. Null if no answer came. Absent if it cannot be asked. */
  readonly ask?: (question: string) => Promise<UntrustedText | null>;
}
