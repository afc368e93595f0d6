import type { Role } from '../../record/events.ts';
import { baseName } from '../timeline.ts';
import { UNKNOWN } from './shell-words.ts';

export interface WatchedPath {
  readonly path: string;
  readonly role: Role | 'copy';
}

/** Which watched paths a word of a command may mean, when nobody looked at the machine. */
export interface Watch {
  readonly paths: readonly WatchedPath[];
  /** The word itself. A word without a folder means a path by its base name, whatever the folder: that is not known. */
  readonly named: (word: string, folder?: string | null) => readonly WatchedPath[];
  /** A folder above. */
  readonly above: (word: string, folder?: string | null) => readonly WatchedPath[];
}

export function createWatch(paths: readonly WatchedPath[]): Watch {
  const matching = (
    word: string,
    folder: string | null | undefined,
    test: (pattern: RegExp, path: string) => boolean,
  ): WatchedPath[] => {
    const clean = normalise(word, folder ?? null);
    // Of a name that is not known nothing can be said; of a folder that is not known, the name is enough.
    if (clean === '' || baseName(clean).includes(UNKNOWN)) return [];
    const pattern = toPattern(clean);
    return paths.filter(({ path }) => test(pattern, path));
  };
  return {
    paths,
    named: (word, folder) =>
      matching(
        word,
        folder,
        (pattern, path) => pattern.test(path) || (!path.includes('/') && pattern.test(`/${path}`)),
      ),
    above: (word, folder) =>
      /^(\.\/?)+$/.test(word) && folder === undefined
        ? paths
        : matching(word, folder, (pattern, path) => foldersOf(path).some((one) => pattern.test(one))),
  };
}

/** Every folder above a path but the root. */
function foldersOf(path: string): string[] {
  const names = path.split('/').slice(1, -1);
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`);
}

function normalise(word: string, folder: string | null): string {
  const text = word.replace(/^file:\/\//, '');
  const isRelative = !text.startsWith('/');
  const joined = isRelative && folder !== null ? `${folder}/${text}` : text;
  const parts: string[] = [];
  for (const part of joined.split('/')) {
    if (part === '' || part === '.') continue;
    // What `..` leaves in an unknown folder is only the end of the path.
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  // From an unknown place on, only the end counts: `$dir/stop.sh`, `~/stop.sh`.
  const lost = parts.findLastIndex((part) => part.includes(UNKNOWN) || part.startsWith('~'));
  const known = lost >= 0 && lost < parts.length - 1 ? parts.slice(lost + 1) : parts;
  return `${joined.startsWith('/') && known === parts ? '/' : ''}${known.join('/')}`;
}

function toPattern(path: string): RegExp {
  const body = path
    .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/[\u0002]+/g, '[^/]*')
    .replaceAll('\u0003', '[^/]');
  return new RegExp(path.startsWith('/') ? `^${body}$` : `(^|/)${body}$`);
}
