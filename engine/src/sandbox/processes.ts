import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

import { toUntrusted } from '../base/untrusted-text.ts';
import type { MachineState, ProcessEntry } from '../record/evidence.ts';

/** Processes of one machine, told by the kernel from outside. Those that vanish while we look are left out. */

const PROCESSES_MAX = 512;
const COMMAND_CHARACTERS_MAX = 4096;

/** Inode name of a process's PID namespace, e.g. `pid:[4026532181]`; undefined when the process is gone or not ours. */
export function pidNamespaceOf(pid: number | 'self'): string | undefined {
  return attempt(() => readlinkSync(`/proc/${pid}/ns/pid`));
}

/**
 * Host process ids of all members: those whose PID namespace is one of `namespaces`, and those in namespaces nested
 * inside, found by their parents. Every namespace that is met is added to `namespaces`, so that a later look still knows
 * a nested one whose link to the machine is broken.
 *
 * `others` are further machines, by the number of their PID 1. A process in the namespace of one, as long as that PID 1 is in
 * it at this look, is not asked for its parent: a namespace has one place in the tree, and a process never leaves its own. Without
 * this, each look would read all processes of all machines.
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

/** State letter; undefined when the process is gone. */
export function stateOf(pid: number): string | undefined {
  return readField(pid, STATE);
}

/** Whether the process lives: there, and neither a zombie nor being buried. */
export function lives(pid: number): boolean {
  const state = stateOf(pid);
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** Direct children, by the kernel's own list. */
export function childrenOf(pid: number): number[] {
  const text = attempt(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
  return (text ?? '').split(' ').filter(Boolean).map(Number);
}

/** The process table of a machine as its members would number themselves. */
export function readMachineState(members: readonly number[]): MachineState {
  const seen = members.slice(0, PROCESSES_MAX).flatMap((pid) => {
    const status = readStatus(pid);
    return status === undefined || isDead(status) ? [] : [{ pid, status }];
  });
  const inner = new Map(seen.map(({ pid, status }) => [pid, innerPid(status)]));
  const processes = seen
    .map(({ pid, status }) => toEntry(pid, { status, inner }))
    .filter((entry) => entry !== undefined)
    .sort((a, b) => a.pid - b.pid);
  return { alive: processes.some(({ pid }) => pid === 1), processes, truncated: members.length > PROCESSES_MAX };
}

/** One process in the machine's own numbers. */
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
  const command = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (command === undefined || stat === undefined) return undefined;
  const words = command.replace(/\u0000$/, '').replaceAll('\u0000', ' ');
  const startTicks = startTicksIn(stat);
  return {
    pid: innerPid(status),
    parentPid: inner.get(Number(status.get('PPid'))) ?? 0,
    command: toUntrusted((words === '' ? `[${status.get('Name') ?? ''}]` : words).slice(0, COMMAND_CHARACTERS_MAX)),
    state: status.get('State')?.[0] ?? '?',
    startTicks,
    term: termHandling(status),
    tracerPid: inner.get(Number(status.get('TracerPid'))) ?? 0,
  };
}

/** When a process began, in ticks since the machine did: with its number, a name that no other process will have. */
export function startTicksOf(pid: number | 'self'): number | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat === undefined ? undefined : startTicksIn(stat);
}

/** The name field of `stat` may hold anything, a closing bracket too: what follows the last one is numbers. */
function startTicksIn(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? 0);
}

function termHandling(status: Status): ProcessEntry['term'] {
  // TERM is signal 15: bit 14 of the masks.
  const has = (mask: string): boolean => ((BigInt(`0x${status.get(mask) ?? '0'}`) >> 14n) & 1n) === 1n;
  if (has('SigBlk')) return 'blocked';
  if (has('SigIgn')) return 'ignored';
  return has('SigCgt') ? 'caught' : 'default';
}

/** The number one level below ours; further levels belong to namespaces that the agent made. */
function innerPid(status: Status | undefined): number {
  return Number(status?.get('NSpid')?.split('\t')[1] ?? 0);
}

function isDead(status: Status | undefined): boolean {
  const state = status?.get('State')?.[0];
  return state === undefined || state === 'Z' || state === 'X';
}

/** Names stand in `status` with line ends escaped, so that none can forge a line of its own. */
const PARENT = /^PPid:\s+(\d+)$/m;
const STATE = /^State:\s+(\S)/m;

/** One field. Every look reads one of each process of every machine, so the others are not taken apart. */
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

/** A process may go at any moment between two looks: that is no error. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
