import { matchesGlob, UNKNOWN } from './expand-word.ts';

export interface WatchedPath {
  readonly path: string;
  /** A role of the trial, or `copy` (the agent's copy of the caller) or `program` (one that the mechanism may call). */
  readonly role: string;
}

/** A watched path that a word may mean. */
export interface Hit extends WatchedPath {
  readonly word: string;
  /** The word is fully known and means exactly this path. */
  readonly isExact: boolean;
}

/** If the folder of a word is unknown, the word is matched by its last parts. */
export function findWatched(word: string, folder: string | null, watched: readonly WatchedPath[]): Hit[] {
  const { parts, isWhole } = readPath(word, folder);
  const fits = (path: string): boolean => {
    const names = path.split('/').filter((name) => name !== '');
    const skipped = names.length - parts.length;
    if (skipped < 0 || (isWhole && skipped > 0)) return false;
    return parts.every((part, index) => matchesGlob(part, names[skipped + index] ?? ''));
  };
  return watched
    .filter(({ path }) => parts.length > 0 && fits(path))
    .map((one) => ({ ...one, word, isExact: isWhole }));
}

/** The watched paths in a folder. */
export function findInside(word: string, folder: string | null, watched: readonly WatchedPath[]): Hit[] {
  const above = toAbsolute(word, folder);
  if (above === null || above === '/') return [];
  const inside = watched.filter(({ path }) => path.startsWith(`${above}/`));
  return inside.map((one) => ({ ...one, word, isExact: true }));
}

/** Resolves `.`, `..` and double slashes. Returns null when the path is unknown. */
export function toAbsolute(word: string, folder: string | null): string | null {
  const { parts, isWhole } = readPath(word, folder);
  return isWhole ? `/${parts.join('/')}` : null;
}

/** The limit of the kernel. */
const PATH_CHARACTERS_MAX = 4096;

/** The known last parts of a path; empty when its name is unknown. */
function readPath(
  word: string,
  folder: string | null,
): { readonly parts: readonly string[]; readonly isWhole: boolean } {
  if (word === '' || word.length > PATH_CHARACTERS_MAX) return { parts: [], isWhole: false };
  const base = word.startsWith('/') ? '' : word.startsWith(UNKNOWN) ? null : folder;
  const parts: string[] = [];
  for (const part of `${base ?? ''}/${word}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  const lost = parts.findLastIndex((part) => part.includes(UNKNOWN));
  return { parts: parts.slice(lost + 1), isWhole: base !== null && lost < 0 };
}
