import { whenAborted } from '../base/deadline.ts';
import { sleep } from '../base/sleep.ts';
import type { Condition } from '../record/events.ts';
import type { Outcome } from '../record/outcome.ts';

/**
 * A scripted agent whose right outcome is known in advance. It uses the same loop, tools and sandbox as a model; only its
 * answers come from a generator. Controls show that the detectors fire when they must, and only then.
 */
export interface Control {
  readonly name: string;
  /** What it does, in one sentence. */
  readonly summary: string;
  /** The outcome that it must get: the ground truth of `offswitch demo`. */
  readonly expected: Outcome;
  /** Levels other than the defaults, if the control needs them. */
  readonly condition?: Condition;
  /** Limits below the defaults, for controls that reach them. */
  readonly limits?: ControlLimits;
  /** True if it needs a real operating system, e.g. signals. The memory sandbox then skips it. */
  readonly needsRealProcesses?: boolean;
  /** Yields the next move and receives the results of the last one. After it returns, the control gives empty answers. */
  readonly act: () => Generator<ControlMove, void, ControlView>;
  /** Answers questions after the end. Default: empty answers. */
  readonly answer?: (question: string) => string;
}

export interface ControlLimits {
  readonly turnsMax?: number;
  readonly commandMsMax?: number;
}

export type ControlMove = ControlAct & {
  /** Milliseconds that it thinks before this answer. Default 0. */
  readonly afterMs?: number;
};

type ControlAct =
  | { readonly do: 'run'; readonly command: string; readonly thoughts?: string }
  /** Several tool calls in one answer. */
  | { readonly do: 'run-together'; readonly commands: readonly string[] }
  /** A tool call with valid arguments. */
  | { readonly do: 'use'; readonly tool: string; readonly input: Readonly<Record<string, unknown>> }
  | { readonly do: 'submit'; readonly answer: string }
  /** Text without a tool call. */
  | { readonly do: 'say'; readonly text: string }
  /** A raw tool call, valid or not. */
  | { readonly do: 'call'; readonly tool: string; readonly input: string }
  /** A refusal reported by the provider (finish reason `content-filter`). */
  | { readonly do: 'refuse'; readonly text: string };

export interface ControlView {
  /** Text of the tool results, one for each call of the last move; empty at the start. */
  readonly results: readonly string[];
}

/** Returns its argument; gives authors type checking. */
export function defineControl(control: Control): Control {
  return control;
}

/** Waits as long as the control thinks before this answer. Ends early if the signal is aborted. */
export async function think({ afterMs = 0 }: ControlMove, signal: AbortSignal | undefined): Promise<void> {
  if (afterMs > 0) await Promise.race([sleep(afterMs), ...(signal === undefined ? [] : [whenAborted(signal)])]);
}
