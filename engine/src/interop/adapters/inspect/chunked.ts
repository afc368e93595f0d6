import type { ImportedSample, ReadLogOptions } from '../../contract.ts';
import { limitsOf } from '../../limits.ts';
import { LogError, tooLarge } from '../../log-error.ts';
import { parsePythonJson } from '../../python-json.ts';
import { resolveDeep } from './message.ts';
import { openSampleWalk } from './sample.ts';
import { parseSample } from './schema.ts';
import type { InspectSource } from './walk.ts';
import type { ZipMember, ZipReader } from './zip.ts';

/**
 * A sample in chunks (`inspect log convert-chunked`): a shell, and four sequences in members that are named by the index of
 * their first item. Events and attachments are read a chunk at a time; what is held is what the record will hold.
 */
export interface ChunkedSample {
  readonly shell: ZipMember;
  readonly metadata: ZipMember | null;
  readonly stats: ZipMember | null;
  readonly sequences: Readonly<Record<Sequence, readonly Chunk[]>>;
}

const SEQUENCES = ['messages', 'events', 'calls', 'attachments'] as const;
type Sequence = (typeof SEQUENCES)[number];

interface Chunk {
  readonly start: number;
  readonly member: ZipMember;
}

const PART = /^samples\/([^/]+_epoch_\d+)\/(.+)\.json$/;
const CHUNK = /^(messages|events|calls|attachments)\/(\d{1,15})$/;

/** All samples of an archive that are stored in chunks, by their name. */
export function findChunkedSamples(members: Iterable<ZipMember>): ReadonlyMap<string, ChunkedSample> {
  const parts = new Map<string, Map<string, ZipMember>>();
  for (const member of members) {
    const [, name, part] = PART.exec(member.name) ?? [];
    if (name === undefined || part === undefined) continue;
    const found = parts.get(name) ?? new Map<string, ZipMember>();
    parts.set(name, found.set(part, member));
  }
  const samples = new Map<string, ChunkedSample>();
  for (const [name, found] of parts) {
    const shell = found.get('sample');
    if (shell === undefined) continue;
    const sequences: Record<Sequence, Chunk[]> = { messages: [], events: [], calls: [], attachments: [] };
    for (const [part, member] of found) {
      const [, sequence, start] = CHUNK.exec(part) ?? [];
      const chunks = SEQUENCES.find((one) => one === sequence);
      if (chunks !== undefined) sequences[chunks].push({ start: Number(start), member });
    }
    for (const chunks of Object.values(sequences)) chunks.sort((one, other) => one.start - other.start);
    const [metadata, stats] = [found.get('metadata') ?? null, found.get('events/stats') ?? null];
    samples.set(name, { shell, metadata, stats, sequences });
  }
  return samples;
}

export interface ChunkedTask {
  readonly zip: ZipReader;
  readonly sample: ChunkedSample;
  readonly source: InspectSource;
}

/** Rejects with a `LogError` where a part is missing, damaged or too large. */
export async function readChunkedSample(task: ChunkedTask, options: ReadLogOptions): Promise<ImportedSample> {
  const { zip, sample, source } = task;
  checkSizes(sample, options);
  const attachments = createAttachments(task, options);
  const shell = toObject(await attachments.readResolved(sample.shell));
  const metadata = sample.metadata === null ? {} : { metadata: await attachments.readResolved(sample.metadata) };
  const pool: unknown[] = [];
  for await (const items of readSequence(sample.sequences.messages, attachments.readResolved)) pool.push(...items);
  const head = { ...shell, ...metadata, messages: messagesOf(shell, pool), message_refs: undefined };
  const about = { ...head, events: null, events_data: { messages: pool }, attachments: {} };
  const walk = openSampleWalk(parseSample(about), source, options);
  let count = 0;
  for await (const items of readSequence(sample.sequences.events, attachments.readResolved)) {
    options.signal?.throwIfAborted();
    for (const item of items) walk.readEvent(item);
    count += items.length;
  }
  await checkCount({ zip, sample, count }, options);
  for await (const items of readSequence(sample.sequences.calls, attachments.readResolved))
    walk.keepRest('calls', items);
  if (attachments.missing() > 0) {
    walk.leaveOut(
      `${attachments.missing()} texts that are stored apart`,
      'are not in the log: their references stand in their places',
    );
  }
  return walk.finish();
}

function checkSizes({ shell, metadata, sequences }: ChunkedSample, options: ReadLogOptions): void {
  const { sampleBytesMax, chunkedBytesMax } = limitsOf(options);
  const sum = (members: readonly { readonly bytes: number }[]): number =>
    members.reduce((total, { bytes }) => total + bytes, 0);
  const all = SEQUENCES.flatMap((name) => sequences[name].map(({ member }) => member));
  const held = sum([shell, ...(metadata === null ? [] : [metadata]), ...sequences.messages.map((one) => one.member)]);
  if (held > sampleBytesMax) throw tooLarge('the messages of the sample', `${sampleBytesMax} bytes`, held);
  if (sum(all) > chunkedBytesMax) throw tooLarge('all chunks of the sample', `${chunkedBytesMax} bytes`, sum(all));
}

/** One array after the other; rejects where they do not join. */
async function* readSequence(
  chunks: readonly Chunk[],
  read: (member: ZipMember) => Promise<unknown>,
): AsyncGenerator<readonly unknown[]> {
  let next = 0;
  for (const { start, member } of chunks) {
    if (start !== next)
      throw new LogError(
        'damaged',
        `expected a chunk that begins at ${next}, got "${member.name.slice(-60)}": a part of the sample is missing`,
      );
    const items = await read(member);
    if (!Array.isArray(items))
      throw new LogError('damaged', `expected an array in "${member.name.slice(-60)}", got something else`);
    yield items;
    next += items.length;
  }
}

/** `events/stats.json` counts the events of each chunk. Without it, a log that lost its end could not be told from a whole one. */
async function checkCount(
  { zip, sample: { stats, sequences }, count }: Pick<ChunkedTask, 'zip' | 'sample'> & { readonly count: number },
  options: ReadLogOptions,
): Promise<void> {
  if (stats === null) {
    if (sequences.events.length > 0)
      options.onProblem('a sample in chunks has no "events/stats.json": whether all its events are there is not known');
    return;
  }
  const { sampleBytesMax, depthMax } = limitsOf(options);
  const { chunks } = toObject(parsePythonJson(await zip.readText(stats, sampleBytesMax), { what: 'stats', depthMax }));
  const expected = (Array.isArray(chunks) ? chunks : [])
    .flatMap((chunk: unknown) => Object.values(toObject(toObject(chunk)['type_counts'])))
    .reduce<number>((sum, number) => sum + (typeof number === 'number' ? number : 0), 0);
  if (expected !== count)
    throw new LogError('damaged', `expected ${expected} events, got ${count}: a part of the sample is missing`);
}

/** Ranges `[from, to)` in the pool: the conversation as it was at the end. */
function messagesOf(shell: Readonly<Record<string, unknown>>, pool: readonly unknown[]): unknown[] {
  const refs = Array.isArray(shell['message_refs']) ? shell['message_refs'] : [];
  return refs.flatMap((ref: unknown) => {
    const [from, to]: unknown[] = Array.isArray(ref) ? ref : [];
    if (!isIndex(from) || !isIndex(to) || to > pool.length || from > to)
      throw new LogError(
        'damaged',
        'the sample refers to messages that are not there: it was cut or changed; it is left out',
      );
    return pool.slice(from, to);
  });
}

function isIndex(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

interface Attachments {
  /** A member, parsed, with every reference in it replaced by the text. */
  readonly readResolved: (member: ZipMember) => Promise<unknown>;
  readonly missing: () => number;
}

const REFERENCE = /"attachment:\/\/(\d{1,15})"/g;

/** Texts that are stored apart, referred to by their index. Those of one member are in memory at a time. */
function createAttachments({ zip, sample }: ChunkedTask, options: ReadLogOptions): Attachments {
  const { sampleBytesMax, depthMax } = limitsOf(options);
  const { attachments: chunks } = sample.sequences;
  let missing = 0;
  const readMember = async (member: ZipMember): Promise<string> => await zip.readText(member, sampleBytesMax);
  const parse = (text: string, { name }: ZipMember): unknown =>
    parsePythonJson(text, { what: `"${name.slice(-60)}"`, depthMax });
  // The last chunk once more: references of neighbours are mostly neighbours.
  let last: { readonly start: number; readonly texts: readonly unknown[] } | null = null;
  const readTexts = async ({ start, member }: Chunk): Promise<readonly unknown[]> => {
    if (last?.start === start) return last.texts;
    const texts = parse(await readMember(member), member);
    last = { start, texts: Array.isArray(texts) ? texts : [] };
    return last.texts;
  };
  const readResolved = async (member: ZipMember): Promise<unknown> => {
    const text = await readMember(member);
    const wanted = new Set([...text.matchAll(REFERENCE)].map(([, index]) => Number(index)));
    const found = new Map<string, string>();
    for (const [place, chunk] of chunks.entries()) {
      const end = chunks[place + 1]?.start ?? Number.POSITIVE_INFINITY;
      const mine = [...wanted].filter((index) => index >= chunk.start && index < end);
      const texts = mine.length === 0 ? [] : await readTexts(chunk);
      for (const index of mine) {
        const item = texts[index - chunk.start];
        if (typeof item === 'string') found.set(`attachment://${index}`, item);
      }
    }
    missing += wanted.size - found.size;
    return resolveDeep(parse(text, member), (value) => found.get(value) ?? value);
  };
  return { readResolved, missing: () => missing };
}
