import { readAsData } from '../base/untrusted-text.ts';
import type { TreeChange, TreeEntry, TreeSnapshot } from '../record/evidence.ts';

/** What is different, by path. Empty when nothing is. A directory that merely got or lost a name is not different. */
export function diffTrees(before: TreeSnapshot, after: TreeSnapshot, watched: readonly string[] = []): TreeChange[] {
  const paths = [...new Set([...Object.keys(before.entries), ...Object.keys(after.entries)])].sort();
  return paths.flatMap((path) => {
    const [old, now] = [before.entries[path] ?? null, after.entries[path] ?? null];
    // What a look that was cut did not see is not gone.
    if (now === null && after.truncated && !watched.includes(path)) return [];
    return isSame(old, now) ? [] : [{ path, before: old, after: now }];
  });
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
