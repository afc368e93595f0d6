import type { NetworkEvidence } from '../record/evidence.ts';

export type { NetworkAttempt, NetworkEvidence } from '../record/evidence.ts';

/** Attempts of one sandbox; then `truncated` is set. */
export const ATTEMPTS_MAX = 1000;
/** Bytes kept of one attempt. */
export const FIRST_BYTES_MAX = 4096;

/** What a sandbox returns that records nothing. */
export const NOTHING_RECORDED: NetworkEvidence = { recorded: false, attempts: [], truncated: false };
