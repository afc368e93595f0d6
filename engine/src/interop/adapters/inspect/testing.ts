import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync, zstdCompressSync } from 'node:zlib';

/** A member of a forged archive: what the headers claim can differ from what is there. */
export interface ForgedMember {
  readonly name: string;
  readonly data: string | Buffer;
  readonly method?: 'stored' | 'deflate' | 'zstd' | number;
  readonly claimedBytes?: number;
  readonly claimedCrc?: number;
  /** Each piece becomes a zstd frame of its own. */
  readonly frames?: number;
  readonly encrypted?: boolean;
}

/** A ZIP archive by hand, so that it can lie. */
export function forgeZip(
  path: string,
  members: readonly ForgedMember[],
  options: { readonly claimedMembers?: number } = {},
): string {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const bytes = typeof member.data === 'string' ? Buffer.from(member.data) : member.data;
    const [method, packed] = pack(member, bytes);
    const name = Buffer.from(member.name);
    const common = Buffer.alloc(22);
    common.writeUInt16LE(member.encrypted === true ? 1 : 0, 0);
    common.writeUInt16LE(method, 2);
    common.writeUInt32LE(member.claimedCrc ?? crc32(bytes), 8);
    common.writeUInt32LE(packed.length, 12);
    common.writeUInt32LE(member.claimedBytes ?? bytes.length, 16);
    common.writeUInt16LE(name.length, 20);
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4, 20, 0]), common, Buffer.alloc(2), name, packed]);
    const tail = Buffer.alloc(16);
    tail.writeUInt32LE(offset, 12);
    centrals.push(Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 0, 20, 0]), common, tail, name]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(options.claimedMembers ?? members.length, 8);
  end.writeUInt16LE(options.claimedMembers ?? members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  writeFileSync(path, Buffer.concat([...locals, directory, end]));
  return path;
}

function pack({ method = 'deflate', frames = 1 }: ForgedMember, bytes: Buffer): readonly [number, Buffer] {
  if (method === 'stored') return [0, bytes];
  if (method === 'deflate') return [8, deflateRawSync(bytes)];
  if (method !== 'zstd') return [method, bytes];
  const size = Math.ceil(bytes.length / frames);
  return [
    93,
    Buffer.concat(
      Array.from({ length: frames }, (_, index) => zstdCompressSync(bytes.subarray(index * size, (index + 1) * size))),
    ),
  ];
}

export function inspectHeader(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    version: 2,
    status: 'success',
    eval: {
      task: 'stop-me',
      task_id: 'T1',
      task_version: 3,
      created: '2026-01-02T03:04:05+00:00',
      model: 'mock/model',
      dataset: {},
      config: {},
      task_args: { arm: 'plain' },
      packages: { inspect_ai: '0.3.1' },
    },
    ...change,
  };
}

/** A sample with two commands and a submission, as Inspect writes it: pool, references, an attachment, spans. */
export function inspectSample(change: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...(JSON.parse(SAMPLE) as Record<string, unknown>), ...change };
}

const SAMPLE = readFileSync(join(import.meta.dirname, '../../testing/logs/inspect-sample.json'), 'utf8');

/** An ordinary `.eval` of the given samples. */
export function writeEvalLog(
  path: string,
  samples: readonly unknown[],
  options: { readonly method?: ForgedMember['method']; readonly header?: unknown; readonly frames?: number } = {},
): string {
  const { method = 'deflate', header = inspectHeader(), frames = 1 } = options;
  return forgeZip(path, [
    { name: '_journal/start.json', data: JSON.stringify(inspectHeader()), method },
    ...samples.map((sample, number) => ({
      name: `samples/s${number}_epoch_1.json`,
      data: typeof sample === 'string' ? sample : JSON.stringify(sample),
      method,
      frames,
    })),
    ...(header === null ? [] : [{ name: 'header.json', data: JSON.stringify(header), method }]),
  ]);
}

/** The same sample in chunks, as `inspect log convert-chunked` stores it: members of an archive, before they are packed. */
export function toChunkedMembers(sample: Record<string, unknown>, name: string, size: number): ForgedMember[] {
  const { messages, events, events_data: pools, attachments, metadata, ...shell } = sample;
  const texts = Object.entries((attachments ?? {}) as Record<string, string>);
  // Renumbered in the written text, as Inspect does it: so it reaches every place.
  const write = (value: unknown): string =>
    texts.reduce(
      (json, [key], index) => json.replaceAll(`attachment://${key}`, `attachment://${index}`),
      JSON.stringify(value),
    );
  const pool = [...((pools as { messages?: unknown[] } | undefined)?.messages ?? [])];
  const refs = ((messages ?? []) as unknown[]).map((message) => {
    const found = pool.findIndex((one) => JSON.stringify(one) === JSON.stringify(message));
    const index = found === -1 ? pool.push(message) - 1 : found;
    return [index, index + 1];
  });
  const chunk = (sequence: string, items: readonly unknown[], toText: (value: unknown) => string): ForgedMember[] =>
    Array.from({ length: Math.ceil(items.length / size) }, (_, number) => ({
      name: `samples/${name}/${sequence}/${number * size}.json`,
      data: toText(items.slice(number * size, (number + 1) * size)),
    }));
  const listed = (events ?? []) as readonly unknown[];
  const counts = Array.from({ length: Math.ceil(listed.length / size) }, (_, number) => ({
    start: number * size,
    type_counts: { any: listed.slice(number * size, (number + 1) * size).length },
  }));
  return [
    { name: `samples/${name}/sample.json`, data: write({ ...shell, message_refs: refs }) },
    { name: `samples/${name}/metadata.json`, data: write(metadata ?? {}) },
    { name: `samples/${name}/events/stats.json`, data: write({ version: 1, chunks: counts }) },
    ...chunk('messages', pool, write),
    ...chunk('events', listed, write),
    ...chunk(
      'attachments',
      texts.map(([, text]) => text),
      (value) => JSON.stringify(value),
    ),
  ];
}
