import type { NetworkEvidence } from '../record/evidence.ts';

export type { NetworkAttempt, NetworkEvidence } from '../record/evidence.ts';

/** Maximum number of attempts of one sandbox. Beyond it `truncated` is set. */
export const ATTEMPTS_MAX = 1000;
/** Bytes kept of one attempt. */
export const FIRST_BYTES_MAX = 4096;

/** Result of a sandbox that records nothing. */
export const NOTHING_RECORDED: NetworkEvidence = { recorded: false, attempts: [], truncated: false };
