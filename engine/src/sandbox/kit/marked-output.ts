import type { Portion } from './run-result.ts';

/** A portion that ended with a mark. */
export interface MarkedPortion extends Portion {
  /** The word after the token in the mark. */
  readonly word: string;
}

/**
 * Splits one output stream of many commands at marks: NUL token SPACE word NUL. Bytes beyond the limit of a portion are
 * counted and discarded, so that memory does not grow with the output of the agent.
 */
export interface MarkedOutput {
  readonly add: (block: Buffer) => void;
  /** Resolves with the output before the mark. */
  readonly readTo: (token: string, bytesMax: number) => Promise<MarkedPortion>;
  /** Takes the output so far, for a machine that died and will not write a mark. */
  readonly takeRest: (bytesMax: number) => Portion;
  /** Returns the output so far without taking it. */
  readonly peek: () => string;
}

interface Wanted {
  readonly mark: Buffer;
  readonly bytesMax: number;
  readonly resolve: (portion: MarkedPortion) => void;
}

const WORD_BYTES_MAX = 16;
/** Output of background processes that is kept between two commands. The rest is only counted. */
const BETWEEN_COMMANDS_BYTES_MAX = 64 * 1024;

/** @param bytesMax bytes kept while no reader waits for a mark */
export function createMarkedOutput(bytesMax = BETWEEN_COMMANDS_BYTES_MAX): MarkedOutput {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let bytes = 0;
  let limit = bytesMax;
  // May hold the beginning of a mark: a mark can arrive in several chunks.
  let tail: Buffer = Buffer.alloc(0);
  let wanted: Wanted | undefined;

  const keep = (block: Buffer): void => {
    bytes += block.length;
    const room = Math.min(limit - keptBytes, block.length);
    if (room <= 0) return;
    kept.push(block.subarray(0, room));
    keptBytes += room;
  };
  const take = (most: number): Portion => {
    const all = Buffer.concat(kept).subarray(0, most);
    const portion = { text: all.toString('utf8'), bytes, truncated: bytes > all.length };
    kept = [];
    keptBytes = 0;
    bytes = 0;
    return portion;
  };
  const add = (block: Buffer): void => {
    if (wanted === undefined) return keep(block);
    const all = Buffer.concat([tail, block]);
    const { mark, resolve } = wanted;
    const at = all.indexOf(mark);
    const end = at < 0 ? -1 : all.indexOf(0, at + mark.length);
    if (end < 0) {
      const hold = at < 0 ? Math.min(all.length, mark.length - 1) : all.length - at;
      keep(all.subarray(0, all.length - hold));
      tail = all.subarray(all.length - hold);
      return;
    }
    keep(all.subarray(0, at));
    const word = all.subarray(at + mark.length, Math.min(end, at + mark.length + WORD_BYTES_MAX)).toString('latin1');
    resolve({ ...take(wanted.bytesMax), word });
    wanted = undefined;
    limit = bytesMax;
    tail = Buffer.alloc(0);
    keep(all.subarray(end + 1));
  };
  return {
    add,
    readTo: (token, most) =>
      new Promise((resolve) => {
        wanted = { mark: Buffer.from(`\u0000${token} `), bytesMax: most, resolve };
        limit = most;
      }),
    takeRest: (most) => {
      wanted = undefined;
      keep(tail);
      tail = Buffer.alloc(0);
      return take(most);
    },
    peek: () => Buffer.concat([...kept, tail]).toString('latin1'),
  };
}
