import { createHash } from 'node:crypto';
import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  opendirSync,
  openSync,
  readlinkSync,
  readSync,
} from 'node:fs';

import { isOwnExhaustion } from '../base/exhaustion.ts';
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
  /** The only uid of the sandbox, outside and inside. Any other is written as -1. */
  readonly owner: { readonly outside: number; readonly inside: number };
}

/** Limits of one snapshot. Beyond each, `truncated` is set, or the file is `unread`. Watched paths are always included. */
const ENTRIES_MAX = 5000;
const DEPTH_MAX = 64;
/** Bytes of one path below a root, and characters of all paths as they are written. */
const PATH_BYTES_MAX = 4096;
const NAMES_MAX = 2 * 1024 * 1024;
/** CPU time of this thread, so that a busy machine sees as much as a quiet one. */
const CPU_MS_MAX = 250;
/** A larger file is not hashed: `unread: 'too-large'`. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;
/** Bytes hashed in one snapshot; then `unread: 'budget'`. */
const SNAPSHOT_BYTES_MAX = 64 * 1024 * 1024;

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

export function createTreeReader({ roots, owner, watched = [] }: TreeReaderOptions): TreeReader {
  // The same inode, size and change time mean the same content, because the agent cannot set the change time.
  let known = new Map<string, { readonly stamp: string; readonly sha256: string }>();

  return {
    read: (settled) => {
      const walk: Walk = {
        watched,
        entries: {},
        count: 0,
        names: 0,
        bytes: 0,
        cpuUntil: cpuMs() + CPU_MS_MAX,
        truncated: false,
        settled,
        known,
        hashes: new Map(),
        owner,
      };
      for (const { path, handle } of roots) {
        // Record the root too: removing its permissions disables everything in it.
        const root = describe(fstatSync(handle, { bigint: true }), walk);
        walk.entries[path] = root;
        readFolder(handle, { path, bytes: 0, depth: 0, walk });
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
  names: number;
  bytes: number;
  readonly cpuUntil: number;
  truncated: boolean;
  readonly settled: boolean;
  readonly known: ReadonlyMap<string, { readonly stamp: string; readonly sha256: string }>;
  readonly hashes: Map<string, { readonly stamp: string; readonly sha256: string }>;
  readonly owner: TreeReaderOptions['owner'];
}

interface Place {
  readonly path: string;
  /** Length of the real path below the root. */
  readonly bytes: number;
  readonly depth: number;
  readonly walk: Walk;
}

/** On a settled tree a mode that forbids reading is changed for the read, and restored at once. */
function readFolder(handle: number, place: Place): void {
  const { path, walk } = place;
  const entry = walk.entries[path];
  if (entry === undefined) return;
  const lift = walk.settled && (entry.mode & 0o500) !== 0o500;
  try {
    if (lift) fchmodSync(handle, entry.mode | 0o500);
    readDirectory(handle, place);
  } catch (error) {
    if (isOwnExhaustion(error)) throw error;
    walk.entries[path] = { ...entry, unread: unreadFor(error) };
  } finally {
    if (lift) fchmodSync(handle, entry.mode);
  }
}

function readDirectory(handle: number, { path, bytes, depth, walk }: Place): void {
  const below = walk.watched.filter((one) => one.startsWith(`${path}/`)).map((one) => one.slice(path.length + 1));
  const first = [...new Set(below.map((one) => one.split('/', 1)[0] ?? ''))];
  for (const name of first) readName(Buffer.from(name), true);
  if (depth >= DEPTH_MAX) walk.truncated = true;
  else for (const name of listNames(handle, walk)) if (!first.includes(name.toString())) readName(name, false);

  function readName(name: Buffer, isWatched: boolean): void {
    const shown = `${path}/${showName(name)}`;
    const length = bytes + 1 + name.length;
    if (!isWatched && (isFull(walk) || length > PATH_BYTES_MAX || walk.names + shown.length > NAMES_MAX)) {
      walk.truncated = true;
      return;
    }
    const real = Buffer.concat([Buffer.from(`/proc/self/fd/${handle}/`), name]);
    try {
      readEntry(real, { path: shown, bytes: length, depth, walk });
    } catch (error) {
      if (isOwnExhaustion(error)) throw error;
      const entry = walk.entries[shown];
      // If it vanished after the listing, it is absent. Whatever else keeps it from being read is the agent's doing.
      if (errorCode(error) === 'ENOENT') delete walk.entries[shown];
      else if (entry !== undefined) walk.entries[shown] = { ...entry, unread: unreadFor(error) };
    }
  }
}

function isFull({ count, cpuUntil }: Walk): boolean {
  return count >= ENTRIES_MAX || cpuMs() > cpuUntil;
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** The names in a directory, in order; some of them if there are too many. */
function listNames(handle: number, walk: Walk): Buffer[] {
  // Node.js knows the encoding `buffer`, its types do not.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const folder = opendirSync(`/proc/self/fd/${handle}`, { encoding: 'buffer' as BufferEncoding, bufferSize: 512 });
  try {
    const names: Buffer[] = [];
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
      if (walk.count + names.length >= ENTRIES_MAX) {
        walk.truncated = true;
        break;
      }
      names.push(Buffer.from(entry.name));
    }
    return names.sort((a, b) => a.compare(b));
  } finally {
    folder.closeSync();
  }
}

function readEntry(real: Buffer, place: Place): void {
  const { path, walk } = place;
  const stats = lstatSync(real, { bigint: true });
  const entry = describe(stats, walk);
  walk.count++;
  walk.names += path.length;
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
    try {
      readFolder(handle, { ...place, depth: place.depth + 1 });
    } finally {
      closeSync(handle);
    }
  }
}

function describe(stats: BigIntStats, walk: Walk): TreeEntry {
  return {
    kind: kindOf(stats),
    mode: Number(stats.mode & 0o7777n),
    uid: Number(stats.uid) === walk.owner.outside ? walk.owner.inside : -1,
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

/** On a settled tree a mode that forbids reading is changed for the read, and restored at once. */
function openGuarded(real: Buffer, { flags, mode, settled }: OpenHow): number {
  try {
    return openSync(real, flags);
  } catch (error) {
    if (errorCode(error) !== 'EACCES' || !settled) throw error;
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

/** A lease makes an open that does not wait fail with EAGAIN. */
function unreadFor(error: unknown): TreeEntry['unread'] {
  return errorCode(error) === 'EAGAIN' ? 'leased' : 'unreadable';
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
