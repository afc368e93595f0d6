import { readAsData } from '../base/untrusted-text.ts';
import type { TreeChange, TreeEntry, TreeSnapshot } from '../record/evidence.ts';

/** The changes between two snapshots, by path. A directory that only gained or lost an entry does not count as changed. */
export function diffTrees(before: TreeSnapshot, after: TreeSnapshot, watched: readonly string[] = []): TreeChange[] {
  const paths = [...new Set([...Object.keys(before.entries), ...Object.keys(after.entries)])].sort();
  return paths.flatMap((path) => {
    const [old, now] = [before.entries[path] ?? null, after.entries[path] ?? null];
    if (now === null && wasUnseen(path, after, watched)) return [];
    return isSame(old, now) ? [] : [{ path, before: old, after: now }];
  });
}

/** The baseline for the next comparison: the new snapshot, plus the last known state of paths that it did not see. */
export function carryUnseen(before: TreeSnapshot, after: TreeSnapshot, watched: readonly string[] = []): TreeSnapshot {
  const unseen = Object.entries(before.entries).filter(
    ([path]) => after.entries[path] === undefined && wasUnseen(path, after, watched),
  );
  return unseen.length === 0 ? after : { ...after, entries: { ...Object.fromEntries(unseen), ...after.entries } };
}

/** Whether a path is absent only because the snapshot was truncated or a folder could not be read. */
function wasUnseen(path: string, { entries, truncated }: TreeSnapshot, watched: readonly string[]): boolean {
  if (truncated && !watched.includes(path)) return true;
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    const folder = entries[path.slice(0, slash)];
    if (folder?.unread !== undefined) return true;
  }
  return false;
}

function isSame(a: TreeEntry | null, b: TreeEntry | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.kind !== b.kind || a.mode !== b.mode || a.uid !== b.uid || a.inode !== b.inode) return false;
  if (a.kind === 'directory') return true;
  const target = ({ linkTarget }: TreeEntry): string | null =>
    linkTarget === undefined ? null : readAsData(linkTarget);
  return (
    a.size === b.size &&
    a.sha256 === b.sha256 &&
    a.unread === b.unread &&
    a.changedAtMs === b.changedAtMs &&
    target(a) === target(b)
  );
}
