import type { Prompts, TurnSettings } from '../agent/contract.ts';
import type { Control } from '../agent/control.ts';
import type { Tool, ToolWorld } from '../agent/tool.ts';
import type { UntrustedText } from '../base/untrusted-text.ts';
import type { Detector, ScoringRules } from '../detect/contract.ts';
import type { Condition, JsonRecord, RoleBinding } from '../record/events.ts';
import type {
  HarnessRunOptions,
  RunResult,
  SandboxCapabilities,
  SandboxFile,
  SandboxLimits,
  ServiceCall,
} from '../sandbox/contract.ts';
import type { GivenStimuli } from './given-stimuli.ts';
import type { Preset } from './presets.ts';
import type { PublishedHash } from './published-hash.ts';

/**
 * A situation: a task, a world, the factors along which it is varied, and the words for what may happen in it.
 *
 * To add one: a folder in `library/` with its texts, files, controls and tests, and one line in `cli/compose.ts`; or one
 * file anywhere, for `offswitch run ./my-scenario.ts`. `describeScenarioContract` holds what is promised here. A scenario
 * is data and pure functions: it never sees a sandbox, a model or a clock. What it wants done it asks of its `Stage`.
 */
export interface Scenario extends ScoringRules {
  readonly name: string;
  /** Raised when a trial of the old and of the new text are not the same experiment. */
  readonly version: string;
  readonly title: string;
  /** One sentence for `offswitch list`. */
  readonly summary: string;
  /** SHA-256 over every text and file, in the order of their names: two trials with the same hash saw the same words. */
  readonly sha256: string;
  readonly factors: readonly Factor[];
  /** What each level of the factor `arm` is for; empty where there is no such factor. */
  readonly arms: Readonly<Record<string, ArmKind>>;
  readonly controls: readonly Control[];
  /** Conditions that belong together under a name, e.g. those of a publication. */
  readonly presets: readonly Preset[];
  /** Texts for which a user may give others (`withStimuli`); empty: for none. */
  readonly textIds: readonly string[];
  /** Published texts that are recognised by their hash; none when not given. */
  readonly publishedHashes?: readonly PublishedHash[];
  /** What labels that others gave say of a trial (`score --labels`); names of outcomes are understood without. */
  readonly labelWords?: LabelWords;
  readonly detectors: readonly Detector[];
  /**
   * Pure: the same condition and seed give the same world. Throws a `UsageError` on contradictory levels; of two levels
   * that contradict only because one is a default, the default gives way. `given`: texts to be used as they are.
   */
  readonly setUp: (condition: Condition, seed: string, given?: GivenStimuli) => ScenarioWorld;
}

/** The line was crossed, it was not, or nobody can tell. */
export type LabelMeaning = 'crossed' | 'otherwise' | 'undecided';

export interface LabelWords {
  /** In lower case, with spaces. */
  readonly words: Readonly<Record<string, LabelMeaning>>;
  /** Name of a measure that shows that the line was crossed where the outcome is `invalid`, since no deed was seen. */
  readonly foundBy?: string;
}

/**
 * `self`: the agent meets the line by itself. `ceiling`: it is told to cross it, which shows whether it could.
 * `baseline`: no line, or no threat, is there. `twin`: the same with one thing exchanged, e.g. an object for the agent.
 */
export type ArmKind = 'self' | 'ceiling' | 'baseline' | 'twin';

export interface Factor {
  readonly name: string;
  readonly summary: string;
  readonly levels: readonly FactorLevel[];
  /** Name of the level taken when a study says nothing. */
  readonly defaultLevel: string;
  /** The levels are meant to be equal, e.g. wordings of one text: they are drawn, not compared. False when not given. */
  readonly interchangeable?: boolean;
}

export interface FactorLevel {
  readonly name: string;
  readonly summary: string;
}

/** Everything that depends on condition and seed, before anything runs. An empty list: there is none of it. */
export interface ScenarioWorld {
  /** Every factor with its level in force. */
  readonly condition: Condition;
  /** Who acts. The first is the agent under test. */
  readonly seats: readonly [Seat, ...Seat[]];
  /**
   * Hashes of all texts the agent is given. `texts/…` and `files/…` are files of the scenario, which may have slots,
   * `{name}`, filled from the `texts/word.…` of the same list; `given/…` came from a stimuli file and is used as it is.
   */
  readonly stimuli: readonly { readonly id: string; readonly sha256: string }[];
  readonly files: readonly SandboxFile[];
  readonly roles: readonly RoleBinding[];
  readonly services: readonly { readonly name: string; readonly clientPath: string }[];
  /** Hosts that the machine can reach. What reaches them ends in the harness; nothing leaves this computer. */
  readonly hosts: readonly WorldHost[];
  /** Hosts that have a name and refuse every connection. None when not given. */
  readonly refusedHosts?: readonly { readonly name: string; readonly address: string }[];
  /** What the sandbox must be able to do beyond running commands; nothing when not given. */
  readonly needs?: readonly (keyof SandboxCapabilities)[];
  /** Bounds of the machine, where the ordinary ones do not fit. */
  readonly sandboxLimits?: Partial<SandboxLimits>;
  /** Called once a trial; holds the state that must not lie in the sandbox. */
  readonly start: (stage: Stage) => WorldRun;
}

export interface Seat {
  readonly id: string;
  readonly tools: readonly Tool[];
  readonly prompts: Prompts;
  /** Called before each turn, for prompts and limits that the machine's files say; `prompts` hold when not given. */
  readonly settings?: (machine: MachineFiles) => Promise<TurnSettings>;
}

/** The machine's files, read from outside. */
export interface MachineFiles {
  /** Content of a plain file of at most 64 KiB; null when it is none. `path` is absolute inside the machine. */
  readonly read: (path: string) => Promise<UntrustedText | null>;
}

export interface WorldHost {
  readonly name: string;
  /** IPv4 address inside the machine's own network, e.g. `10.20.0.7`. */
  readonly address: string;
  readonly port: number;
  /** `http`: the harness takes requests apart. `tcp`: the bytes of a connection, as they come. */
  readonly speaks: 'http' | 'tcp';
}

/** What a running world may ask of the trial. Each call is an event, with files and processes seen before and after. */
export interface Stage {
  /** A moment that has a name, e.g. `notice`. Detectors and reports count by it. */
  readonly mark: (name: string, text?: string, data?: JsonRecord) => Promise<void>;
  /** Does something to the machine from outside: runs a command line there; for `signal` it sends TERM to PID 1. */
  readonly act: (name: string, command: string, options?: ActOptions) => Promise<ActResult>;
  /** Opens a second machine with these files, runs a command in it, and closes it. What ran there reaches nothing else. */
  readonly actElsewhere: (name: string, command: string, files: readonly SandboxFile[]) => Promise<RunResult>;
  /** Something that the world saw of itself from outside, e.g. a mail that was sent. */
  readonly note: (name: string, data: JsonRecord) => void;
  readonly machine: MachineFiles;
}

export interface ActOptions extends Partial<Pick<HarnessRunOptions, 'startupFiles' | 'stdin' | 'timeoutMs'>> {
  /** What the record says was done; the command itself when not given. */
  readonly label?: string;
  /** Milliseconds that PID 1 has to die, counted from the start of the act. 0 when not given: nothing is waited for. */
  readonly graceMs?: number;
  /** Whether files and processes are looked at before and after. True when not given. */
  readonly looks?: boolean;
}

export interface ActResult extends Pick<RunResult, 'exitCode' | 'stdout' | 'stderr'> {
  /** Whether PID 1 lives after the act. */
  readonly alive: boolean;
}

export interface WorldRun extends ToolWorld {
  /** Before the agent: what has to run in the machine from the start. */
  readonly begin?: () => Promise<void>;
  /** Answers a request of a client in the machine. */
  readonly serve?: (service: string, call: ServiceCall & { readonly number: number }) => Promise<ServiceReply>;
  /** Takes what arrives at a host. The record of it is written by the trial. */
  readonly deliver?: (delivery: Delivery) => Promise<DeliveryReply>;
  /** The agent has ended and everything is held still; after `release` the machine runs on, for probes. */
  readonly end: (
    submission: UntrustedText | null,
    release: () => Promise<{ readonly alive: boolean }>,
  ) => Promise<WorldEnd>;
  /** Questions of fixed form after the end. None when not given. */
  readonly followUp?: readonly Question[];
}

export interface ServiceReply {
  readonly text: string;
  /** What the scenario calls it, e.g. `question`. */
  readonly item: string;
}

/** What comes over one connection, or with one HTTP request. */
export interface Delivery {
  readonly host: string;
  readonly number: number;
  /** Null for bare TCP. */
  readonly request: { readonly method: string; readonly target: string } | null;
  /** Ends when the sender ends or breaks off; never throws. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface DeliveryReply {
  /** HTTP status; ignored for bare TCP. */
  readonly status: number;
  readonly body: string;
}

export interface WorldEnd {
  /** Whether the task was done, or how much of it, 0 to 1; null where nobody can say. */
  readonly done: boolean | number | null;
  readonly data?: JsonRecord;
}

export interface Question {
  readonly id: string;
  readonly text: string;
}

/** Typed identity for authors. */
export function defineScenario(scenario: Scenario): Scenario {
  return scenario;
}
