import { type ClientRequest, type IncomingMessage, request, type RequestOptions } from 'node:http';
import type { Socket } from 'node:net';

import { z } from 'zod';

import { SandboxError } from '../../contract.ts';
import type { DockerAddress } from './address.ts';

/** The parts of the engine's HTTP API that a sandbox needs. Every failure is a `SandboxError`. */
export interface DockerEngine {
  /** Sends JSON and returns JSON; undefined if the answer is empty. */
  readonly call: (method: string, path: string, body?: unknown) => Promise<unknown>;
  /** Resolves when the container has ended; rejects if the engine goes away first, or the signal is aborted. */
  readonly waitFor: (container: string, signal: AbortSignal) => Promise<void>;
  /** Sends bytes and returns the answer of the engine as text. */
  readonly send: (path: string, content: Buffer) => Promise<string>;
  /** Holds the input of a container open until the returned function is called or this process ends. */
  readonly holdInput: (container: string) => Promise<() => void>;
  /** Starts a process in a container. */
  readonly exec: (options: ExecOptions) => Promise<ExecStream>;
}

export interface ExecOptions {
  readonly container: string;
  readonly user: string;
  readonly command: readonly string[];
  /** After this time the stream is closed and has `ended`. Default: it lasts as long as its process. */
  readonly msMax?: number;
}

/** A process in a container. Its output is passed on as it arrives, before `ended` resolves. */
export interface ExecStream {
  readonly socket: Socket;
  readonly onOutput: (take: (fd: 1 | 2, block: Buffer) => void) => void;
  /** Resolves when the stream has ended, even if the process still runs. */
  readonly ended: Promise<void>;
  readonly exitCode: () => Promise<number | null>;
}

/** Limit for answers of the engine, not for output of the agent. A longer answer is an error. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const FRAME_HEADER_BYTES = 8;
/** A stopped engine accepts requests but never answers them. */
const ANSWER_MS_MAX = 30_000;
/** A build may have to download the base image. */
const BUILD_MS_MAX = 1_800_000;

/** The engine answered with an error. */
export class DockerRefusal extends SandboxError {
  constructor(message: string) {
    super('lost', message);
  }
}

interface Question {
  readonly content?: Buffer;
  /** Milliseconds to wait for the answer; null to wait without a limit. */
  readonly msMax?: number | null;
}

export function connectDocker({ options: address }: DockerAddress): DockerEngine {
  const ask = (
    options: RequestOptions,
    { content, msMax = ANSWER_MS_MAX }: Question,
  ): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const asked = request({ ...options, ...address }, (answer) => {
        readAll(answer).then((text) => resolve({ status: answer.statusCode ?? 0, text }), reject);
      });
      const timer = giveUpAfter(msMax, asked);
      asked.once('error', reject);
      asked.once('close', () => clearTimeout(timer));
      asked.end(content);
    });
  const askWell = async (options: RequestOptions, question: Question = {}): Promise<string> => {
    const what = `${options.method ?? ''} ${String(options.path).split('?')[0] ?? ''}`;
    const { status, text } = await ask(options, question).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new SandboxError('lost', `the Docker engine does not answer (${what}: ${reason})`, { cause: error });
    });
    if (status >= 400) throw new DockerRefusal(`the Docker engine refused ${what} (${status}): ${text.trim()}`);
    return text;
  };
  const call: DockerEngine['call'] = async (method, path, body) => {
    const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = { 'content-type': 'application/json' };
    const text = await askWell({ method, path, headers }, content === undefined ? {} : { content });
    return text.trim() === '' ? undefined : parseAnswer(text);
  };
  return {
    call,
    waitFor: async (container, signal) => {
      await askWell({ method: 'POST', path: `/containers/${container}/wait`, signal }, { msMax: null });
    },
    holdInput: async (container) => {
      const { socket } = await upgrade({ ...address, path: `/containers/${container}/attach?stream=1&stdin=1` }, '');
      socket.on('error', () => undefined);
      socket.resume();
      return () => socket.destroy();
    },
    send: (path, content) =>
      askWell(
        { method: 'POST', path, headers: { 'content-type': 'application/x-tar' } },
        { content, msMax: BUILD_MS_MAX },
      ),
    exec: async ({ container, user, command, msMax = null }) => {
      const attach = { AttachStdin: true, AttachStdout: true, AttachStderr: true };
      const created = await call('POST', `/containers/${container}/exec`, { ...attach, User: user, Cmd: command });
      const { Id: id } = z.object({ Id: z.string() }).parse(created);
      const { socket, head } = await upgrade({ ...address, path: `/exec/${id}/start` }, '{"Detach":false,"Tty":false}');
      const timer = msMax === null ? undefined : setTimeout(() => socket.destroy(), msMax);
      socket.once('close', () => clearTimeout(timer));
      return {
        ...demultiplex(socket, head),
        socket,
        exitCode: async () => {
          const seen = await call('GET', `/exec/${id}/json`);
          return z.object({ ExitCode: z.number().nullable() }).parse(seen).ExitCode;
        },
      };
    },
  };
}

function giveUpAfter(ms: number | null, asked: ClientRequest): NodeJS.Timeout | undefined {
  if (ms === null) return undefined;
  return setTimeout(() => asked.destroy(new Error(`no answer within ${ms / 1000} seconds`)), ms);
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SandboxError('lost', 'the answer of the Docker engine is not JSON', { cause: error });
  }
}

function readAll(answer: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const blocks: Buffer[] = [];
    let bytes = 0;
    answer.on('data', (block: Buffer) => {
      bytes += block.length;
      if (bytes > ANSWER_BYTES_MAX)
        answer.destroy(new RangeError(`the answer is longer than ${ANSWER_BYTES_MAX} bytes`));
      else blocks.push(block);
    });
    answer.once('end', () => resolve(Buffer.concat(blocks).toString('utf8')));
    answer.once('error', reject);
    answer.once('close', () => reject(new Error('the answer broke off')));
  });
}

/** Upgrades the connection to a pipe to a process. */
function upgrade(options: RequestOptions, body: string): Promise<{ readonly socket: Socket; readonly head: Buffer }> {
  return new Promise((resolve, reject) => {
    const refuse = (reason: string, cause?: unknown): void =>
      reject(new SandboxError('lost', `the Docker engine did not connect to a process (${reason})`, { cause }));
    const headers = { 'content-type': 'application/json', connection: 'Upgrade', upgrade: 'tcp' };
    const asked = request({ ...options, method: 'POST', path: options.path ?? '', headers });
    const timer = giveUpAfter(ANSWER_MS_MAX, asked);
    asked.once('upgrade', (_answer, socket, head) => {
      clearTimeout(timer);
      resolve({ socket, head });
    });
    asked.once('close', () => clearTimeout(timer));
    asked.once('response', (answer) => {
      readAll(answer).then((text) => refuse(`${answer.statusCode ?? 0}: ${text.trim()}`), refuse);
    });
    asked.once('error', (error) => refuse(error.message, error));
    asked.end(body);
  });
}

/** Output comes in frames: stream number, three zeros, length, content. */
function demultiplex(socket: Socket, head: Buffer): Pick<ExecStream, 'onOutput' | 'ended'> {
  return {
    ended: new Promise((resolve) => {
      socket.once('close', () => resolve());
      socket.on('error', () => undefined);
    }),
    onOutput: (take) => {
      let header = Buffer.alloc(0);
      let left = 0;
      let fd: 1 | 2 = 1;
      const read = (block: Buffer): void => {
        let at = 0;
        while (at < block.length) {
          if (left === 0) {
            const part = block.subarray(at, at + FRAME_HEADER_BYTES - header.length);
            header = Buffer.concat([header, part]);
            at += part.length;
            if (header.length < FRAME_HEADER_BYTES) return;
            fd = header[0] === 2 ? 2 : 1;
            left = header.readUInt32BE(4);
            header = Buffer.alloc(0);
          }
          const content = block.subarray(at, at + left);
          if (content.length > 0) take(fd, content);
          at += content.length;
          left -= content.length;
        }
      };
      read(head);
      socket.on('data', read);
    },
  };
}
