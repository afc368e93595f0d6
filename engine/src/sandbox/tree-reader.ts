import { createHash } from 'node:crypto';
import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from 'node:fs';

import { toUntrusted } from '../base/untrusted-text.ts';
import type { TreeEntry, TreeSnapshot } from '../record/evidence.ts';

/**
 * Reads trees that an adversary controls. Directories are walked with open handles, so that a folder replaced by a link
 * cannot lead outside. Only plain files are opened, without blocking, and everything is bounded.
 */
export interface TreeReader {
  /** `settled`: no process runs any more, so modes that forbid reading may be changed during the read. */
  readonly read: (settled: boolean) => TreeSnapshot;
}

export interface TreeReaderOptions {
  /** Open directory handles, and their paths inside the sandbox. */
  readonly roots: readonly { readonly path: string; readonly handle: number }[];
  /** Paths that are read first, so that many or large other files cannot crowd them out. */
  readonly watched?: readonly string[];
  /** Maps an outside uid to the inside uid; -1 if it does not exist inside. */
  readonly toGuestUid: (uid: number) => number;
}

/** Maximum number of entries in one snapshot. Beyond it `truncated` is set. */
const ENTRIES_MAX = 5000;
/** A larger file is not hashed: `unread: 'too-large'`. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;
/** Bytes hashed in one snapshot; then `unread: 'budget'`. */
const SNAPSHOT_BYTES_MAX = 64 * 1024 * 1024;
const DEPTH_MAX = 64;

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

export function createTreeReader({ roots, toGuestUid, watched = [] }: TreeReaderOptions): TreeReader {
  // The same inode, size and change time mean the same content, because the agent cannot set the change time.
  let known = new Map<string, { readonly stamp: string; readonly sha256: string }>();

  return {
    read: (settled) => {
      const walk: Walk = {
        watched,
        entries: {},
        count: 0,
        bytes: 0,
        truncated: false,
        settled,
        known,
        hashes: new Map(),
        toGuestUid,
      };
      for (const { path, handle } of roots) {
        // Record the root too: removing its permissions disables everything in it.
        const root = describe(fstatSync(handle, { bigint: true }), walk);
        walk.entries[path] = root;
        if (!readRoot(handle, { root, place: { path, depth: 0, walk } }))
          walk.entries[path] = { ...root, unread: 'unreadable' };
      }
      known = walk.hashes;
      return { entries: walk.entries, truncated: walk.truncated };
    },
  };
}

interface Walk {
  readonly watched: readonly string[];
  readonly entries: Record<string, TreeEntry>;
  count: number;
  bytes: number;
  truncated: boolean;
  readonly settled: boolean;
  readonly known: ReadonlyMap<string, { readonly stamp: string; readonly sha256: string }>;
  readonly hashes: Map<string, { readonly stamp: string; readonly sha256: string }>;
  readonly toGuestUid: (uid: number) => number;
}

interface Place {
  readonly path: string;
  readonly depth: number;
  readonly walk: Walk;
}

/** False if reading is forbidden. On a settled tree the mode is changed for the read, and restored at once. */
function readRoot(handle: number, { root, place }: { readonly root: TreeEntry; readonly place: Place }): boolean {
  const lift = place.walk.settled && (root.mode & 0o500) !== 0o500;
  try {
    if (lift) fchmodSync(handle, root.mode | 0o500);
    readDirectory(handle, place);
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EACCES') throw error;
    return false;
  } finally {
    if (lift) fchmodSync(handle, root.mode);
  }
}

function readDirectory(handle: number, { path, depth, walk }: Place): void {
  const names = readdirSync(`/proc/self/fd/${handle}`, { encoding: 'buffer' }).sort((a, b) => a.compare(b));
  const entries = names.map((name) => ({ name, shown: `${path}/${showName(name)}` }));
  const isWatched = ({ shown }: { readonly shown: string }): boolean =>
    walk.watched.some((one) => one === shown || one.startsWith(`${shown}/`));
  for (const entry of [...entries.filter(isWatched), ...entries.filter((one) => !isWatched(one))]) {
    const { name, shown } = entry;
    if ((walk.count >= ENTRIES_MAX && !isWatched(entry)) || depth >= DEPTH_MAX) {
      walk.truncated = true;
      return;
    }
    const real = Buffer.concat([Buffer.from(`/proc/self/fd/${handle}/`), name]);
    try {
      readEntry(real, { path: shown, depth, walk });
    } catch (error) {
      // The file vanished after the listing. Treat it as absent.
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
}

function readEntry(real: Buffer, place: Place): void {
  const { path, walk } = place;
  const stats = lstatSync(real, { bigint: true });
  const entry = describe(stats, walk);
  walk.count++;
  walk.entries[path] = entry;
  if (entry.kind === 'link')
    walk.entries[path] = { ...entry, linkTarget: toUntrusted(showName(readlinkSync(real, { encoding: 'buffer' }))) };
  if (entry.kind === 'file') walk.entries[path] = { ...entry, ...hashFile(real, { entry, place }) };
  if (entry.kind === 'directory') {
    const handle = openGuarded(real, {
      flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK,
      mode: entry.mode,
      settled: walk.settled,
    });
    if (handle === undefined) {
      walk.entries[path] = { ...entry, unread: 'unreadable' };
      return;
    }
    try {
      readDirectory(handle, { path, depth: place.depth + 1, walk });
    } finally {
      closeSync(handle);
    }
  }
}

function describe(stats: BigIntStats, walk: Walk): TreeEntry {
  return {
    kind: kindOf(stats),
    mode: Number(stats.mode & 0o7777n),
    uid: walk.toGuestUid(Number(stats.uid)),
    size: Number(stats.size),
    changedAtMs: Number(stats.ctimeNs / 1000n) / 1000,
    inode: Number(stats.ino),
    sha256: null,
  };
}

function hashFile(
  real: Buffer,
  { entry, place: { path, walk } }: { readonly entry: TreeEntry; readonly place: Place },
): Pick<TreeEntry, 'sha256' | 'unread'> {
  const stamp = `${entry.inode} ${entry.size} ${entry.changedAtMs}`;
  const before = walk.known.get(path);
  if (before?.stamp === stamp) {
    walk.hashes.set(path, before);
    return { sha256: before.sha256 };
  }
  if (entry.size > FILE_BYTES_MAX) return { sha256: null, unread: 'too-large' };
  if (walk.bytes + entry.size > SNAPSHOT_BYTES_MAX) return { sha256: null, unread: 'budget' };
  const handle = openGuarded(real, {
    flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
    mode: entry.mode,
    settled: walk.settled,
  });
  if (handle === undefined) return { sha256: null, unread: 'unreadable' };
  try {
    if (!fstatSync(handle).isFile()) return { sha256: null, unread: 'unreadable' };
    const sha256 = hashHandle(handle, walk);
    if (sha256 === undefined) return { sha256: null, unread: 'too-large' };
    walk.hashes.set(path, { stamp, sha256 });
    return { sha256 };
  } finally {
    closeSync(handle);
  }
}

/** Undefined if the file grew past the limit during the read. */
function hashHandle(handle: number, walk: Walk): string | undefined {
  const hash = createHash('sha256');
  const block = Buffer.allocUnsafe(64 * 1024);
  let total = 0;
  for (;;) {
    const size = readSync(handle, block, 0, block.length, null);
    if (size === 0) return hash.digest('hex');
    total += size;
    walk.bytes += size;
    if (total > FILE_BYTES_MAX) return undefined;
    hash.update(block.subarray(0, size));
  }
}

interface OpenHow {
  readonly flags: number;
  readonly mode: number;
  readonly settled: boolean;
}

/** Undefined if reading is forbidden. On a settled tree the mode is changed for the read, and restored at once. */
function openGuarded(real: Buffer, { flags, mode, settled }: OpenHow): number | undefined {
  try {
    return openSync(real, flags);
  } catch (error) {
    if (errorCode(error) !== 'EACCES') throw error;
    if (!settled) return undefined;
    chmodSync(real, mode | 0o500);
    try {
      return openSync(real, flags);
    } finally {
      chmodSync(real, mode);
    }
  }
}

function kindOf(stats: BigIntStats): TreeEntry['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'link';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isSocket()) return 'socket';
  return stats.isCharacterDevice() || stats.isBlockDevice() ? 'device' : 'other';
}

/**
 * A file name as unambiguous text: bytes that are not UTF-8, control characters and the backslash are written `\xHH`.
 */
export function showName(name: Buffer): string {
  const text = name.toString('utf8');
  const faithful = Buffer.from(text).equals(name);
  if (faithful && !/[\u0000-\u001f\u007f\\]/.test(text)) return text;
  if (faithful) return text.replace(/[\u0000-\u001f\u007f\\]/g, (char) => escapeByte(char.charCodeAt(0)));
  return [...name]
    .map((byte) => (byte >= 0x20 && byte < 0x7f && byte !== 0x5c ? String.fromCharCode(byte) : escapeByte(byte)))
    .join('');
}

const escapeByte = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
