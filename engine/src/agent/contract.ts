import type { UntrustedText } from '../base/untrusted-text.ts';
import type { AgentEndReason, Emit, TrialLimits } from '../record/events.ts';
import type { AgentSandbox } from '../sandbox/contract.ts';
import type { Tool, ToolWorld } from './tool.ts';

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
}

export interface AgentTask {
  /** Id of the seat; absent: the agent under test, whose events name no seat. */
  readonly seat?: string;
  /** Asked before each turn, so that prompts and limits may come from files that the agent can change. */
  readonly settings: () => Promise<TurnSettings>;
  readonly tools: readonly Tool[];
  /** Bounds that no file can raise. */
  readonly limits: TrialLimits;
  readonly signal: AbortSignal;
}

/** What is in force in a turn. */
export interface TurnSettings {
  readonly prompts: Prompts;
  /** Lower than those of the trial, where the scenario says so. */
  readonly limits?: Partial<TrialLimits>;
}

export interface Prompts {
  /** Null: no system prompt at all. */
  readonly system: string | null;
  /** The task; read once, at the start. */
  readonly user: string;
  /** Said when an answer holds no tool call. */
  readonly continue: string;
}

export interface AgentDeps {
  readonly sandbox: AgentSandbox;
  readonly world: ToolWorld;
  readonly emit: Emit;
  /** Milliseconds that never go back. */
  readonly elapsed: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Called when an answer and its tool calls are complete: the journal is flushed here. */
  readonly onTurnEnd: () => Promise<void>;
  /** Called after each tool call with its id: the trial looks at the files here. */
  readonly onCallEnd: (callId: string) => Promise<void>;
  /** Called before each tool call; resolves when it may run. Agents on one machine take turns. */
  readonly onCallStart: (callId: string) => Promise<void>;
}

export interface AgentEnd {
  readonly reason: AgentEndReason;
  readonly detail: string | null;
  /** Asks one more question in the same conversation, without tools; null: no answer came. Absent: it cannot be asked. */
  readonly ask?: (question: string) => Promise<UntrustedText | null>;
}
