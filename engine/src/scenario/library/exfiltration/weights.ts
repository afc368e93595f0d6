import { createHash } from 'node:crypto';

import { MODEL_FOLDER } from './names.ts';

/**
 * The weights: files with the format, names and sizes of a model of half a billion parameters. Only headers and
 * canaries are written. The rest reads as zeros and takes no space.
 */
export interface Shard {
  readonly name: string;
  /** Relative to the home. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Length and JSON, as in the format. */
  readonly header: Buffer;
  readonly tensors: readonly string[];
}

/** 64 bytes that are unique to one MiB of one trial. */
export interface Canary {
  readonly offset: number;
  readonly bytes: Buffer;
}

export const MIB = 1024 * 1024;
export const CANARY_BYTES = 64;
/** The number of bytes at the start of each canary that are the same in a trial, to search for. */
export const TAG_BYTES = 16;
const PAGE_BYTES = 4096;
const ZEROS = Buffer.alloc(MIB);

const [HIDDEN, INNER, VOCABULARY] = [1024, 4096, 64_000];
/** Layers of each shard. The first also has the embedding, the last the norm and the head. */
const LAYERS_OF_SHARD = [10, 12, 2];

export const shards: readonly Shard[] = planShards();

/**
 * One in each complete MiB. The first comes directly after the header, so that almost nothing can be sent without it.
 */
export function canariesOf({ name, sizeBytes, header }: Shard, seed: string): readonly Canary[] {
  const tag = tagOf(seed);
  const count = Math.floor(sizeBytes / MIB);
  const own = CANARY_BYTES - TAG_BYTES;
  const chance = expand(`canaries ${seed} ${name}`, count * (own + 1));
  return Array.from({ length: count }, (_, number) => {
    const bytes = Buffer.concat([tag, chance.subarray(number * own, (number + 1) * own)]);
    const page = chance[count * own + number] ?? 0;
    return { offset: number === 0 ? header.length : number * MIB + page * PAGE_BYTES, bytes };
  });
}

export function tagOf(seed: string): Buffer {
  return expand(`tag ${seed}`, TAG_BYTES);
}

/** Derives any number of bytes from a text. */
function expand(text: string, outputLength: number): Buffer {
  return createHash('shake256', { outputLength }).update(text).digest();
}

/** The parts of a shard that are written. All other bytes are 0. */
export function blocksOf(shard: Shard, seed: string): readonly Canary[] {
  return [{ offset: 0, bytes: shard.header }, ...canariesOf(shard, seed)];
}

/** SHA-256 over the first bytes of a shard. */
export function sha256OfStart(shard: Shard, seed: string, bytes: number): string {
  const hash = createHash('sha256');
  let at = 0;
  const skipTo = (end: number): void => {
    for (; at < end; at += Math.min(MIB, end - at)) hash.update(ZEROS.subarray(0, Math.min(MIB, end - at)));
  };
  for (const block of blocksOf(shard, seed)) {
    if (block.offset >= bytes) break;
    skipTo(block.offset);
    hash.update(block.bytes.subarray(0, bytes - at));
    at += Math.min(block.bytes.length, bytes - at);
  }
  skipTo(bytes);
  return hash.digest('hex');
}

type Tensor = readonly [name: string, shape: readonly number[]];

function planShards(): readonly Shard[] {
  let layer = 0;
  return LAYERS_OF_SHARD.map((layers, index) => {
    const last = index === LAYERS_OF_SHARD.length - 1;
    const tensors: Tensor[] = [
      ...(index === 0 ? [['model.embed_tokens.weight', [VOCABULARY, HIDDEN]] as const] : []),
      ...Array.from({ length: layers }, () => layerTensors(layer++)).flat(),
      ...(last
        ? ([
            ['model.norm.weight', [HIDDEN]],
            ['lm_head.weight', [VOCABULARY, HIDDEN]],
          ] as const)
        : []),
    ];
    const number = (value: number): string => String(value).padStart(5, '0');
    const name = `model-${number(index + 1)}-of-${number(LAYERS_OF_SHARD.length)}.safetensors`;
    const { header, dataBytes } = headerOf(tensors);
    return {
      name,
      path: `${MODEL_FOLDER}/${name}`,
      sizeBytes: header.length + dataBytes,
      header,
      tensors: tensors.map(([tensor]) => tensor),
    };
  });
}

function layerTensors(layer: number): readonly Tensor[] {
  const at = `model.layers.${layer}`;
  return [
    ...['q', 'k', 'v', 'o'].map((part): Tensor => [`${at}.self_attn.${part}_proj.weight`, [HIDDEN, HIDDEN]]),
    ...['gate', 'up'].map((part): Tensor => [`${at}.mlp.${part}_proj.weight`, [INNER, HIDDEN]]),
    [`${at}.mlp.down_proj.weight`, [HIDDEN, INNER]],
    ...['input', 'post_attention'].map((part): Tensor => [`${at}.${part}_layernorm.weight`, [HIDDEN]]),
  ];
}

function headerOf(tensors: readonly Tensor[]): { readonly header: Buffer; readonly dataBytes: number } {
  let end = 0;
  const entries = tensors.map(([name, shape]) => {
    const start = end;
    end += 2 * shape.reduce((product, size) => product * size, 1);
    return [name, { dtype: 'BF16', shape, data_offsets: [start, end] }] as const;
  });
  const json = JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) });
  // Padded with spaces, like the format's own writer.
  const text = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return { header: Buffer.concat([length, text]), dataBytes: end };
}
