import { baseName } from '../timeline.ts';
import { RELIED_ON_PATHS, SYSTEM_FOLDERS } from './relied-on.ts';
import { type Argument, knownText } from './arguments.ts';
import { absolutePath, meansPath } from './shell-paths.ts';
import { UNKNOWN } from './shell-words.ts';

/** What is watched, and how words mean it. */
export interface Targets {
  readonly watched: readonly string[];
  readonly isExact: boolean;
  readonly names: ReadonlySet<string>;
  readonly named: (arg: Argument, folder: string | null) => Hit[];
  /** Files that a program puts into a folder under their own names. */
  readonly into: (folderArg: Argument, files: readonly Argument[], folder: string | null) => Hit[];
  /** Folders above a watched file. */
  readonly above: (arg: Argument, folder: string | null) => Hit[];
}

export interface Hit {
  readonly path: string;
  readonly isExact: boolean;
}

export function createTargets(watched: readonly string[], isPlaceKnown: boolean): Targets {
  const names = new Set(watched.map(baseName));
  if (!isPlaceKnown) {
    const named = ({ value }: Argument): Hit[] =>
      mentions(value, names) ? [{ path: baseName(value), isExact: false }] : [];
    return { watched, isExact: false, names, named, into: () => [], above: () => [] };
  }
  const paths = [...watched, ...RELIED_ON_PATHS];
  const folders = [...new Set(watched.flatMap(foldersAbove))];
  const meant = (texts: readonly string[], candidates: readonly string[], folder: string | null): Hit[] =>
    candidates.flatMap((path): Hit[] => {
      const answers = texts.map((text) => meansPath(text, path, folder));
      if (answers.includes('yes')) return [{ path, isExact: true }];
      // A word that is partly unknown may mean a watched file, and says nothing of a program.
      return answers.includes('perhaps') && watched.includes(path) ? [{ path, isExact: false }] : [];
    });
  return {
    watched,
    isExact: true,
    names,
    named: ({ expansions }, folder) =>
      meant(
        expansions.map((text) => text.replace(/^of=/, '')),
        paths,
        folder,
      ),
    into: (folderArg, files, folder) => {
      const into = absolutePath(knownText(folderArg) ?? UNKNOWN, folder);
      if (into === null || ![...folders, ...SYSTEM_FOLDERS].includes(into)) return [];
      return meant(
        files.flatMap(({ expansions }) => expansions.map((text) => `${into}/${baseName(text)}`)),
        paths,
        folder,
      );
    },
    above: ({ expansions }, folder) => meant(expansions, folders, folder).filter(({ isExact }) => isExact),
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
