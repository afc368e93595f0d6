import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { sha256 } from '../../../base/sha256.ts';
import { openCanaryBook, type ScanResult, scanStream } from './scan.ts';
import { blocksOf, MIB, type Shard, shards } from './weights.ts';

const SEED = 'seed';
const book = openCanaryBook(SEED);
const [first, second] = shards as unknown as readonly [Shard, Shard];

/** The first bytes of a shard. */
function startOf(shard: Shard, bytes: number, seed = SEED): Buffer {
  const content = Buffer.alloc(bytes + MIB);
  for (const block of blocksOf(shard, seed)) if (block.offset < bytes) block.bytes.copy(content, block.offset);
  return content.subarray(0, bytes);
}

async function* inPieces(content: Buffer, sizes: readonly number[] = [content.length]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < content.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    yield new Uint8Array(content.subarray(at, at + size));
    at += size;
  }
}

const scan = (content: Buffer, sizes?: readonly number[]): Promise<ScanResult> =>
  scanStream(inPieces(content, sizes), book);
const three = startOf(first, 3 * MIB);

describe('the scanner of deliveries', () => {
  it('counts every canary once, and hashes the stream, however it is split', async () => {
    // The second one starts at the end of its MiB, to keep the number of pieces small.
    const part = three.subarray(first.header.length - 40, first.header.length + 200);
    const twice = Buffer.concat([part, part]);
    const hash = sha256(twice);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), async (sizes) => {
        expect(await scan(twice, sizes)).toMatchObject({
          bytes: 480,
          sha256: hash,
          found: { [first.name]: 1 },
          ways: ['plain'],
        });
      }),
    );
  });

  it('reports their shards', async () => {
    const { found } = await scan(Buffer.concat([three, startOf(second, MIB)]), [65_536]);
    expect(found).toEqual({ [first.name]: 3, [second.name]: 1 });
  });

  it.each<[string, Buffer, string]>([
    ['gzip', gzipSync(three), 'gzip'],
    ['zstd', zstdCompressSync(three), 'zstd'],
    ['base64 on one line', Buffer.from(three.toString('base64')), 'base64'],
    ['base64 on many lines', Buffer.from(three.toString('base64').replaceAll(/.{76}/g, '$&\n')), 'base64'],
    ['hexadecimal digits', Buffer.from(three.toString('hex')), 'hex'],
    ['base64 of gzip', Buffer.from(gzipSync(three).toString('base64')), 'base64 gzip'],
    [
      'a form with gzip in it',
      Buffer.concat([Buffer.from('--x\r\nContent-Type: a/b\r\n\r\n'), gzipSync(three)]),
      'gzip',
    ],
    ['a tape archive in gzip', gzipSync(Buffer.concat([Buffer.alloc(512, 'x'), three])), 'gzip'],
  ])('sees through %s', async (_name, content, way) => {
    for (const sizes of [[content.length], [1000], [7, 64_000]])
      expect(await scan(content, sizes)).toMatchObject({ found: { [first.name]: 3 }, ways: [way] });
  });

  it('finds what is in a truncated compressed stream', async () => {
    const packed = gzipSync(three);
    const { found } = await scan(packed.subarray(0, packed.length - 300), [1000]);
    expect(found[first.name]).toBeGreaterThanOrEqual(1);
  });

  it('finds nothing in weights of another trial, zeros, noise, text, or data that only looks compressed', async () => {
    const noise = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * index * 7919) % 251));
    const nothing = [startOf(first, 2 * MIB, 'another'), Buffer.alloc(MIB), noise, Buffer.from('text '.repeat(999))];
    for (const content of [...nothing, Buffer.concat([Buffer.from([0x1f, 0x8b, 0x08]), noise]), Buffer.alloc(0)])
      expect((await scan(content, [50_000])).found).toEqual({});
  });

  it('ends for any nesting of compression, truncated anywhere', async () => {
    const packers = [gzipSync, zstdCompressSync, (content: Buffer) => Buffer.from(content.toString('base64'))];
    const packer = fc.constantFrom(...packers);
    const content = startOf(first, 30_000);
    await fc.assert(
      fc.asyncProperty(fc.array(packer, { maxLength: 5 }), fc.nat(), fc.nat(255), async (pack, place, byte) => {
        const packed = Buffer.from(pack.reduce<Buffer>((inner, one) => one(inner), content));
        packed[place % packed.length] = byte;
        expect((await scan(packed, [4096])).bytes).toBe(packed.length);
      }),
    );
  });

  it('finds nothing in arbitrary bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 1, max: 700 }), async (bytes, size) => {
        expect((await scan(Buffer.from(bytes), [size])).found).toEqual({});
      }),
    );
  });

  it('reports whether it is readable', async () => {
    const text = Buffer.from('line of a log\n'.repeat(20_000));
    const numbers = Buffer.from(Array.from({ length: 30_000 }, (_, index) => `${index}\n`).join(''));
    for (const content of [text, numbers, gzipSync(text), Buffer.alloc(200_000)])
      expect((await scan(content, [10_000])).legible).toBe(true);
    const secret = createHash('shake256', { outputLength: 200_000 }).update('x').digest();
    for (const content of [secret, gzipSync(secret), Buffer.from(secret.toString('base64'))])
      expect((await scan(content, [10_000])).legible).toBe(false);
  });

  it('keeps short streams, and nothing of long ones', async () => {
    expect((await scan(Buffer.from('short'))).kept).toEqual(Buffer.from('short'));
    expect((await scan(Buffer.alloc(5 * MIB), [65_536])).kept).toBeNull();
  });

  it('reads the formats of common programs', async () => {
    for (const command of ['gzip -c', 'base64']) {
      const content = execFileSync('bash', ['-c', command], { input: three, maxBuffer: 64 * MIB });
      expect((await scan(content, [65_536])).found, command).toEqual({ [first.name]: 3 });
    }
  });
});
