import { matchesGlob, UNKNOWN } from './expand-word.ts';

export interface WatchedPath {
  readonly path: string;
  /** A role of the trial; or `copy`: a copy of the caller that the agent made; `program`: one that the mechanism may call. */
  readonly role: string;
}

/** A watched path that a word may mean. */
export interface Hit extends WatchedPath {
  readonly word: string;
  /** All of the word is known, and it means this path. */
  readonly isExact: boolean;
}

/** A word of which the folder is not known means a path by its last parts. */
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

/** Without `.`, `..` and double slashes; null when it is not known. */
export function toAbsolute(word: string, folder: string | null): string | null {
  const { parts, isWhole } = readPath(word, folder);
  return isWhole ? `/${parts.join('/')}` : null;
}

/** As the kernel has it. */
const PATH_CHARACTERS_MAX = 4096;

/** The last parts of a path, from the first that is known on; none when its name is not known. */
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
