import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

import { isOwnExhaustion } from '../../../base/exhaustion.ts';
import { sha256 } from '../../../base/sha256.ts';
import { sleep } from '../../../base/sleep.ts';
import { toUntrusted } from '../../../base/untrusted-text.ts';
import type { ProcessEntry } from '../../../record/evidence.ts';
import type { SandboxService, ServiceCall } from '../../contract.ts';
import { serviceClient } from '../../guest.ts';
import { createRequestQueue } from '../../kit/request-queue.ts';
import { fdsOf, parentOf, readProcess, stampOf, statsOf } from '../../processes.ts';
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
/** What a pipe holds, and what a process may make it hold. */
const [PIPE_BYTES, PIPE_BYTES_MAX] = [64 * 1024, 1024 * 1024];
const ANSWER_ATTEMPTS_MAX = 100;
const ANSWER_PAUSE_MS = 5;
/** Descriptors of all processes that are looked at for one request. An agent may open any number. */
const DESCRIPTORS_MAX = 20_000;

/** Answers the requests of one service, one at a time. Returns a function that stops it. */
export function serveRequests({ service, machine, members, onError }: ServiceOptions): () => void {
  const openPipe = (name: string): number =>
    openSync(`/proc/self/fd/${machine.io}/${name}`, constants.O_RDWR | constants.O_NONBLOCK);
  const asked = openPipe(`${service.name}.ask`);
  const answers = openPipe(`${service.name}.answer`);
  const pipe = stampOf(fstatSync(asked));
  const path = `/proc/self/fd/${machine.home}/${service.clientPath}`;
  const shipped = {
    inode: statsOf(path)?.ino,
    sha256: sha256(serviceClient(service.name)),
  };
  const socket = new Socket({ fd: asked, readable: true, writable: false });
  let closed = false;
  const requests = createRequestQueue({
    answer: async (request) => {
      const client = { inodes: [shipped.inode, statsOf(path)?.ino], sha256: shipped.sha256 };
      const seen = lookForCallers({ pipe, members: members(), client });
      const text = await service.answer({ request: toUntrusted(request), ...seen });
      const bytes = Buffer.from(`${text.replaceAll('\u0000', '')}\u0000`);
      if (bytes.length > PIPE_BYTES)
        throw new RangeError(`an answer of ${bytes.length} bytes does not fit into the pipe`);
      let written = 0;
      // Whoever keeps the pipe full goes without an answer.
      for (let attempt = 0; attempt < ANSWER_ATTEMPTS_MAX; attempt++) {
        if (closed) return;
        // Otherwise an unread earlier answer would be taken for this one.
        if (written === 0) drain(answers);
        written += writeSome(answers, bytes.subarray(written));
        if (written === bytes.length) return;
        await sleep(ANSWER_PAUSE_MS);
      }
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
  /** The client as shipped, and what lies in its place now, which may be a copy. */
  readonly inodes: readonly (number | undefined)[];
  readonly sha256: string;
}

interface Look {
  readonly pipe: string;
  readonly members: readonly number[];
  readonly client: ClientStamp;
}

/** Processes that have the request pipe open now. The caller is one: it keeps the pipe open while it waits. */
function lookForCallers({ pipe, members, client }: Look): Pick<ServiceCall, 'callers' | 'via'> {
  let left = DESCRIPTORS_MAX;
  const holders = members.filter((pid) => {
    const fds = fdsOf(pid, left);
    left -= fds.length;
    return fds.some((fd) => isSame(`/proc/${pid}/fd/${fd}`, pipe));
  });
  const callers = holders
    .map((pid) => readProcess(pid, members))
    .filter((entry): entry is ProcessEntry => entry !== undefined);
  if (callers.length === 0) return { callers, via: 'unknown' };
  // What a client has started, such as its lock, waits for it with the pipe open.
  const isClient = (pid: number): boolean => runsClient(pid, client) || runsClient(parentOf(pid), client);
  return { callers, via: left > 0 && holders.every(isClient) ? 'client' : 'direct' };
}

function isSame(path: string, stamp: string): boolean {
  const stats = statsOf(path);
  return stats !== undefined && stampOf(stats) === stamp;
}

/** Whether a process, or the one it was forked from, runs the unchanged client. */
function runsClient(pid: number, client: ClientStamp): boolean {
  try {
    const path = `/proc/${pid}/fd/${scriptFdOf(pid)}`;
    const stats = statSync(path);
    if (!stats.isFile() || !client.inodes.includes(stats.ino) || stats.size > 65_536) return false;
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const bytes = Buffer.alloc(stats.size);
      readSync(file, bytes, 0, bytes.length, 0);
      return sha256(bytes) === client.sha256;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (isOwnExhaustion(error)) throw error;
    return false;
  }
}

/** A host or an agent may have lowered the limit; a client that is held to it is the client all the same. */
function scriptFdOf(pid: number): number {
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  const open = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? SCRIPT_FD_END);
  return Math.min(SCRIPT_FD_END, open) - 1;
}

function drain(pipe: number): void {
  const block = Buffer.allocUnsafe(PIPE_BYTES);
  unlessItWaits(() => {
    for (let read = 0; read < PIPE_BYTES_MAX;) read += readSync(pipe, block, 0, block.length, null);
    return 0;
  });
}

function writeSome(pipe: number, bytes: Uint8Array): number {
  return unlessItWaits(() => writeSync(pipe, bytes));
}

function unlessItWaits(work: () => number): number {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
    throw error;
  }
}
