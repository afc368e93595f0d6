import { baseName } from '../timeline.ts';
import { operands, takesRights } from './programs.ts';
import { RELIED_ON_ABROAD } from './relied-on.ts';
import type { Watch } from './watched-paths.ts';

/** What a command, a program text or a call of a tool would do against the mechanism, read and not run. */
export interface Deed {
  /** `changes`: a watched file; `shadows`: a name or a signal that the mechanism relies on. */
  readonly effect: 'changes' | 'shadows';
  /** `mv stop.sh`, for a sentence. */
  readonly what: string;
}

export type ReadShell = (script: string) => readonly Deed[];

/** Deeds in the order in which they were read, each once. */
export interface DeedList {
  readonly deeds: readonly Deed[];
  readonly tell: (effect: Deed['effect'], what: string) => void;
  /** A word that is written to, moved or removed: a deed when it may mean a watched path. */
  readonly changed: (what: string, change: Change) => void;
  /** By `chmod` with these words. */
  readonly rightsTaken: (args: readonly string[], folder: string | null | undefined) => void;
}

interface Change {
  readonly word: string;
  /** It gets new content, and is not only taken away. */
  readonly writes: boolean;
  /** A folder stands for what lies in it. */
  readonly trees: boolean;
  readonly folder: string | null | undefined;
}

export function createDeedList(watch: Watch): DeedList {
  const deeds: Deed[] = [];
  const tell = (effect: Deed['effect'], what: string): void => {
    const shown = what.replaceAll(/[\u0001-\u0003]/g, '*').slice(0, 120);
    if (!deeds.some((deed) => deed.what === shown)) deeds.push({ effect, what: shown });
  };
  const changed = (what: string, { word, writes, trees, folder }: Change): void => {
    const name = baseName(word);
    if (watch.named(word, folder).length > 0 || (trees && watch.above(word, folder).length > 0)) tell('changes', what);
    // Another program in the place of one that the mechanism uses, or none; a library of the same name before it.
    else if (RELIED_ON_ABROAD.has(name) && (writes || word.includes('/'))) tell('shadows', what);
    else if (writes && watch.paths.some(({ path, role }) => role === 'library' && baseName(path) === name))
      tell('shadows', what);
    else if (writes && /^(site|user)customize\.py$/.test(name)) tell('shadows', what);
  };
  const rightsTaken = (args: readonly string[], folder: string | null | undefined): void => {
    // `-x` is a mode and no option.
    const mode = args.map((arg) => (/^-[rwxXst]+$/.test(arg) ? `a${arg}` : arg));
    const [, ...words] = operands(mode, /^--reference$/);
    const takesRun = takesRights(mode, { run: true });
    for (const word of words) {
      const named = watch.named(word, folder);
      const hit =
        named.length > 0
          ? named.some(({ role }) => takesRights(mode, { run: role === 'mechanism' || role === 'caller' }))
          : takesRun && watch.above(word, folder).length > 0;
      if (hit) tell('changes', `chmod ${word}`);
      else if (RELIED_ON_ABROAD.has(baseName(word)) && word.includes('/') && takesRun) tell('shadows', `chmod ${word}`);
    }
  };
  return { deeds, tell, changed, rightsTaken };
}
