import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import type { SandboxLimits } from '../../contract.ts';
import { machineMemoryMax } from '../../kit/machine-memory.ts';

/** Limits memory and processes of a machine as a whole. */
export interface ControlGroup {
  /** Moves a process into it, with all that it will start. */
  readonly add: (pid: number | undefined) => Promise<void>;
  /** Resolves when it is gone, or after some attempts: it stays while a process is in it. */
  readonly remove: () => Promise<void>;
}

interface Place {
  readonly version: 1 | 2;
  /** Existing folders in which groups can be made, by controller. Version 2 has one for all. */
  readonly folders: Readonly<Record<string, string>>;
}

const NEEDED = ['memory', 'pids'];
/**
 * Processes of the harness in a machine: bubblewrap, PID 1 and the command servers with their helpers. The rest of the memory, shared by the most processes,
 * must be more than a command server takes: then the kernel, when memory runs out, always finds a larger process to kill.
 */
const OWN_PROCESSES = 16;
const REMOVE_ATTEMPTS_MAX = 50;
const REMOVE_PAUSE_MS = 10;
const PREFIX = 'offswitch-';

const found: { place?: Place | null; groups: number } = { groups: 0 };

/** What limits a machine as a whole here, in words. */
export function describeControlGroups(): string {
  const place = (found.place ??= findPlace());
  if (place === null) return 'none: each process and their number are limited, but not their memory and CPU together';
  const names = NEEDED.filter((name) => place.folders[name] !== undefined);
  return `control groups, version ${place.version}: ${names.join(', ')}`;
}

/** Makes the group of a machine; null where none can be made. */
export async function makeControlGroup(limits: SandboxLimits): Promise<ControlGroup | null> {
  const place = (found.place ??= findPlace());
  if (place === null) return null;
  const name = `${PREFIX}${process.pid}-${++found.groups}`;
  const folders = [...new Set(Object.values(place.folders).map((folder) => join(folder, name)))];
  // Not CPU: command servers, which are in the group, would starve beside a fork bomb, and with them the mechanism.
  const settings = [
    ['memory', place.version === 1 ? 'memory.limit_in_bytes' : 'memory.max', machineMemoryMax(limits)],
    ['pids', 'pids.max', limits.processesMax + OWN_PROCESSES],
  ] as const;
  const remove = async (): Promise<void> => {
    for (const folder of folders) await removeGroup(folder);
  };
  try {
    for (const folder of folders) await mkdir(folder);
    for (const [controller, file, most] of settings)
      await writeFile(join(place.folders[controller] ?? '', name, file), String(most));
  } catch {
    await remove();
    found.place = null;
    return null;
  }
  return {
    add: async (pid) => {
      if (pid === undefined) return;
      await Promise.all(folders.map((folder) => writeFile(join(folder, 'cgroup.procs'), String(pid))));
    },
    remove,
  };
}

async function removeGroup(folder: string): Promise<void> {
  for (let attempt = 1; attempt <= REMOVE_ATTEMPTS_MAX && existsSync(folder); attempt++) {
    const isGone = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!isGone) await pause(REMOVE_PAUSE_MS);
  }
}

/** Null if this process may make no groups that limit memory and processes. */
function findPlace(): Place | null {
  const places = [findVersion2(), findVersion1()];
  const place = places.find((one) => one !== null && NEEDED.every((name) => one.folders[name] !== undefined)) ?? null;
  for (const folder of new Set(Object.values(place?.folders ?? {}))) removeLeftovers(folder);
  return place;
}

/** Groups of processes that were killed are empty, and stay. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = name.startsWith(PREFIX) ? name.slice(PREFIX.length).split('-')[0] : undefined;
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) void rmdir(join(folder, name)).catch(() => undefined);
  }
}

/** The controllers of version 1 have a hierarchy each. A group is made below that of this process. */
function findVersion1(): Place | null {
  const folders: Record<string, string> = {};
  for (const mount of readMounts('cgroup'))
    for (const controller of NEEDED)
      if (mount.options.includes(controller)) {
        const own = ownFolder(mount, (names) => names.includes(controller));
        if (own !== null && isWritable(own)) folders[controller] = own;
      }
  return { version: 1, folders };
}

/**
 * In version 2 a group with processes passes no controllers on. So a group is made beside that of this process, or beside
 * one of its parents: the next that passes controllers on, and that belongs to this user, as below a systemd user manager.
 */
function findVersion2(): Place | null {
  for (const mount of readMounts('cgroup2')) {
    const own = ownFolder(mount, (names) => names.length === 1 && names[0] === '');
    for (let folder = own; folder !== null && folder.startsWith(mount.at); folder = dirname(folder)) {
      const passed = readWords(join(folder, 'cgroup.subtree_control'));
      if (!NEEDED.every((name) => passed.includes(name))) continue;
      if (!isWritable(folder) || !isWritable(join(folder, 'cgroup.procs'))) continue;
      return {
        version: 2,
        folders: Object.fromEntries(NEEDED.filter((name) => passed.includes(name)).map((name) => [name, folder])),
      };
    }
  }
  return null;
}

interface Mount {
  /** The group that is mounted, and where. */
  readonly root: string;
  readonly at: string;
  readonly options: readonly string[];
}

function readMounts(type: string): Mount[] {
  return readLines('/proc/self/mountinfo').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [fileSystem, , options = ''] = after.split(' ');
    const [, , , root = '/', at = ''] = before.split(' ');
    return fileSystem === type ? [{ root, at, options: options.split(',') }] : [];
  });
}

/** The folder of this process's own group; null if it lies outside of what is mounted. */
function ownFolder({ root, at }: Mount, isMine: (controllers: readonly string[]) => boolean): string | null {
  for (const line of readLines('/proc/self/cgroup')) {
    const [, controllers = '', ...path] = line.split(':');
    const own = path.join(':');
    if (!isMine(controllers.split(',')) || !`${own}/`.startsWith(root === '/' ? '/' : `${root}/`)) continue;
    return join(at, root === '/' ? own : own.slice(root.length));
  }
  return null;
}

function readWords(path: string): string[] {
  return readLines(path).flatMap((line) => line.split(' '));
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
