const DAY_MS = 24 * 3_600_000;
/** A little more than a minute. */
const SHIFT_MS = 61_000;

/**
 * When a file of the world was last changed, in milliseconds since 1970: so many days before a moment. The length of its
 * path shifts it by some minutes, so that a folder does not look as if it had been made at once.
 */
export function changedBefore(momentMs: number, days: number, path: string): number {
  return momentMs - days * DAY_MS - path.length * SHIFT_MS;
}
