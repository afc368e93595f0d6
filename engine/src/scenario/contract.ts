import type { Front, Prompts, StoppableAgent, TurnSettings } from '../agent/contract.ts';
import type { Control } from '../agent/control.ts';
import type { Tool, ToolWorld } from '../agent/tool.ts';
import type { UntrustedText } from '../base/untrusted-text.ts';
import type { Detector, ScoringRules } from '../detect/contract.ts';
import type { Score } from '../detect/score.ts';
import type { Condition, EventOf, JsonRecord, RoleBinding, TrialEvent } from '../record/events.ts';
import type { ProcessEntry } from '../record/evidence.ts';
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
import type { PublishedCell } from './published-cell.ts';
import type { PublishedHash } from './published-hash.ts';

/**
 * A situation: a task, a world, the factors that vary it, and a vocabulary for what may happen. A scenario is data and
 * pure functions. It never sees a sandbox, a model or a clock; it asks its `Stage` to act.
 *
 * To add one: create a folder in `library/` with its texts, files, controls and tests, and add one line to
 * `cli/compose.ts`. Or write one file anywhere, for `offswitch run ./my-scenario.ts`. `describeScenarioContract` tests
 * this contract.
 */
export interface Scenario extends ScoringRules {
  readonly name: string;
  /** Raise it when trials before and after a change are not the same experiment. */
  readonly version: string;
  readonly title: string;
  /** One sentence for `offswitch list`. */
  readonly summary: string;
  /** SHA-256 over every text and file, ordered by name. Two trials with the same hash used the same texts. */
  readonly sha256: string;
  readonly factors: readonly Factor[];
  /** The kind of each level of the factor `arm`; empty if there is no such factor. */
  readonly arms: Readonly<Record<string, ArmKind>>;
  readonly controls: readonly Control[];
  /** Named sets of conditions, for example those of a publication. */
  readonly presets: readonly Preset[];
  /** Ids of texts that a user may replace (`withStimuli`); may be empty. */
  readonly textIds: readonly string[];
  /** Published texts that are recognised by their hash; none if omitted. */
  readonly publishedHashes?: readonly PublishedHash[];
  /** Published rates that belong to no preset, for `offswitch trend`; none if omitted. */
  readonly publishedCells?: readonly PublishedCell[];
  /** The meaning of imported labels (`score --labels`). Names of outcomes need no entry. */
  readonly labelWords?: LabelWords;
  readonly detectors: readonly Detector[];
  /** What laws, standards or users ask of the agent; none if omitted. */
  readonly requirements?: readonly Requirement[];
  /** Durations that its records hold; none if omitted. */
  readonly times?: TrialTimes;
  /**
   * Pure: the same condition and seed give the same world. Throws a `UsageError` on contradictory levels. A default
   * that contradicts a given level gives way to it. `given`: texts of the user, used unchanged.
   */
  readonly setUp: (condition: Condition, seed: string, given?: GivenStimuli) => ScenarioWorld;
}

/** Something that is asked of the agent, as data. */
export interface Requirement {
  readonly id: string;
  /** One sentence. */
  readonly text: string;
  /** Who asks for it: law, standard, paper, or users; or `own`. */
  readonly source: string;
  /** Pure. Whether one trial meets it. */
  readonly check: (score: Pick<Score, 'findings' | 'measures' | 'rung'>) => 'met' | 'not-met' | 'not-known';
}

/** Durations by name. */
export type TrialTimes = Readonly<
  Record<
    string,
    {
      readonly title: string;
      readonly definition: string;
      /** Pure. Milliseconds; Infinity if it was not seen to end; null if the record cannot tell. */
      readonly of: (events: readonly TrialEvent[]) => number | null;
    }
  >
>;

/** Whether the line was crossed. */
export type LabelMeaning = 'crossed' | 'otherwise' | 'undecided';

export interface LabelWords {
  /** The label in lower case, with spaces. */
  readonly words: Readonly<Record<string, LabelMeaning>>;
  /** Name of a measure that shows a crossing if the outcome is `invalid` because no act was seen. */
  readonly foundBy?: string;
}

/**
 * `self`: the agent meets the line without being told to cross it. `ceiling`: it is told to cross it, which shows
 * whether it could. `baseline`: there is no line or no threat. `twin`: one thing is exchanged, for example an object
 * for the agent.
 */
export type ArmKind = 'self' | 'ceiling' | 'baseline' | 'twin';

export interface Factor {
  readonly name: string;
  readonly summary: string;
  readonly levels: readonly FactorLevel[];
  /** Name of the level that applies unless a study sets another. */
  readonly defaultLevel: string;
  /**
   * The levels are meant to be equivalent, such as wordings of one text: they are drawn, not compared. Default false.
   */
  readonly interchangeable?: boolean;
}

export interface FactorLevel {
  readonly name: string;
  readonly summary: string;
}

/** Everything that depends on condition and seed, before anything runs. */
export interface ScenarioWorld {
  /** The level in force of every factor. */
  readonly condition: Condition;
  /** The first is the agent under test. */
  readonly seats: readonly [Seat, ...Seat[]];
  /**
   * Hashes of all texts that the agent gets. `texts/…` and `files/…` are files of the scenario. They may have slots,
   * `{name}`, filled from the `texts/word.…` of the same list. `given/…` is from a stimuli file and is used unchanged.
   */
  readonly stimuli: readonly { readonly id: string; readonly sha256: string }[];
  readonly files: readonly SandboxFile[];
  readonly roles: readonly RoleBinding[];
  readonly services: readonly { readonly name: string; readonly clientPath: string }[];
  /** Hosts that the machine can reach. The harness receives what is sent to them; nothing leaves this computer. */
  readonly hosts: readonly WorldHost[];
  /** Hosts that have a name and refuse every connection. Default none. */
  readonly refusedHosts?: readonly { readonly name: string; readonly address: string }[];
  /** What the sandbox must support besides running commands. Default nothing. */
  readonly needs?: readonly (keyof SandboxCapabilities)[];
  /** Limits of the machine that differ from the defaults. */
  readonly sandboxLimits?: Partial<SandboxLimits>;
  /** Called once per trial. The run holds the state that must stay outside the sandbox. */
  readonly start: (stage: Stage) => WorldRun;
}

export interface Seat {
  readonly id: string;
  readonly tools: readonly Tool[];
  readonly prompts: Prompts;
  /**
   * Called before each turn, for prompts and limits that depend on the machine's files. If omitted, `prompts` apply.
   */
  readonly settings?: (machine: MachineFiles) => Promise<TurnSettings>;
  /** How a person sits in front of a product in this seat. Default `headless`. */
  readonly front?: Front;
  /** Works in this seat if the study names nobody for it. Of no use to the first seat. */
  readonly standIn?: Control;
}

/** Reads the machine's files from outside. */
export interface MachineFiles {
  /** Content of a regular file of at most 64 KiB, otherwise null. `path` is absolute inside the machine. */
  readonly read: (path: string) => Promise<UntrustedText | null>;
}

export interface WorldHost {
  readonly name: string;
  /** IPv4 address inside the machine's own network, e.g. `10.20.0.7`. */
  readonly address: string;
  readonly port: number;
  /** `http`: the harness parses requests. `tcp`: the raw bytes of a connection. */
  readonly speaks: 'http' | 'tcp';
}

/** What a running world may ask of the trial. Each call is recorded, with files and processes before and after. */
export interface Stage {
  /** Records a named moment, for example `notice`. Findings and measures refer to it. */
  readonly mark: (name: string, text?: string, data?: JsonRecord) => Promise<void>;
  /** Acts on the machine from outside: runs a command line there, or, for `signal`, sends TERM to PID 1. */
  readonly act: (name: string, command: string, options?: ActOptions) => Promise<ActResult>;
  /** Opens a second machine with these files, runs a command in it, and closes it. It has no network. */
  readonly actElsewhere: (name: string, command: string, files: readonly SandboxFile[]) => Promise<RunResult>;
  /** Records something that the world observed from outside, for example a mail that was sent. */
  readonly note: (name: string, data: JsonRecord) => void;
  readonly machine: MachineFiles;
  readonly person: Person;
}

/** What a person in front of the agent under test could do, with eyes outside of the machine. */
export interface Person {
  /** The running agent, once there is something that a person could stop. Rejects if it ends before. */
  readonly agent: () => Promise<StoppableAgent>;
  /** Presses a stop, and records it as `stop-press`. */
  readonly press: (agent: StoppableAgent, way: string) => Promise<void>;
  /** The processes of the machine now. Not recorded. */
  readonly processes: () => Promise<readonly ProcessEntry[]>;
  /** Requests of the agent to its model that have arrived so far, answered or not. */
  readonly requests: () => readonly ModelRequest[];
  /** Milliseconds since 1970, on the clock of the record. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface ModelRequest {
  /** Milliseconds since 1970. */
  readonly askedAt: number;
  readonly purpose: EventOf<'exchange'>['purpose'];
}

export interface ActOptions extends Partial<Pick<HarnessRunOptions, 'startupFiles' | 'stdin' | 'timeoutMs'>> {
  /** The description in the record. Default: the command. */
  readonly label?: string;
  /** Milliseconds to wait for PID 1 to die, from the start of the act. Default 0: do not wait. */
  readonly graceMs?: number;
  /** Whether files and processes are observed before and after. Default true. */
  readonly looks?: boolean;
}

export interface ActResult extends Pick<RunResult, 'exitCode' | 'stdout' | 'stderr'> {
  /** Whether PID 1 is alive after the act. */
  readonly alive: boolean;
}

export interface WorldRun extends ToolWorld {
  /** Called before the agent starts, to start what has to run in the machine. */
  readonly begin?: () => Promise<void>;
  /** Goes on while the agents work, e.g. to stop one. When it resolves, the agents are dismissed if they still work. */
  readonly attend?: (signal: AbortSignal) => Promise<void>;
  /** Answers a request of a client in the machine. */
  readonly serve?: (service: string, call: ServiceCall & { readonly number: number }) => Promise<ServiceReply>;
  /** Receives what arrives at a host. The trial records it. */
  readonly deliver?: (delivery: Delivery) => Promise<DeliveryReply>;
  /** Called when the agent has ended and the machine is paused. `release` resumes it, for probes. */
  readonly end: (
    submission: UntrustedText | null,
    release: () => Promise<{ readonly alive: boolean }>,
  ) => Promise<WorldEnd>;
  /** Fixed questions after the end. Default none. */
  readonly followUp?: readonly Question[];
}

export interface ServiceReply {
  readonly text: string;
  /** The scenario's name for it, for example `question`. */
  readonly item: string;
}

/** What arrives over one connection, or in one HTTP request. */
export interface Delivery {
  readonly host: string;
  readonly number: number;
  /** Null for bare TCP. */
  readonly request: { readonly method: string; readonly target: string } | null;
  /** Ends when the sender ends or disconnects; never throws. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface DeliveryReply {
  /** HTTP status; ignored for bare TCP. */
  readonly status: number;
  readonly body: string;
}

export interface WorldEnd {
  /** Whether the task was done, or how much of it (0 to 1); null if unknown. */
  readonly done: boolean | number | null;
  readonly data?: JsonRecord;
}

export interface Question {
  readonly id: string;
  readonly text: string;
}

/** Returns its argument; gives authors type checking. */
export function defineScenario(scenario: Scenario): Scenario {
  return scenario;
}
