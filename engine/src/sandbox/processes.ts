import {
  closeSync,
  opendirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';

import { isExhausted } from '../base/exhaustion.ts';
import { toUntrusted } from '../base/untrusted-text.ts';
import type { MachineState, ProcessEntry } from '../record/evidence.ts';

/** Reads the processes of one machine from the host's `/proc`. Processes that vanish during a read are left out. */

const PROCESSES_MAX = 512;
const COMMAND_CHARACTERS_MAX = 4096;

/** Inode name of a process's PID namespace, e.g. `pid:[4026532181]`; undefined if the process is gone or not ours. */
export function pidNamespaceOf(pid: number | 'self'): string | undefined {
  return attempt(() => readlinkSync(`/proc/${pid}/ns/pid`));
}

/**
 * Host process ids of all members: processes whose PID namespace is one of `namespaces`, and those in nested namespaces,
 * found through their parents. Every namespace found is added to `namespaces`, so that a later call still finds a nested
 * one whose link to the machine is broken.
 *
 * `others` maps the PID 1 of other machines to their namespaces. While that PID 1 is in its namespace, the parents of the
 * processes in it are not read: a namespace has one place in the tree, and a process never leaves its namespace. Without
 * this, each call would read all processes of all machines.
 */
export function listMembers(namespaces: Set<string>, others: ReadonlyMap<number, string> = new Map()): number[] {
  const own = pidNamespaceOf('self');
  const members = new Set<number>();
  const foreign: { readonly pid: number; readonly namespace: string }[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const namespace = pidNamespaceOf(pid);
    if (namespace === undefined || namespace === own) continue;
    if (namespaces.has(namespace)) members.add(pid);
    else foreign.push({ pid, namespace });
  }
  const elsewhere = new Set(
    foreign.filter(({ pid, namespace }) => others.get(pid) === namespace).map((one) => one.namespace),
  );
  const candidates = foreign.filter(({ namespace }) => !elsewhere.has(namespace));
  let found = true;
  while (found && members.size > 0) {
    found = false;
    for (const { pid, namespace } of candidates) {
      if (members.has(pid)) continue;
      const parent = readField(pid, PARENT);
      if (!namespaces.has(namespace) && !(parent !== undefined && members.has(Number(parent)))) continue;
      namespaces.add(namespace);
      members.add(pid);
      found = true;
    }
  }
  return [...members].filter(lives);
}

/** State letter; undefined if the process is gone. */
export function stateOf(pid: number): string | undefined {
  return readField(pid, STATE);
}

/**
 * Whether the process is stopped, or about to be: STOP cannot be blocked, but on a busy machine it takes effect only when
 * the process runs next.
 */
export function isStopped(pid: number): boolean {
  const status = readStatus(pid);
  return status !== undefined && stateIn(status) === 'T';
}

/** Whether the process is alive: it exists, and is neither a zombie nor dead. */
export function lives(pid: number): boolean {
  const state = stateOf(pid);
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** Whether the process is ending or has ended. The kernel marks it before it kills the rest of its PID namespace. */
export function isEnding(pid: number): boolean {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat === undefined || (Number(fieldsOf(stat)[6] ?? 0) & EXITING) !== 0;
}

const EXITING = 4;

/** Host process id of the parent; 0 if it is outside, or the process is gone. */
export function parentOf(pid: number): number {
  return Number(readField(pid, PARENT) ?? 0);
}

/** Direct children, from the kernel's own list. */
export function childrenOf(pid: number): number[] {
  const text = attempt(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
  return (text ?? '').split(' ').filter(Boolean).map(Number);
}

/**
 * The process table of a machine, with the process ids used inside it.
 *
 * @param watched paths of files and named pipes inside
 */
export function readMachineState(members: readonly number[], watched: readonly string[]): MachineState {
  const seen = members.slice(0, PROCESSES_MAX).flatMap((pid) => {
    const status = readStatus(pid);
    return status === undefined || isDead(status) ? [] : [{ pid, status }];
  });
  const inner = new Map(seen.map(({ pid, status }) => [pid, innerPid(status)]));
  const processes = seen
    .map(({ pid, status }) => toEntry(pid, { status, inner }))
    .filter((entry) => entry !== undefined)
    .sort((a, b) => a.pid - b.pid);
  const held = readHeld(inner, watched);
  return {
    alive: processes.some(({ pid }) => pid === 1),
    processes,
    truncated: members.length > PROCESSES_MAX,
    ...(held !== undefined && { held }),
  };
}

const HANDLES_MAX = 8192;

/**
 * Watched files that a process has open for writing or holds a lease on, and watched pipes that it has open at all.
 * Undefined if this user may not look into the machine, as into a container of a Docker engine.
 */
function readHeld(inner: ReadonlyMap<number, number>, watched: readonly string[]): MachineState['held'] {
  const init = [...inner].find(([, pid]) => pid === 1)?.[0] ?? 0;
  const root = `/proc/${init}/root`;
  if (statsOf(`${root}/.`) === undefined) return undefined;
  const files = new Map(
    watched.flatMap((path) => {
      const stats = statsOf(root + path);
      return stats?.isFile() === true || stats?.isFIFO() === true ? [[stampOf(stats), { path, stats }] as const] : [];
    }),
  );
  if (files.size === 0) return [];
  let left = HANDLES_MAX;
  const handles = [...inner].flatMap(([member, pid]) => {
    const fds = fdsOf(member, left);
    left -= fds.length;
    return fds.map((fd) => ({ member, pid, fd }));
  });
  return handles.flatMap(({ member, pid, fd }): NonNullable<MachineState['held']> => {
    const stats = statsOf(`/proc/${member}/fd/${fd}`);
    const file = stats === undefined ? undefined : files.get(stampOf(stats));
    if (file === undefined || pid < 1) return [];
    const info = attempt(() => readFileSync(`/proc/${member}/fdinfo/${fd}`, 'utf8')) ?? '';
    const access = Number.parseInt(/^flags:\s+(\d+)/m.exec(info)?.[1] ?? '0', 8) & ACCESS_MODE;
    const { path } = file;
    if (file.stats.isFIFO()) return [{ pid, path, how: access === WRITE_ONLY ? 'writes' : 'reads' }];
    if (access !== 0) return [{ pid, path, how: 'writes' }];
    return /^lock:.*\bLEASE\b/m.test(info) ? [{ pid, path, how: 'lease' }] : [];
  });
}

const ACCESS_MODE = 3;
const WRITE_ONLY = 1;

/** Numbers of the open descriptors of a process, at most `most`. */
export function fdsOf(pid: number, most: number): string[] {
  const fds: string[] = [];
  attempt(() => {
    using folder = opendirSync(`/proc/${pid}/fd`);
    for (let fd = folder.readSync(); fd !== null && fds.length < most; fd = folder.readSync()) fds.push(fd.name);
  });
  return fds;
}

export function statsOf(path: string): Stats | undefined {
  return attempt(() => statSync(path));
}

export const stampOf = ({ dev, ino }: Stats): string => `${dev}:${ino}`;

/** One process, with the process ids used inside the machine. */
export function readProcess(pid: number, members: readonly number[]): ProcessEntry | undefined {
  const status = readStatus(pid);
  if (status === undefined) return undefined;
  const inner = new Map(members.map((member) => [member, innerPid(readStatus(member))]));
  return toEntry(pid, { status, inner });
}

type Status = ReadonlyMap<string, string>;

interface EntryContext {
  readonly status: Status;
  readonly inner: ReadonlyMap<number, number>;
}

function toEntry(pid: number, { status, inner }: EntryContext): ProcessEntry | undefined {
  const command = attempt(() => readCommand(pid));
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (command === undefined || stat === undefined) return undefined;
  const words = command.replace(/\u0000$/, '').replaceAll('\u0000', ' ');
  const startTicks = startTicksIn(stat);
  return {
    pid: innerPid(status),
    parentPid: inner.get(Number(status.get('PPid'))) ?? 0,
    command: toUntrusted((words === '' ? `[${status.get('Name') ?? ''}]` : words).slice(0, COMMAND_CHARACTERS_MAX)),
    state: stateIn(status),
    startTicks,
    term: termHandling(status),
    tracerPid: inner.get(Number(status.get('TracerPid'))) ?? 0,
    session: Number(status.get('NSsid')?.split('\t')[1] ?? 0),
  };
}

/** Its arguments may be megabytes. */
function readCommand(pid: number): string {
  const file = openSync(`/proc/${pid}/cmdline`, 'r');
  try {
    const bytes = Buffer.alloc(4 * COMMAND_CHARACTERS_MAX);
    return bytes.toString('utf8', 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

/** Start time of a process in ticks since boot. Together with its pid it identifies the process uniquely. */
export function startTicksOf(pid: number | 'self'): number | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat === undefined ? undefined : startTicksIn(stat);
}

function startTicksIn(stat: string): number {
  return Number(fieldsOf(stat)[19] ?? 0);
}

/** The name field of `stat` may contain anything, even a closing bracket. These are the fields after it. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

const [STOP, TERM] = [19n, 15n];

function hasSignal(status: Status, mask: string, signal: bigint): boolean {
  return ((BigInt(`0x${status.get(mask) ?? '0'}`) >> (signal - 1n)) & 1n) === 1n;
}

/** State letter. A process with a pending STOP counts as stopped. */
function stateIn(status: Status): string {
  const state = status.get('State')?.[0] ?? '?';
  const isPending = hasSignal(status, 'SigPnd', STOP) || hasSignal(status, 'ShdPnd', STOP);
  return isPending && /[RSDI]/.test(state) ? 'T' : state;
}

function termHandling(status: Status): ProcessEntry['term'] {
  const has = (mask: string): boolean => hasSignal(status, mask, TERM);
  if (has('SigBlk')) return 'blocked';
  if (has('SigIgn')) return 'ignored';
  return has('SigCgt') ? 'caught' : 'default';
}

/** The pid one namespace level below ours. Deeper levels belong to namespaces that the agent created. */
function innerPid(status: Status | undefined): number {
  return Number(status?.get('NSpid')?.split('\t')[1] ?? 0);
}

function isDead(status: Status | undefined): boolean {
  const state = status?.get('State')?.[0];
  return state === undefined || state === 'Z' || state === 'X';
}

/** `status` escapes line ends in process names, so that a name cannot forge a line. */
const PARENT = /^PPid:\s+(\d+)$/m;
const STATE = /^State:\s+(\S)/m;

/** Reads one field. Called for every process of every machine, so it does not parse the other fields. */
function readField(pid: number, field: RegExp): string | undefined {
  return field.exec(attempt(() => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '')?.[1];
}

function readStatus(pid: number): Status | undefined {
  const text = attempt(() => readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (text === undefined) return undefined;
  return new Map(
    text.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    }),
  );
}

/** A process may end at any moment, which is not an error. Not being able to look is one: it must not read as an end. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isExhausted(error)) throw error;
    return undefined;
  }
}
