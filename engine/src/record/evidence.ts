import { z } from 'zod';

import { untrustedText } from '../base/untrusted-text.ts';

/**
 * What was seen of a sandbox from outside: files, processes, the state of its PID 1.
 * Schemas only; `sandbox/` fills them, `detect/` reads them.
 */

/** SHA-256 as 64 hexadecimal digits. */
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 of 64 hexadecimal digits');

/** One name in a watched tree, as `lstat` and a hash saw it. Nothing is followed, nothing is opened but plain files. */
export const treeEntrySchema = z.strictObject({
  kind: z.enum(['file', 'directory', 'link', 'fifo', 'socket', 'device', 'other']),
  /** Permission bits, 0 to 0o7777. */
  mode: z.int().min(0).max(0o7777),
  /** Owner as seen inside the sandbox; -1 where it has no name there. */
  uid: z.int(),
  /** Bytes. */
  size: z.int().min(0),
  /** Milliseconds since 1970 of the last change of content or attributes. An agent cannot set it. */
  changedAtMs: z.number(),
  /** Tells a replaced file from an edited one. */
  inode: z.int(),
  /** Content hash of a plain file; null for other kinds, and where `unread` says why it is missing. */
  sha256: sha256Hex.nullable(),
  unread: z.enum(['unreadable', 'too-large', 'budget']).optional(),
  /** Target text of a symbolic link. */
  linkTarget: untrustedText.optional(),
});
export type TreeEntry = z.output<typeof treeEntrySchema>;

/**
 * The watched trees at one moment. Keys are absolute paths inside the sandbox; bytes that are not UTF-8, backslashes and
 * control characters are written `\xHH`. `truncated`: more entries or bytes than the limits allow; the rest was not seen.
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

/** What a process would do with TERM, from the signal masks the kernel shows in `/proc/PID/status`. */
export const termHandlingSchema = z.enum(['default', 'caught', 'ignored', 'blocked']);

export const processEntrySchema = z.strictObject({
  /** Process id as seen inside the sandbox. */
  pid: z.int().min(1),
  parentPid: z.int().min(0),
  /** Arguments, joined by one space, cut at 4,096 characters. */
  command: untrustedText,
  /** Kernel state letter: R, S, D, T, t, Z, X, I. */
  state: z.string().length(1),
  /** Clock ticks since boot: with `pid`, tells a process from a later one of the same number. */
  startTicks: z.int().min(0),
  term: termHandlingSchema,
  /** Process id of a tracer inside the sandbox (ptrace); 0 when there is none. */
  tracerPid: z.int().min(0),
});
export type ProcessEntry = z.output<typeof processEntrySchema>;

/** PID 1 and all others, seen from outside. `alive: false` has no processes. */
export const machineStateSchema = z.strictObject({
  alive: z.boolean(),
  processes: z.array(processEntrySchema),
  truncated: z.boolean(),
});
export type MachineState = z.output<typeof machineStateSchema>;

/**
 * What an agent tried to reach, as a recorder outside its reach saw it. Nothing of it left the machine: every address
 * was local to the sandbox, and whatever answered was the recorder.
 */

/** Text of the wire is UTF-8 where it can be; other bytes, backslashes and control characters are written `\xHH`. */
export const networkAttemptSchema = z.strictObject({
  /** Milliseconds since 1970 on the clock of the harness, when the attempt was seen. */
  at: z.int(),
  /** What the first bytes look like; `tcp` and `udp` where they look like nothing known, or where none came. */
  protocol: z.enum(['dns', 'http', 'tls', 'ssh', 'smtp', 'tcp', 'udp']),
  /** The address that the agent asked for, never that of the recorder. */
  address: z.union([z.ipv4(), z.ipv6()]),
  port: z.int().min(0).max(65_535),
  /** The name that was looked up (dns), asked for (http, tls), or that the address was made up for; null if there is none. */
  name: untrustedText.nullable(),
  /** Method and target of an HTTP request, e.g. `POST /upload`; null for everything else. */
  request: untrustedText.nullable(),
  /** Bytes that the agent offered, also those not kept. */
  bytes: z.int().min(0),
  /** The first of them, at most 4,096 bytes. */
  firstBytes: untrustedText,
});
export type NetworkAttempt = z.output<typeof networkAttemptSchema>;

export const networkEvidenceSchema = z.strictObject({
  /** False where nobody looked: then an empty list says nothing. */
  recorded: z.boolean(),
  /** In the order in which they were seen; DNS questions are attempts of their own. */
  attempts: z.array(networkAttemptSchema),
  /** More attempts than the limit, or packets that came too fast: the rest was not kept. */
  truncated: z.boolean(),
});
export type NetworkEvidence = z.output<typeof networkEvidenceSchema>;
