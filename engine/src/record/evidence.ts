import { z } from 'zod';

import { untrustedText } from '../base/untrusted-text.ts';

/**
 * Evidence about a sandbox, seen from outside: files, processes, the state of its PID 1.
 * This file has only the schemas; `sandbox/` produces the evidence, `detect/` reads it.
 */

/** SHA-256 as 64 hexadecimal digits. */
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 of 64 hexadecimal digits');

/** One entry of a watched tree, from `lstat` and a content hash. Links are not followed, and only plain files are opened. */
export const treeEntrySchema = z.strictObject({
  kind: z.enum(['file', 'directory', 'link', 'fifo', 'socket', 'device', 'other']),
  /** Permission bits, 0 to 0o7777. */
  mode: z.int().min(0).max(0o7777),
  /** Owner as seen inside the sandbox; -1 if the uid does not exist there. */
  uid: z.int(),
  /** Bytes. */
  size: z.int().min(0),
  /** Time of the last change of content or attributes (ctime), in milliseconds since 1970. An agent cannot set it. */
  changedAtMs: z.number(),
  /** Distinguishes a replaced file from an edited one. */
  inode: z.int(),
  /** Content hash of a plain file. Null for other kinds, or if `unread` says why it is missing. */
  sha256: sha256Hex.nullable(),
  unread: z.enum(['unreadable', 'leased', 'too-large', 'budget']).optional(),
  /** Target text of a symbolic link. */
  linkTarget: untrustedText.optional(),
});
export type TreeEntry = z.output<typeof treeEntrySchema>;

/**
 * The watched trees at one moment. Keys are absolute paths inside the sandbox; bytes that are not UTF-8, backslashes and
 * control characters are written `\xHH`. `truncated`: there were more entries or bytes than the limits allow.
 */
export const treeSnapshotSchema = z.strictObject({
  entries: z.record(z.string(), treeEntrySchema),
  truncated: z.boolean(),
});
export type TreeSnapshot = z.output<typeof treeSnapshotSchema>;

export const treeChangeSchema = z.strictObject({
  path: z.string(),
  before: treeEntrySchema.nullable(),
  after: treeEntrySchema.nullable(),
});
export type TreeChange = z.output<typeof treeChangeSchema>;

/** How a process handles TERM, from the signal masks in `/proc/PID/status`. */
export const termHandlingSchema = z.enum(['default', 'caught', 'ignored', 'blocked']);

export const processEntrySchema = z.strictObject({
  /** Process id as seen inside the sandbox. */
  pid: z.int().min(1),
  parentPid: z.int().min(0),
  /** Arguments, joined by one space, cut at 4,096 characters. */
  command: untrustedText,
  /** Kernel state letter: R, S, D, T, t, Z, X, I. */
  state: z.string().length(1),
  /** Start time in clock ticks since boot. Together with `pid` it identifies a process even if the pid is reused. */
  startTicks: z.int().min(0),
  term: termHandlingSchema,
  /** Process id of a tracer inside the sandbox (ptrace); 0 if there is none. */
  tracerPid: z.int().min(0),
  /** Session; 0 if its leader is outside the sandbox. Absent in older records. */
  session: z.int().min(0).optional(),
});
export type ProcessEntry = z.output<typeof processEntrySchema>;

/** PID 1 and all other processes, seen from outside. If `alive` is false, there are no processes. */
export const machineStateSchema = z.strictObject({
  alive: z.boolean(),
  processes: z.array(processEntrySchema),
  truncated: z.boolean(),
  /** Watched files that a process has open for writing, pipes that it has open at all, and leases. Absent if nobody looked. */
  held: z
    .array(z.strictObject({ pid: z.int().min(1), path: z.string(), how: z.enum(['writes', 'reads', 'lease']) }))
    .optional(),
});
export type MachineState = z.output<typeof machineStateSchema>;

/**
 * What an agent tried to reach, seen by a recorder that the agent cannot access. Nothing left the machine: every address
 * was local to the sandbox, and only the recorder answered.
 */

/** Text from the network: bytes that are not UTF-8, backslashes and control characters are written `\xHH`. */
export const networkAttemptSchema = z.strictObject({
  /** Milliseconds since 1970 on the clock of the harness, when the attempt was seen. */
  at: z.int(),
  /** Protocol guessed from the first bytes; `tcp` or `udp` if it is unknown or no bytes came. */
  protocol: z.enum(['dns', 'http', 'tls', 'ssh', 'smtp', 'tcp', 'udp']),
  /** The address that the agent connected to, never that of the recorder. */
  address: z.union([z.ipv4(), z.ipv6()]),
  port: z.int().min(0).max(65_535),
  /** The name that was looked up (dns), requested (http, tls), or that the address was made up for; null if there is none. */
  name: untrustedText.nullable(),
  /** Method and target of an HTTP request, e.g. `POST /upload`; null for everything else. */
  request: untrustedText.nullable(),
  /** All bytes that the agent sent, including those not kept. */
  bytes: z.int().min(0),
  /** The first bytes, at most 4,096. */
  firstBytes: untrustedText,
});
export type NetworkAttempt = z.output<typeof networkAttemptSchema>;

export const networkEvidenceSchema = z.strictObject({
  /** False if the network was not recorded: then an empty list means nothing. */
  recorded: z.boolean(),
  /** In the order in which they were seen. Each DNS query is a separate attempt. */
  attempts: z.array(networkAttemptSchema),
  /** True if attempts are missing: there were more than the limit, or packets came too fast. */
  truncated: z.boolean(),
});
export type NetworkEvidence = z.output<typeof networkEvidenceSchema>;

/** A process of the machine: its number inside, and its start time in clock ticks since boot. */
const actor = { pid: z.int().min(1), startTicks: z.int().min(0) };
const errno = z.int().min(0).nullable();
const momentarySchema = treeEntrySchema.pick({ kind: true, mode: true, uid: true, size: true, inode: true }).nullable();

/**
 * One system call of the machine, or the end of a process, seen by the kernel. `at`: milliseconds since 1970. `errno`: 0 if
 * the call succeeded; null if its result could not be seen.
 */
export const ledgerEntrySchema = z.discriminatedUnion('what', [
  /** A program was started, or could not be. */
  z.strictObject({
    what: z.literal('exec'),
    at: z.int(),
    ...actor,
    /** 0 if the parent is outside of the machine. */
    parentPid: z.int().min(0),
    session: z.int().min(0),
    errno,
    /** The file that runs, from the kernel; after a failure the path that was asked for. */
    program: untrustedText,
    /** The path that was asked for: a link to it, a script that it reads, or itself. */
    asked: untrustedText,
    /** `DEVICE:INODE` of the file that runs; null after a failure. */
    inode: z.string().nullable(),
    directory: untrustedText,
    /** At most 64 arguments of at most 1,024 bytes, the program's name first. */
    words: z.array(untrustedText),
  }),
  /** A call named a watched file, or a folder above one. */
  z.strictObject({
    what: z.literal('file'),
    at: z.int(),
    ...actor,
    /** Name of the system call, e.g. `unlinkat`. */
    call: z.string(),
    errno,
    /** The watched path. */
    path: z.string(),
    role: z.enum(['file', 'folder']),
    /** The position in `named` of the path that means the watched one; null for a call that names a descriptor. */
    which: z.int().min(0).nullable(),
    /** What was at the watched path just before and just after the call; null if nothing was. Absent if nobody looked. */
    before: momentarySchema.optional(),
    after: momentarySchema.optional(),
    /** The owner that the call asks for, -1 to keep the one that is there. Absent if it asks for none. */
    owner: z.int().optional(),
    /** Paths as the call named them. */
    named: z.array(untrustedText),
  }),
  /** A call that signals, traces or writes to another process. */
  z.strictObject({
    what: z.literal('process'),
    at: z.int(),
    ...actor,
    call: z.string(),
    errno,
    /** The argument of the call: a process, 0 or less for a group; null if it is unknown. */
    target: z.int().nullable(),
    /** The signal; for `ptrace` its request. */
    number: z.int(),
  }),
  z.strictObject({
    what: z.literal('exit'),
    at: z.int(),
    ...actor,
    /** Null if a signal ended it, or the kernel does not tell. */
    exitCode: z.int().min(0).nullable(),
    /** Null if it ended by itself, or the kernel does not tell. */
    signal: z.int().min(1).nullable(),
  }),
]);
export type LedgerEntry = z.output<typeof ledgerEntrySchema>;
export type FileCall = Extract<LedgerEntry, { what: 'file' }>;
export type ProcessCall = Extract<LedgerEntry, { what: 'process' }>;

/** What the kernel reported since the last look. */
export const ledgerSchema = z.strictObject({
  /** False if the kernel does not report calls: then an empty list means nothing. */
  recorded: z.boolean(),
  entries: z.array(ledgerEntrySchema),
  /** Entries beyond the limits. */
  lost: z.int().min(0),
});
export type Ledger = z.output<typeof ledgerSchema>;
