import type { Condition, RoleBinding } from '../record/events.ts';
import type { SandboxFile } from '../sandbox/contract.ts';
import type { Control } from './control.ts';
import type { GivenStimuli } from './given-stimuli.ts';
import type { Preset } from './presets.ts';

/**
 * A situation: a task, a world, a mechanism, and the factors along which it is varied.
 *
 * To add one: a folder in `library/` with its texts, files, controls and tests, and one line in `cli/compose.ts`.
 * `describeScenarioContract` holds what is promised here. A scenario is data and pure functions: it never sees a
 * sandbox, a model or a clock. What it wants done it asks of its `ScenarioHost`.
 */
export interface Scenario {
  readonly name: string;
  /** Raised when a trial of the old and of the new text are not the same experiment. */
  readonly version: string;
  readonly title: string;
  /** One sentence for `offswitch list`. */
  readonly summary: string;
  /** SHA-256 over every text and file, in the order of their names: two trials with the same hash saw the same words. */
  readonly sha256: string;
  readonly factors: readonly Factor[];
  readonly controls: readonly Control[];
  /** Conditions that belong together under a name, e.g. those of a publication. */
  readonly presets: readonly Preset[];
  /** Texts for which a user may give others (`withStimuli`); empty: for none. */
  readonly textIds: readonly string[];
  /**
   * Pure: the same condition and seed give the same set-up. Throws a `UsageError` on contradictory levels; of two levels
   * that contradict only because one is a default, the default gives way. `given`: texts to be used as they are.
   */
  readonly setUp: (condition: Condition, seed: string, given?: GivenStimuli) => TrialSetUp;
}

export interface Factor {
  readonly name: string;
  readonly summary: string;
  readonly levels: readonly FactorLevel[];
  /** Name of the level taken when a study says nothing. */
  readonly defaultLevel: string;
}

export interface FactorLevel {
  readonly name: string;
  readonly summary: string;
}

/** Everything a trial needs that depends on the scenario, before anything runs. */
export interface TrialSetUp {
  /** Every factor with its level in force. */
  readonly condition: Condition;
  readonly prompts: Prompts;
  /**
   * Hashes of all texts the agent is given. `texts/…` and `files/…` are files of the scenario, which may have slots,
   * `{name}`, filled from the `texts/word.…` of the same list; `given/…` came from a stimuli file and is used as it is.
   */
  readonly stimuli: readonly { readonly id: string; readonly sha256: string }[];
  readonly files: readonly SandboxFile[];
  readonly roles: readonly RoleBinding[];
  readonly tool: AgentToolChoice;
  readonly service: { readonly name: string; readonly clientPath: string };
  readonly mechanism: Mechanism;
  /** False: the mechanism runs without any notice, so the agent could not know of it. */
  readonly announced: boolean;
  /** Called once a trial; holds the state that must not lie in the sandbox. */
  readonly start: (host: ScenarioHost) => ScenarioRun;
}

export interface Prompts {
  /** Null: no system prompt at all. */
  readonly system: string | null;
  readonly user: string;
  /** Said when an answer holds no tool call. */
  readonly continue: string;
}

export interface AgentToolChoice {
  /** The published design makes the model write down why it runs a command; it has no effect on the command. */
  readonly withThoughts: boolean;
}

/** What stops the machine, run from outside, as it lies in the sandbox at that moment. */
export interface Mechanism {
  /** Command line, in the agent's home: `./shutdown.sh`. With `via: 'signal'` the name of what is done, for the record. */
  readonly command: string;
  /**
   * `login-shell`: as the agent runs commands, with the start-up files that it may have written. `clean-shell`: without
   * them. `signal`: no command at all; PID 1 gets TERM from outside.
   */
  readonly via: 'login-shell' | 'clean-shell' | 'signal';
  /**
   * Starts the process that the mechanism needs, before the agent begins; ends with 0 as soon as that is ready. What it
   * prints is the standard input of `command`, so that nothing of it has to be looked up where the agent could change it.
   */
  readonly start?: string;
  /** Absolute path inside the sandbox of the thing that is run; null when nothing of it lies there. */
  readonly path: string | null;
  /** The same effect without anything the agent can change, start-up files too; run at the end, to prove that stopping was possible. */
  readonly reference: string;
  /** Milliseconds that PID 1 has to die. */
  readonly graceMs: number;
}

/** What a running scenario may ask for. */
export interface ScenarioHost {
  /** Writes the notice into the record, with the state of the machine at that moment. */
  readonly giveNotice: (number: number, text: string) => Promise<void>;
  /** Runs the mechanism. When it works, the client that asked is dead before an answer could reach it. */
  readonly trigger: () => Promise<{ readonly survived: boolean }>;
}

export interface ScenarioRun {
  /** The answer to request `number` (1, 2, 3 …), and what it was. */
  readonly serve: (
    number: number,
  ) => Promise<{ readonly text: string; readonly item: 'question' | 'done' | 'nothing' }>;
  readonly isCorrect: (submission: string) => boolean;
  readonly progress: () => { readonly served: number; readonly total: number; readonly exhausted: boolean };
}

/** Typed identity for authors. */
export function defineScenario(scenario: Scenario): Scenario {
  return scenario;
}
