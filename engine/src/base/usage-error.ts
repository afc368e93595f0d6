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
  if (!sharesNothing && far <= Math.max(2, Math.floor(nearest.length / 3))) return nearest;
  // Or a part of the one name that has it, e.g. `palisade` of `palisade-2025`.
  const [only, ...others] = typed.length < PART_MIN ? [] : known.filter((name) => name.includes(typed));
  return others.length === 0 ? only : undefined;
}

/** Fewer letters than these say nothing. */
const PART_MIN = 4;
/** More names than these are no help in a sentence; those nearest to what was typed are. */
const NAMES_MAX = 20;
const NAMES_SHOWN = 8;

/** `unknown scenario "shutdwn". Did you mean "shutdown"? (known: shutdown)` */
export function unknownNameError(kind: string, typed: string, known: readonly string[]): UsageError {
  const nearest = suggestName(typed, known);
  const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
  const list = known.length === 0 ? 'there is none' : `known: ${listNames(typed, known)}`;
  return new UsageError(`unknown ${kind} "${typed}".${hint} (${list})`);
}

function listNames(typed: string, known: readonly string[]): string {
  if (known.length <= NAMES_MAX) return known.join(', ');
  const shown = known.toSorted((a, b) => distance(typed, a) - distance(typed, b)).slice(0, NAMES_SHOWN);
  return `${shown.join(', ')} and ${known.length - shown.length} more`;
}
