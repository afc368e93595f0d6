import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';

/** What a stream gave between two marks. */
export interface Portion {
  readonly text: string;
  /** Bytes, also those cut. */
  readonly bytes: number;
  readonly truncated: boolean;
}

/**
 * Reads a pipe that many write to and cuts it at marks: NUL token NUL. The rest of a portion beyond `bytesMax` is counted
 * and thrown away, so that memory does not grow with what the agent prints.
 */
export interface MarkedStream {
  /** What came before the mark. Rejects when the pipe ends first. */
  readonly readTo: (token: string, bytesMax: number) => Promise<Portion>;
  /** What has come so far; for a machine that died and will set no mark. */
  readonly takeRest: (bytesMax: number) => Portion;
  readonly close: () => void;
}

interface Wanted {
  readonly mark: Buffer;
  readonly bytesMax: number;
  readonly resolve: (portion: Portion) => void;
}

/** @param path of a named pipe; opened without waiting for a writer */
export function openMarkedStream(path: string): MarkedStream {
  const socket = new Socket({
    fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
    readable: true,
    writable: false,
  });
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let bytes = 0;
  // The mark may come in pieces: the last bytes are looked at again with the next block.
  let tail: Buffer = Buffer.alloc(0);
  let wanted: Wanted | undefined;
  let limit = Number.MAX_SAFE_INTEGER;

  const keep = (block: Buffer): void => {
    bytes += block.length;
    const room = Math.min(limit - keptBytes, block.length);
    if (room <= 0) return;
    kept.push(block.subarray(0, room));
    keptBytes += room;
  };
  const take = (bytesMax: number): Portion => {
    const all = Buffer.concat(kept).subarray(0, bytesMax);
    const portion = { text: all.toString('utf8'), bytes, truncated: bytes > all.length };
    kept = [];
    keptBytes = 0;
    bytes = 0;
    return portion;
  };
  const look = (block: Buffer): void => {
    const all = Buffer.concat([tail, block]);
    const at = wanted === undefined ? -1 : all.indexOf(wanted.mark);
    if (wanted === undefined || at < 0) {
      const hold = Math.min(all.length, wanted === undefined ? 0 : wanted.mark.length - 1);
      keep(all.subarray(0, all.length - hold));
      tail = all.subarray(all.length - hold);
      return;
    }
    keep(all.subarray(0, at));
    tail = all.subarray(at + wanted.mark.length);
    const { resolve, bytesMax } = wanted;
    wanted = undefined;
    limit = Number.MAX_SAFE_INTEGER;
    resolve(take(bytesMax));
    limit = BETWEEN_COMMANDS_BYTES_MAX;
    const rest = tail;
    tail = Buffer.alloc(0);
    if (rest.length > 0) look(rest);
  };
  limit = BETWEEN_COMMANDS_BYTES_MAX;
  socket.on('data', look);
  // The machine's death ends the pipe; whoever waits is told by the machine, not by the pipe.
  socket.on('error', () => undefined);
  return {
    readTo: (token, bytesMax) =>
      new Promise((resolve) => {
        wanted = { mark: Buffer.from(`\u0000${token}\u0000`), bytesMax, resolve };
        limit = bytesMax;
        look(Buffer.alloc(0));
      }),
    takeRest: (bytesMax) => {
      wanted = undefined;
      keep(tail);
      tail = Buffer.alloc(0);
      return take(bytesMax);
    },
    close: () => socket.destroy(),
  };
}

/** What background processes may print between two commands; the rest is counted only. */
const BETWEEN_COMMANDS_BYTES_MAX = 64 * 1024;
