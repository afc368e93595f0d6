/** Messages to and from a command server: each is its length in 32 bits, big-endian, and its content. */

/** A number in 32 bits; a larger one becomes the largest. */
export function bytesOf(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(Math.min(value, 2 ** 32 - 1), 4 * index);
  return bytes;
}

/** A message, or a part of one whose length must be known. */
export function frame(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([bytesOf(bytes.length), bytes]);
}

/** Calls `take` with each whole message. */
export function readFrames(onData: (take: (block: Buffer) => void) => void, take: (message: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  onData((block) => {
    rest = rest.length === 0 ? block : Buffer.concat([rest, block]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
      const end = 4 + rest.readUInt32BE();
      take(rest.subarray(4, end));
      rest = rest.subarray(end);
    }
  });
}
