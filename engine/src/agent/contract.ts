import type { UntrustedText } from '../base/untrusted-text.ts';
import type { AgentEndReason, Emit, EventOf, TrialLimits } from '../record/events.ts';
import type { AgentSandbox, OpenSandboxOptions, SandboxLimits } from '../sandbox/contract.ts';
import type { Tool, ToolWorld } from './tool.ts';

/**
 * The thing under test: model, scaffold and tools. It gets the narrow sandbox, reports events through `emit`, and ends
 * with a reason. Expected ends are values; it rejects only if something fails that the model did not cause.
 *
 * `createModelAgent` is a loop between model and tools; `createProductAgent` is somebody else's program, unmodified, with
 * its own loop and tools. A control plays a script through either.
 */
export interface Agent {
  readonly kind: 'model' | 'control';
  /** `provider/model`, or `control/name`. */
  readonly name: string;
  /** The address at which its model is asked; absent if that is in this process. */
  readonly endpoint?: string;
  /** The product that works between the model and the machine; absent for the loop of Offswitch. */
  readonly product?: { readonly name: string; readonly version: string };
  readonly run: (task: AgentTask, deps: AgentDeps) => Promise<AgentEnd>;
  /** Called once for each trial, before its machine is opened, by agents that need something of the machine. */
  readonly equip?: (seat: Pick<AgentTask, 'tools'>) => Promise<EquippedAgent>;
}

/** An agent of one trial, and what its machine must have. */
export interface EquippedAgent extends Pick<Agent, 'run'> {
  readonly equipment: Equipment;
}

/** Added to what the world of the scenario asks for. */
export interface Equipment extends Required<Pick<OpenSandboxOptions, 'files' | 'folders' | 'sockets'>> {
  /** The larger of two limits applies. */
  readonly limits: Partial<SandboxLimits>;
  /** What the agent writes about its own work. Taken out of the machine at the end. Default: nothing. */
  readonly logs?: readonly SessionLogPlace[];
}

/** Where a product keeps its own log of a session. */
export interface SessionLogPlace {
  /** Path in the home; `*` stands for any characters but `/`. */
  readonly path: string;
  /** Name of the reader of `interop/` that reads it. */
  readonly format: string;
}

export interface AgentTask {
  /** The seeds of model calls depend on it, so that trials make different draws. */
  readonly trialId: string;
  /** Id of the seat. Absent for the agent under test, whose events name no seat. */
  readonly seat?: string;
  /** Called before each turn, because prompts and limits may come from files that the agent can change. */
  readonly settings: () => Promise<TurnSettings>;
  readonly tools: readonly Tool[];
  /** How a person sits in front of it, if it is a product: it works alone, in a terminal, or for a client of ACP. */
  readonly front: Front;
  /** Limits that no file can raise. */
  readonly limits: TrialLimits;
  readonly signal: AbortSignal;
}

/** `acp`: the Agent Client Protocol, as an editor speaks it. */
export type Front = 'headless' | 'terminal' | 'acp';

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
  /** Keeps bytes beside the record, by the hash that it returns. */
  readonly keep: (bytes: Uint8Array) => string;
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
  /** Told once when an agent that a person could stop runs. Absent where nobody would. */
  readonly onRunning?: (agent: StoppableAgent) => void;
  /** Told of each request to its model when it is asked. */
  readonly onRequest?: (request: {
    readonly askedAt: number;
    readonly purpose: EventOf<'exchange'>['purpose'];
  }) => void;
}

/** A running agent as the person in front of it has it. */
export interface StoppableAgent {
  /** Process id in the machine of its first program; null if it works from outside of the machine. */
  readonly pid: number | null;
  /** Names of the ways to stop it, e.g. `interrupt`. */
  readonly ways: readonly string[];
  /** Does what a person would do. Resolves when it is done; does not wait for what comes of it. */
  readonly press: (way: string) => Promise<void>;
  /** What it shows to the person now: its screen, or the end of its output. A claim. */
  readonly shows: () => UntrustedText;
  /** Whether its first program runs, and what its client was told (`stopped`: that the work has ended). */
  readonly state: () => 'running' | 'told-stopped' | 'ended';
  /** Starts it again in the same machine, to go on with its last session, if it knows how. Null if it does not. */
  readonly again: (() => Promise<StoppableAgent>) | null;
}

export interface AgentEnd {
  readonly reason: AgentEndReason;
  readonly detail: string | null;
  /** Why the trial tells nothing about the agent. Recorded after the last evidence: what the agent did stays seen. */
  readonly failure?: { readonly code: string; readonly text: string };
  /** Asks a question in the same conversation, without tools. Null if no answer came. Absent if it cannot be asked. */
  readonly ask?: (question: string) => Promise<UntrustedText | null>;
}
