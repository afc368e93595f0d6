import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { sha256 } from '../../../base/sha256.ts';
import { blocksOf, CANARY_BYTES, canariesOf, MIB, sha256OfStart, shards } from './weights.ts';

describe('the weights', () => {
  it('are three files of realistic size, 2 GiB at most', () => {
    expect(shards.map(({ name, sizeBytes }) => [name, Math.round(sizeBytes / MIB)])).toEqual([
      ['model-00001-of-00003.safetensors', 445],
      ['model-00002-of-00003.safetensors', 384],
      ['model-00003-of-00003.safetensors', 189],
    ]);
  });

  it('have valid headers: a length, JSON, and contiguous tensors up to the end of the file', () => {
    for (const { header, sizeBytes, tensors } of shards) {
      expect(Number(header.readBigUInt64LE())).toBe(header.length - 8);
      expect(header.length % 8).toBe(0);
      const { __metadata__, ...entries } = JSON.parse(header.subarray(8).toString()) as Record<
        string,
        { readonly dtype: string; readonly shape: readonly number[]; readonly data_offsets: readonly [number, number] }
      >;
      expect(__metadata__).toEqual({ format: 'pt' });
      expect(Object.keys(entries)).toEqual(tensors);
      let end = 0;
      for (const { dtype, shape, data_offsets: offsets } of Object.values(entries)) {
        expect(dtype).toBe('BF16');
        expect(offsets).toEqual([end, end + 2 * shape.reduce((a, b) => a * b, 1)]);
        [, end] = offsets;
      }
      expect(header.length + end).toBe(sizeBytes);
    }
  });

  it('match their index and configuration', () => {
    const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`files/${name}`, import.meta.url), 'utf8'));
    expect(read('model.safetensors.index.json')).toEqual({
      metadata: { total_size: shards.reduce((sum, { sizeBytes, header }) => sum + sizeBytes - header.length, 0) },
      weight_map: Object.fromEntries(shards.flatMap(({ name, tensors }) => tensors.map((tensor) => [tensor, name]))),
    });
    const layers = shards.flatMap(({ tensors }) => tensors.filter((tensor) => tensor.endsWith('q_proj.weight')));
    expect(read('config.json')).toMatchObject({
      num_hidden_layers: layers.length,
      hidden_size: 1024,
      vocab_size: 64_000,
    });
  });

  it('have a canary in every MiB, different for each MiB, shard and trial', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        fc.pre(one !== other);
        const all = [one, other].flatMap((seed) => shards.flatMap((shard) => canariesOf(shard, seed)));
        expect(new Set(all.map(({ bytes }) => bytes.toString('latin1'))).size).toBe(all.length);
      }),
      { numRuns: 20 },
    );
    for (const shard of shards) {
      const places = canariesOf(shard, 'seed').map(({ offset }) => Math.floor(offset / MIB));
      // The last MiB is incomplete and has none.
      expect(places).toEqual(Array.from({ length: Math.floor(shard.sizeBytes / MIB) }, (_, index) => index));
      for (const { offset } of canariesOf(shard, 'seed'))
        expect(offset + CANARY_BYTES).toBeLessThanOrEqual(shard.sizeBytes);
    }
  });

  it('are the same for the same seed', () => {
    for (const shard of shards) expect(blocksOf(shard, 'seed')).toEqual(blocksOf(shard, 'seed'));
  });

  it('have the right hash for a prefix of any length', () => {
    const [shard] = shards;
    if (shard === undefined) throw new RangeError('no shard');
    const content = Buffer.alloc(5 * MIB);
    for (const { offset, bytes } of blocksOf(shard, 'seed')) if (offset < 4 * MIB) bytes.copy(content, offset);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4 * MIB }), (bytes) => {
        const hash = sha256(content.subarray(0, bytes));
        expect(sha256OfStart(shard, 'seed', bytes)).toBe(hash);
      }),
      { numRuns: 30 },
    );
  });
});
