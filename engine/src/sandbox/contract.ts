import type { Duplex, Readable, Writable } from 'node:stream';

import type { UntrustedText } from '../base/untrusted-text.ts';
import type { Ledger, MachineState, ProcessEntry, TreeSnapshot } from '../record/evidence.ts';
import type { NetworkEvidence } from './network-evidence.ts';

/**
 * Runs the agent's commands and provides the evidence.
 *
 * To add a backend: one file in `adapters/`, one line in `cli/compose.ts`, one call of `describeSandboxContract` in its
 * test, and nothing else. `kit/` has the parts that adapters share. That suite tests every promise below; an adapter
 * declares each gap with a reason.
 *
 * Errors: `open` rejects with a `SandboxError` and leaves nothing behind. Methods of an open sandbox reject with a
 * `SandboxError` if the sandbox itself broke. A command that fails, is cut, times out or dies with the machine is a
 * `RunResult`.
 */
export interface SandboxProvider {
  readonly name: string;
  /** True if the sandbox only simulates an operating system. Its records are marked permanently. */
  readonly simulated: boolean;
  /** Declared, never probed. A study that needs a missing capability is refused before its first trial. */
  readonly can: SandboxCapabilities;
  readonly open: (options: OpenSandboxOptions) => Promise<Sandbox>;
  /** The results that `offswitch doctor` prints. Never rejects. */
  readonly diagnose: () => Promise<readonly Diagnosis[]>;
}

export interface SandboxCapabilities {
  /** Commands are real processes, with real signals, background jobs and process tables. */
  readonly realProcesses: boolean;
  /** Permission bits are enforced. */
  readonly permissions: boolean;
  /** Background processes outlive the command that started them. */
  readonly background: boolean;
  /** `network: 'recorded'` is supported. Otherwise `open` rejects it with `unavailable`. */
  readonly network: boolean;
  /** `readLedger` reports system calls, unless the kernel refuses. */
  readonly ledger: boolean;
  /** `hosts` and `refusedHosts` are supported. Otherwise `open` rejects them with `unavailable`. */
  readonly hosts: boolean;
  /** `spawn`, `sockets` and `folders` are supported. Otherwise they reject with `unavailable`. */
  readonly spawn: boolean;
}

export interface Diagnosis {
  readonly what: string;
  readonly ok: boolean;
  /** The result of the check, e.g. a version or an error. */
  readonly seen: string;
  /** What the user can do, as a command or a sentence; empty if `ok`. */
  readonly fix: string;
  /** The only capability that is lost if this is not `ok`. If absent, nothing works. */
  readonly onlyFor?: keyof SandboxCapabilities;
}

export interface OpenSandboxOptions {
  /** Files in the agent's home at the start, owned and writable by the agent. Paths are relative to the home. */
  readonly files: readonly SandboxFile[];
  /** Services answered from outside. The agent calls a small client; the answers are not stored in the sandbox. */
  readonly services: readonly SandboxService[];
  readonly limits: SandboxLimits;
  /** Absolute paths that every tree snapshot includes, however many other files there are. */
  readonly watched?: readonly string[];
  /**
   * Nothing ever leaves the machine. `none` (default): every attempt fails and is not recorded. `recorded`: names resolve
   * to made-up addresses, every address accepts TCP connections on any port, and `readNetwork` returns all attempts.
   */
  readonly network?: 'none' | 'recorded';
  /**
   * Hosts that the machine can reach inside its own network. Default: none. For other addresses `network` applies. A
   * connection to a declared host is a delivery, not an attempt, so `readNetwork` does not report it.
   */
  readonly hosts?: readonly SandboxHost[];
  /**
   * Hosts without listeners: a TCP connection to any port is refused at once (ECONNREFUSED). With `network: 'recorded'`
   * each connection is recorded as an attempt of 0 bytes.
   */
  readonly refusedHosts?: readonly RefusedHost[];
  /**
   * Ports of the machine's own loopback (127.0.0.1) at which the harness answers. The listener is in the harness: no
   * process of the machine holds it, and a connection is no network attempt. Default: none.
   */
  readonly sockets?: readonly SandboxSocket[];
  /** Folders of this computer that the machine can read and never write, e.g. an installed program. Default: none. */
  readonly folders?: readonly SandboxFolder[];
  readonly signal: AbortSignal;
}

export interface SandboxSocket {
  /** 1,024 to 65,535. */
  readonly port: number;
  /** As for a `SandboxHost`; `host` of the connection is `127.0.0.1`. */
  readonly connect: (connection: HostConnection) => Promise<void>;
}

export interface SandboxFolder {
  /**
   * Absolute path on this computer. It must exist, and its files are as readable as for any user. A socket or named pipe in
   * it would connect the machine with this computer: mount only what holds files.
   */
  readonly from: string;
  /** Absolute path in the machine, outside of the home and `/tmp`, e.g. `/opt/agent`. */
  readonly at: string;
}

export interface SandboxHost {
  /** Resolved inside the machine by `/etc/hosts`. */
  readonly name: string;
  /** IPv4 or IPv6, e.g. `10.20.0.7`; not a loopback or multicast address, and not in 198.18.0.0/15. */
  readonly address: string;
  readonly port: number;
  /**
   * Called once for each TCP connection. A host has at most 64 connections at a time; more are closed at once. When it
   * resolves, the connection is closed. If it rejects, the sandbox is lost, unless the agent broke the connection off.
   * The harness reads the stream, so nothing inside the machine can see or signal the reader.
   */
  readonly connect: (connection: HostConnection) => Promise<void>;
}

export interface HostConnection {
  /**
   * Carries the agent's bytes, and the reply. It ends when the agent's side ends, and fails if the agent's side resets the
   * connection. Unread bytes block the sender. After a kill it delivers the bytes sent before, and ends.
   */
  readonly stream: Duplex;
  /** The host's name and port. */
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
  /** Milliseconds since 1970. Default: the time of opening. */
  readonly modifiedAt?: number;
}

/**
 * A large file with few written blocks; the rest reads as zeros. It uses disk space only for the pages of its blocks. A
 * tree snapshot has no hash for a file that is too large to read, sparse or not.
 */
export interface SparseContent {
  readonly sizeBytes: number;
  /** Must lie within the size. If two overlap, the later one wins. */
  readonly blocks: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

export interface SandboxService {
  readonly name: string;
  /** Path of its client, relative to the home. Its mode is 755. */
  readonly clientPath: string;
  /** Called once for each request, one at a time. The client prints the result. */
  readonly answer: (call: ServiceCall) => Promise<string>;
}

export interface ServiceCall {
  /** Arguments of the client, or the text sent without it. At most 4,096 characters. */
  readonly request: UntrustedText;
  /** Processes that had the service open while waiting, seen from outside. Empty if the adapter cannot see them. */
  readonly callers: readonly ProcessEntry[];
  /** `client`: through the unchanged client; `direct`: through something else; `unknown`: no process was seen. */
  readonly via: 'client' | 'direct' | 'unknown';
}

/** All limits of a sandbox. */
export interface SandboxLimits {
  /** Bytes of the home, and the same again of `/tmp`. Beyond it writes fail with ENOSPC. Holes of sparse files are free. */
  readonly diskBytesMax: number;
  /** Processes and threads of the agent. Beyond it fork fails with EAGAIN. */
  readonly processesMax: number;
  /** Bytes of address space of one process. Beyond it allocation fails with ENOMEM. Null for no such limit. */
  readonly memoryBytesMax: number | null;
}

export const DEFAULT_SANDBOX_LIMITS: SandboxLimits = {
  diskBytesMax: 64 * 1024 * 1024,
  processesMax: 256,
  memoryBytesMax: 2 * 1024 * 1024 * 1024,
};

/** The only part of a sandbox that the agent's tools may access: no lifecycle, no evidence. */
export interface AgentSandbox {
  /**
   * Runs a bash command line in the agent's home as an ordinary user, in a new login shell. Commands of one sandbox run
   * one after the other. Background processes keep running; their later output is added to that of a later command.
   */
  readonly run: (command: UntrustedText, options: RunOptions) => Promise<RunResult>;
  /**
   * Starts a program without a shell, in the home as the same user. `program` is the path of the program and its
   * arguments. Rejects with a `SandboxError`: `open-failed` if it cannot be executed, `closed` if the machine has stopped.
   */
  readonly spawn: (program: readonly [string, ...string[]], options: SpawnOptions) => Promise<SpawnedProgram>;
}

/** A program to start, as a person would: in the background, for as long as it likes. */
export interface SpawnOptions {
  /** Added to the environment of the agent's user. Nothing of the harness's own environment is handed on. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Absolute path in the machine. Default: the home. */
  readonly folder?: string;
  /** A terminal of this size, whose session it leads. Default: three pipes. */
  readonly terminal?: TerminalSize;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * A program that runs in the machine, with default signal dispositions and the same limits and ledger as every command.
 * The harness holds its other ends; no process of the harness is in the machine.
 */
export interface SpawnedProgram {
  /** Process id in the machine, for `readMachine` and the ledger. */
  readonly pid: number;
  /** What is typed into its terminal, or its standard input. It is destroyed, without an error, when nobody can read it. */
  readonly input: Writable;
  /** What its terminal shows, or its standard output. It must be read, or the program waits. */
  readonly output: Readable;
  /** Its standard error; ends at once with a terminal. */
  readonly errors: Readable;
  /** Sends a signal to this process only, from outside. False if it is known to have ended. */
  readonly signal: (name: NodeJS.Signals) => boolean;
  /** As when a person closes the window: the terminal hangs up, or all pipes are closed. Idempotent. */
  readonly hangUp: () => void;
  /** Does nothing without a terminal. */
  readonly resize: (size: TerminalSize) => void;
  /** Resolves when this process has ended, whatever its children do. Null and null: the machine stopped first. */
  readonly whenEnded: Promise<{ readonly exitCode: number | null; readonly signal: string | null }>;
}

export interface RunOptions {
  /** After this time the command's process group is killed and the exit code is 124. */
  readonly timeoutMs: number;
  /** Limit for stdout and for stderr. The rest is discarded, and `truncated` is set. */
  readonly outputBytesMax: number;
  /** Standard input. Default: empty. */
  readonly stdin?: string;
  /** Aborting kills the command and rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

export interface HarnessRunOptions extends RunOptions {
  /** False skips the start-up files, which the agent may have changed. Default: true, as for the agent. */
  readonly startupFiles?: boolean;
}

export interface RunResult {
  readonly stdout: UntrustedText;
  readonly stderr: UntrustedText;
  /** All bytes, including those that were cut. */
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  /** 128 + n after signal n; null if the machine stopped before the command ended. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly truncated: boolean;
  readonly machineStopped: boolean;
  readonly durationMs: number;
  /** Notes for the record, e.g. that the command was stopped after its time limit. */
  readonly notes: readonly string[];
}

export interface Sandbox extends AgentSandbox, AsyncDisposable {
  /** Versions and limits, for the record. Never a path of the host. */
  readonly details: Readonly<Record<string, string>>;
  /** Home of the agent inside the sandbox, e.g. `/home/user`. */
  readonly home: string;
  /** The same sandbox reduced to `AgentSandbox`, at run time and not only in the types. */
  readonly forAgent: () => AgentSandbox;
  /** Runs a command as the agent's user in its home, but protected from the agent. Works while an agent command runs. */
  readonly runAsHarness: (command: string, options: HarnessRunOptions) => Promise<RunResult>;
  /** Sends TERM to PID 1 from outside, without using anything in the machine. Does nothing on a dead machine. */
  readonly signalInit: () => Promise<void>;
  /** Whether PID 1 is alive, read from the kernel now. */
  readonly isAlive: () => boolean;
  /** Resolves when PID 1 has died for any reason. Never rejects. */
  readonly whenStopped: Promise<void>;
  /** The home and `/tmp` as they are now, or as they were when the machine stopped. */
  readonly readTree: () => Promise<TreeSnapshot>;
  /**
   * Reads a plain file in the home or `/tmp` from outside, by its absolute path. Links are not followed. Null if there is
   * no such file of at most `bytesMax`, or it cannot be read.
   */
  readonly readFile: (path: string, bytesMax: number) => Promise<Uint8Array | null>;
  /** The processes, seen from outside. */
  readonly readMachine: () => Promise<MachineState>;
  /**
   * What the kernel has reported since the last call of this method: programs started, attempts on the `watched` paths and
   * the folders above them, and on other processes. `recorded` is false where the kernel does not tell.
   */
  readonly readLedger: () => Promise<Ledger>;
  /** All network attempts up to now, or to the end of the machine. `recorded` is false if the network is not recorded. */
  readonly readNetwork: () => Promise<NetworkEvidence>;
  /** Stops every process, so that evidence cannot change. Idempotent; on a dead machine it freezes 0 processes. */
  readonly freeze: () => Promise<{ readonly processes: number }>;
  /** Resumes the processes that `freeze` stopped. Processes that were stopped before stay stopped. */
  readonly thaw: () => Promise<void>;
  /** Kills everything and counts survivors. Idempotent: it also counts them on a dead machine. */
  readonly kill: () => Promise<KillResult>;
}

export interface KillResult {
  readonly before: number;
  /** Processes still alive after the grace period. Anything but 0 is an error. */
  readonly survivors: number;
  readonly durationMs: number;
}

/** The sandbox itself failed. A failing command is a `RunResult` with an exit code instead. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
  readonly code: 'open-failed' | 'lost' | 'closed' | 'unavailable';
  constructor(code: SandboxError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
