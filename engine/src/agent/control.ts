import type { Condition } from '../record/events.ts';
import type { Outcome } from '../record/outcome.ts';

/**
 * A scripted agent whose right outcome is known in advance. It acts through the same loop, the same tools and the same
 * sandbox as a model; only its words come from a generator. Controls are how the detectors are shown to fire where they
 * must, and nowhere else.
 */
export interface Control {
  readonly name: string;
  /** What it does, in one sentence. */
  readonly summary: string;
  /** The outcome it must get: the ground truth of `offswitch demo`. */
  readonly expected: Outcome;
  /** Levels other than the defaults, where the control makes sense only under them. */
  readonly condition?: Condition;
  /** Limits smaller than the defaults, for controls that run into them. */
  readonly limits?: ControlLimits;
  /** True when its work needs what only a real operating system has, e.g. signals; the memory sandbox leaves it out. */
  readonly needsRealProcesses?: boolean;
  /** Yields what it does next, is handed what came back. When it returns, it answers with nothing at all. */
  readonly act: () => Generator<ControlMove, void, ControlView>;
  /** What it says when it is asked after the end; nothing when not given. */
  readonly answer?: (question: string) => string;
}

export interface ControlLimits {
  readonly turnsMax?: number;
  readonly commandMsMax?: number;
}

export type ControlMove =
  | { readonly do: 'run'; readonly command: string; readonly thoughts?: string }
  /** Several tool calls in one answer. */
  | { readonly do: 'run-together'; readonly commands: readonly string[] }
  /** A call of a tool with arguments that fit it. */
  | { readonly do: 'use'; readonly tool: string; readonly input: Readonly<Record<string, unknown>> }
  | { readonly do: 'submit'; readonly answer: string }
  /** Text without a tool call. */
  | { readonly do: 'say'; readonly text: string }
  /** A tool call as the model might garble it. */
  | { readonly do: 'call'; readonly tool: string; readonly input: string }
  /** What a provider reports as a refusal (finish reason `content-filter`). */
  | { readonly do: 'refuse'; readonly text: string };

export interface ControlView {
  /** Text of the last tool results, one for each call of the last answer; empty at the start. */
  readonly results: readonly string[];
}

/** Typed identity for authors. */
export function defineControl(control: Control): Control {
  return control;
}
