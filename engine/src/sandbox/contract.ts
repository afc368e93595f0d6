import type { Duplex } from 'node:stream';

import type { UntrustedText } from '../base/untrusted-text.ts';
import type { MachineState, ProcessEntry, TreeSnapshot } from '../record/evidence.ts';
import type { NetworkEvidence } from './network-evidence.ts';

/**
 * Where an agent's commands run, and where the evidence comes from.
 *
 * To add a backend: one file in `adapters/`, one line in `cli/compose.ts`, one call of `describeSandboxContract` in its
 * test. Nothing else. `kit/` holds the parts that adapters share. Every promise below is held by that suite; a gap is named there with a reason.
 *
 * Who may throw what: `open` rejects with a `SandboxError` and leaves nothing behind. Of an open sandbox every method
 * rejects with a `SandboxError` when the sandbox itself broke; a command that fails, is cut, times out or dies with the
 * machine is a `RunResult`.
 */
export interface SandboxProvider {
  readonly name: string;
  /** True when effects are not those of a real operating system: the record is marked so for ever. */
  readonly simulated: boolean;
  /** Declared, never probed: a study that needs what is not there is refused before its first trial. */
  readonly can: SandboxCapabilities;
  readonly open: (options: OpenSandboxOptions) => Promise<Sandbox>;
  /** What `offswitch doctor` prints. Empty `fix` means that all is well. Never rejects. */
  readonly diagnose: () => Promise<readonly Diagnosis[]>;
}

export interface SandboxCapabilities {
  /** Commands are processes of a kernel: signals, background jobs and process tables are real. */
  readonly realProcesses: boolean;
  /** Permission bits are enforced. */
  readonly permissions: boolean;
  /** Background processes outlive the command that started them. */
  readonly background: boolean;
  /** `network: 'recorded'` can be asked for; elsewhere `open` refuses it as `unavailable`. */
  readonly network: boolean;
  /** `hosts` and `refusedHosts` can be asked for; elsewhere `open` refuses them as `unavailable`. */
  readonly hosts: boolean;
}

export interface Diagnosis {
  readonly what: string;
  readonly ok: boolean;
  /** What was seen: a version, an error. */
  readonly seen: string;
  /** What the user can do, as a command or a sentence; empty when `ok`. */
  readonly fix: string;
  /** The one capability that is lost where this is not `ok`; when not given, nothing works without it. */
  readonly onlyFor?: keyof SandboxCapabilities;
}

export interface OpenSandboxOptions {
  /** Put into the agent's home before it starts, owned and writable by it. Paths are relative to the home. */
  readonly files: readonly SandboxFile[];
  /** Served from outside: what the agent calls is a small client, the answers exist nowhere in the sandbox. */
  readonly services: readonly SandboxService[];
  readonly limits: SandboxLimits;
  /** Absolute paths that every look at the tree sees, however many other files there are. */
  readonly watched?: readonly string[];
  /**
   * Nothing ever leaves the machine. `none`, also when not given: every attempt fails, and is not seen. `recorded`: names
   * resolve to made-up addresses, every address takes TCP connections to any port, and `readNetwork` tells what was tried.
   */
  readonly network?: 'none' | 'recorded';
  /**
   * Hosts that the machine can reach inside its own network. Empty, or not given: there are none. Everything else stays
   * as `network` says. A connection to a declared host is a delivery and no attempt: `readNetwork` does not tell it.
   */
  readonly hosts?: readonly SandboxHost[];
  /**
   * Names of addresses where nothing listens: a TCP connection to any port is refused at once (ECONNREFUSED). With
   * `network: 'recorded'` each is an attempt of 0 bytes.
   */
  readonly refusedHosts?: readonly RefusedHost[];
  readonly signal: AbortSignal;
}

export interface SandboxHost {
  /** Resolved inside by `/etc/hosts`. */
  readonly name: string;
  /** IPv4 or IPv6, e.g. `10.20.0.7`; not a loopback or multicast address, and not in 198.18.0.0/15. */
  readonly address: string;
  readonly port: number;
  /**
   * Called once for each TCP connection, at most 64 of one host at a time; more are closed at once. When it resolves,
   * the connection is closed. When it rejects the sandbox is lost, unless it is because the agent broke the connection
   * off. The stream belongs to the harness: nothing inside can see or signal what reads it.
   */
  readonly connect: (connection: HostConnection) => Promise<void>;
}

export interface HostConnection {
  /**
   * What the agent sends, and the way back. It ends when the agent's side ends; it fails when the agent's side resets the
   * connection. What is not read is not taken: the sender waits. After a kill it gives what was sent before, and ends.
   */
  readonly stream: Duplex;
  /** Name and port of the host. */
  readonly host: string;
  readonly port: number;
}

export interface RefusedHost {
  readonly name: string;
  readonly address: string;
}

export interface SandboxFile {
  readonly path: string;
  readonly content: string | Uint8Array | SparseContent;
  /** Permission bits, e.g. 0o755. */
  readonly mode: number;
  /** Milliseconds since 1970; the time of opening when not given. */
  readonly modifiedAt?: number;
}

/**
 * A large file of which little is written; the rest reads as zeros. It takes disk only for the pages of its blocks. A look at the tree
 * gives no hash of a file that is too large to read, sparse or not.
 */
export interface SparseContent {
  readonly sizeBytes: number;
  /** Within the size. Of two that overlap the later one counts. */
  readonly blocks: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

export interface SandboxService {
  readonly name: string;
  /** Where the adapter puts its client, relative to the home, mode 755. */
  readonly clientPath: string;
  /** Called once for each request, one at a time. What it returns is printed by the client. */
  readonly answer: (call: ServiceCall) => Promise<string>;
}

export interface ServiceCall {
  /** Arguments given to the client, or whatever was sent around it. At most 4,096 characters. */
  readonly request: UntrustedText;
  /** Who held the service open while it waited, seen from outside. Empty where the adapter cannot see it. */
  readonly callers: readonly ProcessEntry[];
  /** `client`: the shipped client, unchanged, asked; `direct`: something else did; `unknown`: nobody was seen. */
  readonly via: 'client' | 'direct' | 'unknown';
}

/** Every bound of a sandbox, with what happens at the limit. */
export interface SandboxLimits {
  /** Bytes of the home, and again of `/tmp`; then writes fail with ENOSPC. Holes of sparse files take none. */
  readonly diskBytesMax: number;
  /** Processes and threads of the agent; then fork fails with EAGAIN. */
  readonly processesMax: number;
  /** Address space of one process, bytes; then allocation fails with ENOMEM. */
  readonly memoryBytesMax: number;
}

export const DEFAULT_SANDBOX_LIMITS: SandboxLimits = {
  diskBytesMax: 64 * 1024 * 1024,
  processesMax: 256,
  memoryBytesMax: 2 * 1024 * 1024 * 1024,
};

/** What the agent's tools may hold: no lifecycle, no evidence, nothing of the harness. */
export interface AgentSandbox {
  /**
   * Runs a bash command line in the agent's home as an ordinary user, in a login shell of its own. Commands of one
   * sandbox run one after the other. Background processes live on; what they print later is added to the output of a
   * later command.
   */
  readonly run: (command: UntrustedText, options: RunOptions) => Promise<RunResult>;
}

export interface RunOptions {
  /** Milliseconds; then the command's process group is killed and the exit code is 124. */
  readonly timeoutMs: number;
  /** Bytes of each of stdout and stderr; the rest is thrown away and `truncated` is set. */
  readonly outputBytesMax: number;
  /** Standard input; empty when not given. */
  readonly stdin?: string;
  /** Aborting kills the command and rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

export interface HarnessRunOptions extends RunOptions {
  /** False: without the start-up files that the agent could have written. True, as for the agent, when not given. */
  readonly startupFiles?: boolean;
}

export interface RunResult {
  readonly stdout: UntrustedText;
  readonly stderr: UntrustedText;
  /** Bytes produced, also those cut. */
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  /** 128 + n after signal n; null when the machine stopped before the command ended. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly truncated: boolean;
  readonly machineStopped: boolean;
  readonly durationMs: number;
  /** What a reader of the record must know, e.g. `the command server was started again`. */
  readonly notes: readonly string[];
}

export interface Sandbox extends AgentSandbox, AsyncDisposable {
  /** Versions and limits in force, for the record; never a path of the host. */
  readonly details: Readonly<Record<string, string>>;
  /** Home of the agent inside the sandbox, e.g. `/home/user`. */
  readonly home: string;
  /** The same sandbox with everything but `AgentSandbox` taken away, at run time and not only in the types. */
  readonly forAgent: () => AgentSandbox;
  /** Runs a command as the agent's user, in its home, but out of its reach, also while a command of the agent runs. */
  readonly runAsHarness: (command: string, options: HarnessRunOptions) => Promise<RunResult>;
  /** Sends TERM to PID 1 from outside: nothing of it passes through the machine. On a dead machine it does nothing. */
  readonly signalInit: () => Promise<void>;
  /** Whether PID 1 lives, asked of the kernel at this moment. */
  readonly isAlive: () => boolean;
  /** Resolves when PID 1 has died, whatever the cause. Never rejects. */
  readonly whenStopped: Promise<void>;
  /** Home and `/tmp` as they are now, or as they were at the end when the machine has stopped. */
  readonly readTree: () => Promise<TreeSnapshot>;
  /**
   * Content of a plain file of the home or `/tmp`, by its absolute path, read from outside; null when there is none of at
   * most `bytesMax`, or it cannot be read. No link is followed.
   */
  readonly readFile: (path: string, bytesMax: number) => Promise<Uint8Array | null>;
  /** Processes from outside. */
  readonly readMachine: () => Promise<MachineState>;
  /** What was tried to be reached, up to this moment or to the end of the machine; `recorded: false` where nobody looked. */
  readonly readNetwork: () => Promise<NetworkEvidence>;
  /** Stops every process, so that evidence holds still. Idempotent; on a dead machine it freezes 0. */
  readonly freeze: () => Promise<{ readonly processes: number }>;
  /** Lets go what `freeze` has stopped; what was stopped before stays so. */
  readonly thaw: () => Promise<void>;
  /** Kills everything and proves it. Idempotent: on a dead machine it counts survivors all the same. */
  readonly kill: () => Promise<KillResult>;
}

export interface KillResult {
  readonly before: number;
  /** Processes still alive when the grace time was over. Anything but 0 is an error. */
  readonly survivors: number;
  readonly durationMs: number;
}

/** The sandbox broke. A command that merely fails is not this: it is a `RunResult` with an exit code. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
  readonly code: 'open-failed' | 'lost' | 'closed' | 'unavailable';
  constructor(code: SandboxError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
