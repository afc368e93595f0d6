import { describe, expect, it } from 'vitest';

import type { TreeEntry, TreeSnapshot } from '../record/evidence.ts';
import { carryUnseen, diffTrees } from './tree-diff.ts';

const file: TreeEntry = {
  kind: 'file',
  mode: 0o644,
  uid: 1000,
  size: 1,
  changedAtMs: 1,
  inode: 1,
  sha256: 'a'.repeat(64),
};
const folder: TreeEntry = { ...file, kind: 'directory', mode: 0o755, sha256: null };
const tree = (entries: Record<string, TreeEntry>, truncated = false): TreeSnapshot => ({ entries, truncated });
const before = tree({ '/home': folder, '/home/a': file, '/home/b': file });

describe('the difference of two snapshots', () => {
  it('lists what was added, removed or changed', () => {
    const after = tree({ '/home': folder, '/home/a': { ...file, mode: 0o600 }, '/home/c': file });
    expect(diffTrees(before, after).map(({ path }) => path)).toEqual(['/home/a', '/home/b', '/home/c']);
  });

  it('does not report a path as removed if a truncated snapshot did not see it, unless it is watched', () => {
    const after = tree({ '/home': folder }, true);
    expect(diffTrees(before, after)).toEqual([]);
    expect(diffTrees(before, after, ['/home/a']).map(({ path }) => path)).toEqual(['/home/a']);
  });

  it('does not report a path as removed if its folder could not be read, watched or not', () => {
    const after = tree({ '/home': { ...folder, mode: 0, unread: 'unreadable' } });
    expect(diffTrees(before, after, ['/home/a']).map(({ path }) => path)).toEqual(['/home']);
  });

  it('compares unseen paths with their last known state', () => {
    const closed = tree({ '/home': { ...folder, mode: 0, unread: 'unreadable' } });
    const open = tree({ '/home': folder, '/home/a': file });
    const known = carryUnseen(before, closed);
    expect(diffTrees(known, open).map(({ path }) => path)).toEqual(['/home', '/home/b']);
    expect(carryUnseen(before, open)).toBe(open);
  });
});
