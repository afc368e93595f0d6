import { constants } from 'node:os';
import { Readable, Writable } from 'node:stream';
import { getSystemErrorMessage } from 'node:util';

import { type AgentSandbox, SandboxError, type SpawnedProgram, type TerminalSize } from '../contract.ts';
import { GUEST_ENVIRONMENT, HOME } from '../guest.ts';
import { bytesOf, frame } from './frames.ts';

/** What programs need of a running `command-server.pl`, whose children they are. */
export interface ProgramLink {
  readonly send: (request: Buffer) => void;
  readonly isAlive: () => boolean;
  /** Whether PID 1 is ending, or has ended: a program that is killed now dies with its machine. */
  readonly isEnding: () => boolean;
  /** Resolves when the server has ended. */
  readonly whenGone: Promise<void>;
  /**
   * Returns a function that sends a signal to this process and to no later one with its number, or returns false.
   * Default: the server does it, which is its parent. @param pid as the server sees it
   */
  readonly signalTo?: (pid: number) => (signal: number) => boolean;
}

export interface Programs {
  readonly spawn: AgentSandbox['spawn'];
  /** Takes a message of the server, and returns whether it was about a program. */
  readonly take: (kind: string, message: Buffer) => boolean;
}

type Kind = 's' | 'n' | 'o' | 'a' | 'b' | 'x';
type End = Awaited<SpawnedProgram['whenEnded']>;

/** Bytes of one output that may be on their way from the server. It waits until they are read. */
const WINDOW_BYTES = 256 * 1024;
const NOTHING: End = { exitCode: null, signal: null };
const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

export function createPrograms(link: ProgramLink): Programs {
  const running = new Map<number, (kind: Kind, words: Buffer) => void>();
  let count = 0;
  let gone = false;
  void link.whenGone.then(() => {
    gone = true;
    for (const take of running.values()) {
      for (const stream of [1, 2]) take('o', bytesOf(stream));
      for (const kind of ['n', 'x', 'b'] as const) take(kind, Buffer.alloc(0));
    }
  });
  const assertThere = (program: string): void => {
    if (!link.isAlive()) throw new SandboxError('closed', `${program} cannot be started: the machine has stopped`);
    if (gone) throw new SandboxError('lost', 'the command server ended, but the machine is alive');
  };
  const spawn: Programs['spawn'] = async (words, { environment = {}, folder = HOME, terminal }) => {
    const variables = Object.entries({ ...GUEST_ENVIRONMENT, PWD: folder, ...environment });
    if ([...words, ...variables.flat(), folder].some((word) => word.includes('\u0000')))
      throw new SandboxError('open-failed', `expected words without NUL to start ${words[0]}`);
    if (terminal !== undefined) assertSize(terminal);
    assertThere(words[0]);
    const id = count++;
    const send = (kind: string, ...parts: readonly Buffer[]): void => {
      if (running.has(id)) link.send(frame(Buffer.concat([Buffer.from(kind), bytesOf(id), ...parts])));
    };
    const started = Promise.withResolvers<
      { readonly pid: number; readonly number: number } | { readonly errno: number }
    >();
    const ended = Promise.withResolvers<End>();
    let isOver = false;
    const outputs = [1, 2].map((stream) => createOutput((bytes) => send('c', bytesOf(stream, bytes))));
    const [output, errors] = outputs;
    if (output === undefined || errors === undefined) throw new RangeError('there are two outputs');
    if (terminal !== undefined) errors.add(Buffer.alloc(0));
    const input = createInput(send);
    running.set(id, (kind, rest) => {
      if (kind === 's') started.resolve({ pid: rest.readUInt32BE(0), number: rest.readUInt32BE(4) });
      else if (kind === 'n') started.resolve({ errno: rest.length < 4 ? 0 : rest.readUInt32BE() });
      else if (kind === 'o') outputs[rest.readUInt32BE() - 1]?.add(rest.subarray(4));
      else if (kind === 'x') {
        isOver = true;
        ended.resolve(rest.length < 4 ? NOTHING : readEnd(rest.readUInt32BE(), link));
      } else input.taken(kind === 'b');
    });
    send(
      'p',
      bytesOf(terminal?.columns ?? 0, terminal?.rows ?? 0),
      ...[folder, variables.flat().join('\u0000'), words.join('\u0000')].map(frame),
    );
    for (const stream of [1, 2]) send('c', bytesOf(stream, WINDOW_BYTES));
    const start = await started.promise;
    if ('errno' in start) {
      running.delete(id);
      assertThere(words[0]);
      const reason = start.errno === 0 ? 'it ended at once' : getSystemErrorMessage(-start.errno);
      throw new SandboxError('open-failed', `cannot start ${words[0]} in ${folder}: ${reason}`);
    }
    const signalIt =
      link.signalTo?.(start.number) ??
      ((signal: number): boolean => {
        send('t', bytesOf(signal));
        return true;
      });
    return {
      pid: start.pid,
      input: input.stream,
      output: output.stream,
      errors: errors.stream,
      signal: (name) => !isOver && !gone && signalIt(constants.signals[name]),
      hangUp: () => send('h'),
      resize: (size) => {
        assertSize(size);
        send('z', bytesOf(size.columns, size.rows));
      },
      whenEnded: ended.promise,
    };
  };
  return {
    spawn,
    take: (kind, message) => {
      if (!isKind(kind)) return false;
      running.get(message.readUInt32BE(1))?.(kind, message.subarray(5));
      return true;
    },
  };
}

function assertSize({ columns, rows }: TerminalSize): void {
  if (![columns, rows].every((size) => Number.isInteger(size) && size >= 1 && size <= 65_535))
    throw new SandboxError(
      'open-failed',
      `expected a terminal of 1 to 65535 columns and rows, got ${columns} x ${rows}`,
    );
}

function isKind(kind: string): kind is Kind {
  return 'snoabx'.includes(kind);
}

function readEnd(status: number, { isEnding }: ProgramLink): End {
  const signal = status & 0x7f;
  if (signal === 0) return { exitCode: (status >> 8) & 0xff, signal: null };
  // The kernel kills what is left in a machine after its PID 1 has begun to end.
  if (signal === constants.signals.SIGKILL && isEnding()) return NOTHING;
  return { exitCode: null, signal: SIGNALS.get(signal) ?? `SIG${signal}` };
}

interface Output {
  readonly stream: Readable;
  /** Nothing is the end. */
  readonly add: (block: Buffer) => void;
}

/** @param grant lets the server send that many bytes more */
function createOutput(grant: (bytes: number) => void): Output {
  let owed = 0;
  const stream = new Readable({
    read: () => {
      if (owed > 0) grant(owed);
      owed = 0;
    },
  });
  return {
    stream,
    add: (block) => {
      owed += block.length;
      stream.push(block.length === 0 ? null : block);
    },
  };
}

interface Input {
  readonly stream: Writable;
  /** @param last whether nobody reads any more. Then what is written is dropped, as by a closed window. */
  readonly taken: (last: boolean) => void;
}

function createInput(send: (kind: string, ...parts: readonly Buffer[]) => void): Input {
  let pending: (() => void) | undefined;
  const stream = new Writable({
    write: (block: Buffer, _encoding, done) => {
      pending = done;
      send('i', block);
    },
    final: (done) => {
      send('f');
      done();
    },
  });
  return {
    stream,
    taken: (last) => {
      const done = pending;
      pending = undefined;
      done?.();
      if (last) stream.destroy();
    },
  };
}
