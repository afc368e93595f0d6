import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { createChance } from '../../base/world.ts';

/** A call that changes a file system, or makes changes durable. `file`: a file whatever its name. */
export type Call =
  | { readonly call: 'start' }
  | { readonly call: 'mkdir' | 'remove' | 'sync-folder'; readonly path: string }
  | { readonly call: 'create'; readonly path: string; readonly file: number }
  | { readonly call: 'rename'; readonly path: string; readonly file: number; readonly from: string }
  | { readonly call: 'truncate' | 'sync-file'; readonly file: number }
  | { readonly call: 'write'; readonly file: number; readonly at: number; readonly base64: string };

/** What may be on the disk after a crash: names of folders (null) and the bytes of files. */
export interface CrashState {
  /** Number of calls that had been made, at most. */
  readonly after: number;
  readonly entries: ReadonlyMap<string, Buffer | null>;
}

/** With more calls in flight than this, subsets are drawn. */
const IN_FLIGHT_MAX = 4;
const DRAWN = 12;

/**
 * The states that a POSIX file system permits after a crash (as in SQLite's crash tests and in ALICE, OSDI 2014): a write is
 * durable after an fsync of its file, a name after an fsync of its folder. Of all other calls any subset is there, in the
 * order of the calls, and the last write may be cut. A rename is whole or not there at all. Each state is given once.
 */
export function crashStates(calls: readonly Call[]): CrashState[] {
  const chance = createChance('crash states');
  const start = calls.findIndex(({ call }) => call === 'start');
  const states = new Map<string, CrashState>();
  for (let after = start + 1; after <= calls.length; after++) {
    const done = calls.slice(0, after);
    const inFlight = done.flatMap((_, index) => (index > start && !isDurable(done, index) ? [index] : []));
    for (const kept of subsetsOf(inFlight, chance.next))
      for (const cut of [1, 0.5]) {
        const left = new Set(inFlight.filter((index) => !kept.has(index)));
        const entries = build(done, {
          left,
          cut,
          torn: inFlight.findLast((index) => done[index]?.call === 'write' && kept.has(index)),
        });
        const hash = createHash('sha256');
        for (const [path, bytes] of entries) hash.update(`${path}\0${bytes?.length ?? 'folder'}\0`).update(bytes ?? '');
        states.set(hash.digest('hex'), { after, entries });
      }
  }
  return [...states.values()];
}

function isDurable(done: readonly Call[], index: number): boolean {
  const call = done[index];
  const later = done.slice(index + 1);
  const isSynced = (path: string): boolean =>
    later.some((one) => one.call === 'sync-folder' && one.path === dirname(path));
  switch (call?.call) {
    case 'write':
    case 'truncate':
      return later.some((one) => one.call === 'sync-file' && one.file === call.file);
    case 'mkdir':
    case 'create':
    case 'remove':
      return isSynced(call.path);
    case 'rename':
      return isSynced(call.path) && isSynced(call.from);
    default:
      return true;
  }
}

function subsetsOf(indexes: readonly number[], next: () => number): ReadonlySet<number>[] {
  if (indexes.length <= IN_FLIGHT_MAX)
    return Array.from(
      { length: 2 ** indexes.length },
      (_, bits) => new Set(indexes.filter((__, at) => (bits >> at) & 1)),
    );
  return [
    new Set(indexes),
    new Set<number>(),
    ...Array.from({ length: DRAWN }, () => {
      const share = next();
      return new Set(indexes.filter(() => next() < share));
    }),
  ];
}

interface Loss {
  /** Calls that left nothing. */
  readonly left: ReadonlySet<number>;
  /** A write of which only this share is there. */
  readonly torn: number | undefined;
  readonly cut: number;
}

function build(calls: readonly Call[], { left, torn, cut }: Loss): CrashState['entries'] {
  const files = new Map<number, Buffer>();
  const names = new Map<string, number | null>();
  const folders = new Set(calls.flatMap((call) => (call.call === 'mkdir' ? [call.path] : [])));
  for (const [index, call] of calls.entries()) {
    if (left.has(index)) continue;
    switch (call.call) {
      case 'mkdir':
        names.set(call.path, null);
        break;
      case 'create':
        names.set(call.path, call.file);
        break;
      case 'rename':
        names.delete(call.from);
        names.set(call.path, call.file);
        break;
      case 'remove':
        names.delete(call.path);
        break;
      case 'truncate':
        files.set(call.file, Buffer.alloc(0));
        break;
      case 'write': {
        const whole = Buffer.from(call.base64, 'base64');
        const bytes = index === torn ? whole.subarray(0, whole.length * cut) : whole;
        const before = files.get(call.file) ?? Buffer.alloc(0);
        // Where an earlier write is missing, the file has zeros.
        const file = Buffer.alloc(Math.max(before.length, call.at + bytes.length));
        before.copy(file);
        bytes.copy(file, call.at);
        files.set(call.file, file);
        break;
      }
      case 'start':
      case 'sync-file':
      case 'sync-folder':
        break;
    }
  }
  // What is in a folder that is not there is not there either.
  const isThere = (path: string): boolean =>
    !folders.has(dirname(path)) || (names.has(dirname(path)) && isThere(dirname(path)));
  return new Map(
    [...names].flatMap(([path, file]) =>
      isThere(path) ? [[path, file === null ? null : (files.get(file) ?? Buffer.alloc(0))] as const] : [],
    ),
  );
}

/** Makes such a state below another folder. */
export function makeState({ entries }: CrashState, { from, to }: { readonly from: string; readonly to: string }): void {
  for (const [path, bytes] of entries) {
    const there = `${to}${path.slice(from.length)}`;
    if (bytes === null) mkdirSync(there, { recursive: true });
    else {
      mkdirSync(dirname(there), { recursive: true });
      writeFileSync(there, bytes);
    }
  }
}
