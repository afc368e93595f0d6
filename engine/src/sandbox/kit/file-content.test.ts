import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { SandboxError, type SparseContent } from '../contract.ts';
import { assertFiles, toBytes, toPages } from './file-content.ts';

const sparse: fc.Arbitrary<SparseContent> = fc.integer({ min: 1, max: 20_000 }).chain((sizeBytes) =>
  fc.record({
    sizeBytes: fc.constant(sizeBytes),
    blocks: fc.array(
      fc.record({ offset: fc.nat(sizeBytes - 1), bytes: fc.uint8Array({ maxLength: 9000 }) }).map((block) => ({
        ...block,
        bytes: block.bytes.subarray(0, sizeBytes - block.offset),
      })),
      { maxLength: 8 },
    ),
  }),
);

describe('the pages of a sparse file', () => {
  it('contain exactly its blocks, in order and without duplicates', () => {
    fc.assert(
      fc.property(sparse, (content) => {
        const pages = toPages(content);
        expect(Buffer.from(toBytes({ ...content, blocks: pages })).equals(toBytes(content))).toBe(true);
        expect(pages.map(({ offset }) => offset)).toEqual(
          [...new Set(pages.map(({ offset }) => offset))].toSorted((a, b) => a - b),
        );
        for (const { offset } of pages) expect(offset % 4096).toBe(0);
      }),
    );
  });

  it('include only pages with a block', () => {
    const one = { offset: 1024 * 1024 * 1024 - 1, bytes: Buffer.from('z') };
    const pages = toPages({ sizeBytes: 1024 * 1024 * 1024, blocks: [one] });
    expect(pages).toHaveLength(1);
  });
});

describe('a sparse file', () => {
  it.for([
    [10, 8, 3],
    [10, -1, 1],
    [10, 0.5, 1],
    [-1, 0, 0],
  ])('of %d bytes is refused with a block at %d of %d bytes', ([sizeBytes = 0, offset = 0, length = 0]) => {
    const content = { sizeBytes, blocks: [{ offset, bytes: new Uint8Array(length) }] };
    expect(() => assertFiles([{ path: 'weights', content, mode: 0o644 }])).toThrow(SandboxError);
  });
});
