import { z } from 'zod';

import { untrustedText } from '../base/untrusted-text.ts';

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

/** Attempts of one sandbox; then `truncated` is set. */
export const ATTEMPTS_MAX = 1000;
/** Bytes kept of one attempt. */
export const FIRST_BYTES_MAX = 4096;

/** What a sandbox returns that records nothing. */
export const NOTHING_RECORDED: NetworkEvidence = { recorded: false, attempts: [], truncated: false };
