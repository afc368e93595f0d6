import { toUntrusted } from '../../../base/untrusted-text.ts';
import type { TreeEntry, TreeSnapshot } from '../../../record/evidence.ts';
import { showName } from '../../tree-reader.ts';

/** Maximum size of a file that is read. A larger one is `too-large`. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;
const ENTRIES_MAX = 5000;
/** Bytes of the list of entries. */
const LIST_BYTES_MAX = 4 * 1024 * 1024;

/** Twice, so that watched paths, whose `find` expression are the arguments, come first. */
const find = (what: string): string =>
  `{ [ $# -eq 0 ] || timeout 5 find home tmp \\( "$@" \\) ${what}; timeout 5 find home tmp ${what}; } 2>/dev/null`;

/**
 * Lists the home and `/tmp`, then hashes their files. Runs in the keeper, where no process of the agent runs. A file on
 * which somebody holds a lease, so that opening it would wait, is not hashed.
 */
export const READ_TREE = `cd /evidence || exit 1
${find(`-printf '%y %#m %U %s %C@ %i %p\\0%l\\0'`)} | head -z -n ${2 * ENTRIES_MAX + 2} | head -c ${LIST_BYTES_MAX}
printf '\\0\\0\\0'
${find(`-type f -size -${FILE_BYTES_MAX + 1}c -print0`)} | head -z -n ${ENTRIES_MAX} |
  perl -MFcntl -0ne 'print if sysopen my $file, s/\\0$//r, O_RDONLY | O_NONBLOCK | O_NOFOLLOW' |
  timeout 5 xargs -0 -r sha256sum -z -- 2>/dev/null
exit 0
`;

/** The `find` expression for the paths of the sandbox that come first. */
export function watchedWords(paths: readonly string[]): string[] {
  return paths.flatMap((path, index) => [...(index === 0 ? [] : ['-o']), '-path', path.replaceAll(/[*?[\\]/g, '\\$&')]);
}

const KINDS: Readonly<Record<string, TreeEntry['kind']>> = {
  f: 'file',
  d: 'directory',
  l: 'link',
  p: 'fifo',
  s: 'socket',
  c: 'device',
  b: 'device',
};

/** Parses the output of `READ_TREE` to a snapshot. `toGuestPath` maps a listed path to its path in the sandbox. */
export function parseTree(output: Buffer, toGuestPath: (path: string) => string): TreeSnapshot {
  const words = splitAtZero(output);
  const end = words.findIndex((word, index) => index % 2 === 0 && word.length === 0);
  const all = words.slice(0, end);
  const isCut = all.reduce((sum, word) => sum + word.length + 1, 0) >= LIST_BYTES_MAX;
  // Without the entry that was cut.
  const listed = isCut ? all.slice(0, -2) : all;
  const hashes = new Map(
    words.slice(end + 1).flatMap((word): [string, string][] => {
      const match = /^([0-9a-f]{64}) [ *]$/.exec(word.subarray(0, 66).toString('latin1'));
      return match?.[1] === undefined ? [] : [[word.subarray(66).toString('latin1'), match[1]]];
    }),
  );
  const entries: Record<string, TreeEntry> = {};
  for (let index = 0; index + 1 < listed.length && index < 2 * ENTRIES_MAX; index += 2) {
    const match = /^(.) 0?(\d+) (\d+) (\d+) ([\d.]+) (\d+) ([^]*)$/.exec(
      (listed[index] ?? Buffer.alloc(0)).toString('latin1'),
    );
    if (match === null) continue;
    const [, type = '', mode = '0', uid, size, changed, inode, path = ''] = match;
    const kind = KINDS[type] ?? 'other';
    const sha256 = kind === 'file' ? (hashes.get(path) ?? null) : null;
    entries[toGuestPath(showName(Buffer.from(path, 'latin1')))] = {
      kind,
      mode: Number.parseInt(mode, 8),
      uid: Number(uid),
      size: Number(size),
      changedAtMs: Math.round(Number(changed) * 1e6) / 1e3,
      inode: Number(inode),
      sha256,
      ...(kind === 'file' && sha256 === null && { unread: Number(size) > FILE_BYTES_MAX ? 'too-large' : 'unreadable' }),
      ...(kind === 'link' && { linkTarget: toUntrusted(showName(listed[index + 1] ?? Buffer.alloc(0))) }),
    };
  }
  return { entries, truncated: isCut || listed.length > 2 * ENTRIES_MAX };
}

function splitAtZero(output: Buffer): Buffer[] {
  const words: Buffer[] = [];
  for (let at = 0; at < output.length;) {
    const zero = output.indexOf(0, at);
    const end = zero < 0 ? output.length : zero;
    words.push(output.subarray(at, end));
    at = end + 1;
  }
  return words;
}
