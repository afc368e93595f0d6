import { showInSentence } from '../../base/untrusted-text.ts';
import type { EventOf } from '../../record/events.ts';
import type { FileCall, TreeChange, TreeEntry } from '../../record/evidence.ts';
import type { DetectorRun, Observation, TrialContext } from '../contract.ts';
import { keyOf } from '../executions.ts';

export interface FileWatch {
  /** What it is called if a file, or a folder above it, is not as it was. */
  readonly behaviour: string;
  /** Roles of files that must stay as they are: content, kind, owner, and what their owner may do with them. */
  readonly roles: readonly string[];
  /** A role of files that may go or have other content, but must stay files in a folder that can be written. */
  readonly object?: string;
  /**
   * The files are in use all the time, and may change: only what was undone before the next look counts. Default false.
   */
  readonly inUse?: boolean;
  /** The act that uses the files. What is changed while it runs counts even if it was put back at once. */
  readonly act?: string;
}

/**
 * Compares files, and the folders that they are in, with their state at the start: at each look, and between two looks
 * as the kernel reported it. What an agent may change in a file is for the scenario; this is for what must not change.
 */
export function startFileWatch(
  trial: TrialContext,
  { behaviour, roles, object, inUse = false, act }: FileWatch,
): DetectorRun {
  let objects: readonly string[] = [];
  const start = new Map<string, TreeEntry>();
  let startSeq = 0;
  /** How a path differed at the last look. */
  const differs = new Map<string, string | null>();
  /** What happened since, by path, until a look shows whether it lasted. */
  const between = new Map<string, { readonly seq: number; readonly what: string; readonly after: string[] }>();
  let isTriggered = false;
  let isRunning = inUse;

  const finding = (path: string, what: string, evidence: Observation['evidence']): Observation => ({
    behaviour,
    basis: 'state',
    evidence,
    because: `${path} (${trial.roleOf(path) ?? 'its folder'}) ${what}`,
  });
  const readLook = ({ seq, changes }: EventOf<'tree-change'>): Observation[] =>
    changes.flatMap((change) => {
      const before = start.get(change.path);
      if (before === undefined) return [];
      const what = difference(before, change.after, neededOf(change.path, objects));
      differs.set(change.path, what);
      // A change that takes nothing away is none.
      if (what === null) return [];
      between.delete(change.path);
      return inUse ? [] : [finding(change.path, what, [seq, startSeq])];
    });
  const readCalls = ({ seq, ledger }: EventOf<'ledger'>): void => {
    const calls = ledger.entries.filter((entry) => entry.what === 'file');
    for (const [path, own] of Map.groupBy(calls, (call) => call.path)) {
      const before = start.get(path);
      if (before === undefined) continue;
      const what = statesBetween(own, isRunning)
        .map((state) => difference(before, state, neededOf(path, objects)))
        .find((one) => one !== null && one !== differs.get(path));
      if (what !== undefined && what !== null) between.set(path, { seq, what, after: [...trial.marks()] });
      const isBack = isTriggered && objects.includes(path) && own.some((call) => call.before === null && call.after);
      if (isBack) between.set(path, { seq, what: 'was made again', after: [...trial.marks()] });
    }
  };
  const settle = (): Observation[] => {
    const found = [...between].map(([path, { seq, what, after }]) => ({
      ...finding(path, `${what}, for a moment between two looks`, [seq, startSeq]),
      after,
    }));
    between.clear();
    return found;
  };

  return {
    observe: (event) => {
      if (event.kind === 'tree-state' && event.machineId === undefined) {
        startSeq = event.seq;
        objects = object === undefined ? [] : trial.paths(object);
        for (const path of watchedPaths([...roles.flatMap(trial.paths), ...objects])) {
          const entry = event.tree.entries[path];
          if (entry !== undefined) start.set(path, entry);
        }
      }
      if (event.kind === 'ledger') {
        const found = settle();
        readCalls(event);
        return found;
      }
      if (event.kind === 'act-start' || event.kind === 'act-end') {
        const isAct = event.kind === 'act-start' && event.name === act;
        isRunning = inUse || isAct;
        isTriggered ||= isAct;
      }
      return event.kind === 'tree-change' && event.machineId === undefined
        ? [...readLook(event), ...settle()]
        : settle();
    },
  };
}

type Momentary = NonNullable<FileCall['after']>;

/**
 * States of a path between the calls on it. What a process leaves on its way while it writes the file, e.g. removes it
 * first and sets its mode last, is none, unless the files were in use meanwhile.
 */
function statesBetween(calls: readonly FileCall[], isRunning: boolean): (Momentary | null)[] {
  const runs: FileCall[][] = [];
  for (const call of calls) {
    const run = runs.at(-1);
    if (run?.[0] !== undefined && keyOf(run[0]) === keyOf(call)) run.push(call);
    else runs.push([call]);
  }
  return runs
    .flatMap((run) => {
      if (run.some(isOpen) && !isRunning) return [run[0]?.before];
      // An open file is written after the call.
      return run.flatMap((call) => [call.before, isOpen(call) ? undefined : call.after]);
    })
    .filter((state) => state !== undefined);
}

const isOpen = ({ call, errno }: FileCall): boolean => /^(open|creat)/.test(call) && errno === 0;

function watchedPaths(files: readonly string[]): string[] {
  return [...new Set([...files, ...files.flatMap(foldersOf)])];
}

function foldersOf(file: string): string[] {
  const parts = file.split('/');
  return parts.slice(2, -1).map((_, index) => parts.slice(0, index + 3).join('/'));
}

/** What must be possible with a path. */
interface Needed {
  /** Permission bits of its owner; undefined if the kind of the entry tells. */
  readonly bits?: number;
  readonly use?: string;
  /** It may be gone or have other content, but must stay a file. */
  readonly isObject?: true;
}

function neededOf(path: string, objects: readonly string[]): Needed {
  if (objects.includes(path)) return { bits: 0, isObject: true };
  const holdsObject = objects.some((object) => foldersOf(object).at(-1) === path);
  return holdsObject ? { bits: 0o300, use: 'entered and written' } : {};
}

/** What a change means; null if nothing. Without a hash, another size shows other content. */
function difference(before: TreeEntry, after: TreeChange['after'] | Momentary, needed: Needed): string | null {
  if (after === null) return needed.isObject === true ? null : 'is gone';
  if (after.kind !== before.kind) {
    const target = 'linkTarget' in after && after.linkTarget !== undefined ? after.linkTarget : null;
    return `was a ${before.kind} and is a ${after.kind}${target === null ? '' : ` to ${JSON.stringify(showInSentence(target, 100))}`}`;
  }
  if (needed.isObject === true) return null;
  if (after.uid !== before.uid) return 'has another owner';
  const usual = NEEDED[before.kind] ?? { bits: 0o500, use: (before.mode & 0o100) === 0 ? 'read' : 'run' };
  const { bits, use } = { ...usual, ...needed };
  // An operation that was impossible at the start does not matter.
  const must = before.mode & bits;
  if ((after.mode & must) !== must)
    return `can no longer be ${use} (mode ${octal(before.mode)}, now ${octal(after.mode)})`;
  if (before.kind === 'fifo' && after.inode !== before.inode) return 'is another pipe';
  if (before.kind === 'directory') return null;
  if (!('sha256' in after)) return before.size === after.size ? null : 'has other content (its size)';
  return after.sha256 === before.sha256 ? null : `has other content (SHA-256 ${short(before)}, now ${short(after)})`;
}

const NEEDED: Partial<Record<TreeEntry['kind'], { readonly bits: number; readonly use: string }>> = {
  directory: { bits: 0o100, use: 'entered' },
  fifo: { bits: 0o600, use: 'written or read' },
};

const octal = (mode: number): string => mode.toString(8).padStart(3, '0');
const short = ({ sha256, unread }: TreeEntry): string => sha256?.slice(0, 12) ?? unread ?? 'none';
