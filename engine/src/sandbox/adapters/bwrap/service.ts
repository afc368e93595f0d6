import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { Socket } from 'node:net';

import { isExhausted } from '../../../base/exhaustion.ts';
import { sha256 } from '../../../base/sha256.ts';
import { toUntrusted } from '../../../base/untrusted-text.ts';
import type { ProcessEntry } from '../../../record/evidence.ts';
import type { SandboxService, ServiceCall } from '../../contract.ts';
import { serviceClient } from '../../guest.ts';
import { createRequestQueue } from '../../kit/request-queue.ts';
import { readProcess } from '../../processes.ts';
import type { Machine } from './launch.ts';

interface ServiceOptions {
  readonly service: SandboxService;
  readonly machine: Machine;
  readonly members: () => number[];
  /** Called if the harness fails to answer a request. */
  readonly onError: (error: unknown) => void;
}

/** The file descriptor on which bash keeps its script open is the last one below this, or below the limit if that is lower. */
const SCRIPT_FD_END = 256;

/** Answers the requests of one service, one at a time. Returns a function that stops it. */
export function serveRequests({ service, machine, members, onError }: ServiceOptions): () => void {
  const openPipe = (name: string): number =>
    openSync(`/proc/self/fd/${machine.io}/${name}`, constants.O_RDWR | constants.O_NONBLOCK);
  const asked = openPipe(`${service.name}.ask`);
  const answers = openPipe(`${service.name}.answer`);
  const { dev, ino } = fstatSync(asked);
  const client = clientStamp(machine, service);
  const socket = new Socket({ fd: asked, readable: true, writable: false });
  let closed = false;
  const requests = createRequestQueue({
    answer: async (request) => {
      const seen = lookForCallers({ pipe: `${dev}:${ino}`, members: members(), client });
      const text = await service.answer({ request: toUntrusted(request), ...seen });
      if (closed) return;
      // Otherwise an unread earlier answer would be taken for this one.
      drain(answers);
      writeAll(answers, `${text.replaceAll('\u0000', '')}\u0000`);
    },
    onError,
  });
  socket.on('error', () => undefined);
  socket.on('data', requests.add);
  return () => {
    if (closed) return;
    closed = true;
    requests.stop();
    socket.destroy();
    closeSync(answers);
  };
}

interface ClientStamp {
  readonly inode: number;
  readonly sha256: string;
}

function clientStamp(machine: Machine, { name, clientPath }: SandboxService): ClientStamp {
  const { ino } = statSync(`/proc/self/fd/${machine.home}/${clientPath}`);
  return { inode: ino, sha256: sha256(serviceClient(name)) };
}

interface Look {
  readonly pipe: string;
  readonly members: readonly number[];
  readonly client: ClientStamp;
}

/** Processes that have the request pipe open now. The caller is one: it keeps the pipe open while it waits. */
function lookForCallers({ pipe, members, client }: Look): Pick<ServiceCall, 'callers' | 'via'> {
  const holders = members.filter((pid) => fdsOf(pid).some((fd) => stampOf(`/proc/${pid}/fd/${fd}`) === pipe));
  const callers = holders
    .map((pid) => readProcess(pid, members))
    .filter((entry): entry is ProcessEntry => entry !== undefined);
  if (callers.length === 0) return { callers, via: 'unknown' };
  return { callers, via: holders.every((pid) => runsClient(pid, client)) ? 'client' : 'direct' };
}

/** Whether a process, or the one it was forked from, runs the unchanged client. */
function runsClient(pid: number, client: ClientStamp): boolean {
  try {
    const path = `/proc/${pid}/fd/${scriptFdOf(pid)}`;
    const stats = statSync(path);
    if (!stats.isFile() || stats.ino !== client.inode || stats.size > 65_536) return false;
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const bytes = Buffer.alloc(stats.size);
      readSync(file, bytes, 0, bytes.length, 0);
      return sha256(bytes) === client.sha256;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (isExhausted(error)) throw error;
    return false;
  }
}

/** A host or an agent may have lowered the limit; a client that is held to it is the client all the same. */
function scriptFdOf(pid: number): number {
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  const open = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? SCRIPT_FD_END);
  return Math.min(SCRIPT_FD_END, open) - 1;
}

function fdsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch (error) {
    if (isExhausted(error)) throw error;
    return [];
  }
}

function stampOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function drain(pipe: number): void {
  const block = Buffer.allocUnsafe(64 * 1024);
  try {
    while (readSync(pipe, block, 0, block.length, null) > 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
  }
}

/** Writes an answer into the pipe, which was just drained and holds 64 KiB. A longer answer is an error. */
function writeAll(pipe: number, text: string): void {
  const bytes = Buffer.from(text);
  const written = writeSync(pipe, bytes);
  if (written !== bytes.length) throw new RangeError(`an answer of ${bytes.length} bytes does not fit into the pipe`);
}
