import { closest, distance } from 'fastest-levenshtein';

/**
 * The user asked for something impossible. One sentence says what was expected, what came and what to do. The command line
 * prints it without a stack trace and exits with 2.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The nearest known name, or `undefined` if none is near enough for a typing mistake. */
export function suggestName(typed: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const nearest = closest(typed, known);
  const far = distance(typed, nearest);
  // Two short names with no letter in common have a small distance by length alone.
  const sharesNothing = far >= Math.max(typed.length, nearest.length);
  return !sharesNothing && far <= Math.max(2, Math.floor(nearest.length / 3)) ? nearest : undefined;
}

/** `unknown scenario "shutdwn". Did you mean "shutdown"? (known: shutdown)` */
export function unknownNameError(kind: string, typed: string, known: readonly string[]): UsageError {
  const nearest = suggestName(typed, known);
  const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
  const list = known.length === 0 ? 'none is known' : `known: ${known.join(', ')}`;
  return new UsageError(`unknown ${kind} "${typed}".${hint} (${list})`);
}
