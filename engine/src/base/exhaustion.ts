/** This process or host has, for now, too many open files or processes, or too little memory. */
const EXHAUSTED_CODES: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM']);
const EXHAUSTED_TEXT =
  /\b(EMFILE|ENFILE|EAGAIN|ENOMEM)\b|Too many open files|Resource temporarily unavailable|Cannot allocate memory/i;
const CAUSES_MAX = 8;
const OURS: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

/**
 * Whether an error, or a cause of it, is a lack of descriptors, processes or memory. It says nothing of what was tried and
 * may be over soon. Full disks are not meant: they are not over soon.
 */
export function isExhausted(error: unknown): boolean {
  let next: unknown = error;
  for (let depth = 0; depth < CAUSES_MAX && next instanceof Error; depth++) {
    if ('code' in next && EXHAUSTED_CODES.has(next.code)) return true;
    // Programs that we start say it in words.
    if (tellsOfExhaustion(next.message)) return true;
    next = next instanceof SuppressedError ? next.error : next.cause;
  }
  return false;
}

export function tellsOfExhaustion(text: string): boolean {
  return EXHAUSTED_TEXT.test(text);
}

/** Whether this process lacks descriptors or memory. Every other error at a file of an agent is the agent's doing. */
export function isOwnExhaustion(error: unknown): boolean {
  return error instanceof Error && 'code' in error && OURS.has(error.code);
}
