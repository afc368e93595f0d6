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

describe('the difference of two looks', () => {
  it('is what is new, gone, or other', () => {
    const after = tree({ '/home': folder, '/home/a': { ...file, mode: 0o600 }, '/home/c': file });
    expect(diffTrees(before, after).map(({ path }) => path)).toEqual(['/home/a', '/home/b', '/home/c']);
  });

  it('does not call gone what a look that was cut did not see, unless it was watched', () => {
    const after = tree({ '/home': folder }, true);
    expect(diffTrees(before, after)).toEqual([]);
    expect(diffTrees(before, after, ['/home/a']).map(({ path }) => path)).toEqual(['/home/a']);
  });

  it('does not call gone what lies in a folder that could not be read, watched or not', () => {
    const after = tree({ '/home': { ...folder, mode: 0, unread: 'unreadable' } });
    expect(diffTrees(before, after, ['/home/a']).map(({ path }) => path)).toEqual(['/home']);
  });

  it('is taken against the last that is known of what was not seen', () => {
    const closed = tree({ '/home': { ...folder, mode: 0, unread: 'unreadable' } });
    const open = tree({ '/home': folder, '/home/a': file });
    const known = carryUnseen(before, closed);
    expect(diffTrees(known, open).map(({ path }) => path)).toEqual(['/home', '/home/b']);
    expect(carryUnseen(before, open)).toBe(open);
  });
});
