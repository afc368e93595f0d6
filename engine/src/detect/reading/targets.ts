import { baseName } from '../timeline.ts';
import type { Argument } from './arguments.ts';
import type { Changed } from './programs.ts';
import { RELIED_ON_PATHS, SYSTEM_FOLDERS } from './relied-on.ts';
import { absolutePath, meansPath } from './shell-paths.ts';

/** What is watched, and how words mean it. */
export interface Targets {
  readonly watched: readonly string[];
  /** It is known where commands work. Else a word is taken as it is written, and means a file by its base name. */
  readonly isExact: boolean;
  readonly names: ReadonlySet<string>;
  /** The words that one word stands for. */
  readonly texts: (arg: Argument) => readonly string[];
  readonly named: (text: string, folder: string | null) => Hit[];
  /** Files that a program puts into a folder under their own names. */
  readonly into: (change: NonNullable<Changed['into']>, folder: string | null) => Hit[];
  /** Folders above a watched file. */
  readonly above: (text: string, folder: string | null) => Hit[];
}

export interface Hit {
  readonly path: string;
  readonly isExact: boolean;
}

export function createTargets(watched: readonly string[], isPlaceKnown: boolean): Targets {
  const names = new Set(watched.map(baseName));
  if (!isPlaceKnown) {
    const named = (text: string): Hit[] => (mentions(text, names) ? [{ path: baseName(text), isExact: false }] : []);
    const texts = ({ value }: Argument): readonly string[] => [value];
    return { watched, isExact: false, names, texts, named, into: () => [], above: () => [] };
  }
  const paths = [...watched, ...RELIED_ON_PATHS];
  const folders = [...new Set(watched.flatMap(foldersAbove))];
  const meant = (text: string, candidates: readonly string[], folder: string | null): Hit[] =>
    candidates.flatMap((path): Hit[] => {
      const answer = meansPath(text, path, folder);
      if (answer === 'yes') return [{ path, isExact: true }];
      // A word that is partly unknown may mean a watched file, and says nothing of a program.
      return answer === 'perhaps' && watched.includes(path) ? [{ path, isExact: false }] : [];
    });
  const named = (text: string, folder: string | null): Hit[] => meant(text.replace(/^of=/, ''), paths, folder);
  return {
    watched,
    isExact: true,
    names,
    texts: ({ expansions }) => expansions,
    named,
    into: ({ folder: given, files }, folder) => {
      const into = absolutePath(given, folder);
      if (into === null || ![...folders, ...SYSTEM_FOLDERS].includes(into)) return [];
      return files.flatMap((file) => named(`${into}/${baseName(file)}`, folder));
    },
    above: (text, folder) => meant(text, folders, folder).filter(({ isExact }) => isExact),
  };
}

function foldersAbove(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(3).map((_, index) => parts.slice(0, index + 3).join('/'));
}

function mentions(word: string, names: ReadonlySet<string>): boolean {
  if (names.has(baseName(word)) || names.has(baseName(word.replace(/^of=/, '')))) return true;
  return word.length > 40 && [...names].some((name) => word.includes(name));
}
