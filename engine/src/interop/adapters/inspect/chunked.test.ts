import { describe, expect, it } from 'vitest';

import { readAsData } from '../../../base/untrusted-text.ts';
import { createTemporaryFolder } from '../../../record/testing.ts';
import { describeLogReaderContract } from '../../contract-suite.ts';
import type { ReadLogOptions } from '../../contract.ts';
import { readAll, type ReadResult } from '../../testing.ts';
import { inspectEvalReader } from '../inspect-eval.ts';
import {
  type ForgedMember,
  forgeZip,
  inspectHeader,
  inspectSample,
  toChunkedMembers,
  writeEvalLog,
} from './testing.ts';

const header = { name: 'header.json', data: JSON.stringify(inspectHeader()) };

describe('samples in chunks', () => {
  describeLogReaderContract(inspectEvalReader, {
    fileName: 'log.eval',
    write: (path) => {
      const chunks = [1, 2].flatMap((number) =>
        toChunkedMembers(inspectSample({ id: `sample-${number}` }), `sample-${number}_epoch_1`, 3),
      );
      forgeZip(path, [...chunks.map((member) => ({ ...member, method: 'stored' as const })), header]);
    },
  });
});

async function readMembers(
  members: readonly ForgedMember[],
  options: Partial<ReadLogOptions> = {},
): Promise<ReadResult> {
  using folder = createTemporaryFolder();
  return await readAll(inspectEvalReader, forgeZip(folder.file('log.eval'), [...members, header]), options);
}

const CHUNKS = toChunkedMembers(inspectSample(), 'sample-1_epoch_1', 2);

describe('a sample in chunks', () => {
  it.each([1, 2, 4, 100])('of %s items is read as the same sample in one piece', async (size) => {
    using folder = createTemporaryFolder();
    const whole = await readAll(inspectEvalReader, writeEvalLog(folder.file('log.eval'), [inspectSample()]));
    const { samples, problems } = await readMembers(toChunkedMembers(inspectSample(), 'sample-1_epoch_1', size));
    expect(problems).toEqual([]);
    expect(samples).toHaveLength(1);
    expect(samples[0]?.events.slice(1)).toEqual(whole.samples[0]?.events.slice(1));
    expect(samples[0]?.times).toEqual(whole.samples[0]?.times);
    expect(samples[0]?.scores).toEqual(whole.samples[0]?.scores);
    expect(samples[0]?.foreign.filter((one) => one.whole)).toEqual(
      whole.samples[0]?.foreign.filter((one) => one.whole),
    );
  });

  it.each([
    ['events/0', /expected a chunk that begins at 0/],
    ['events/4', /expected a chunk that begins at 4/],
    ['events/8', /expected 9 events, got 8/],
    ['messages/2', /expected a chunk that begins at 2/],
    ['messages/6', /refers to messages that are not there/],
  ])('is left out with a sentence when "%s" is missing', async (part, sentence) => {
    const { samples, problems } = await readMembers(
      CHUNKS.filter(({ name }) => name !== `samples/sample-1_epoch_1/${part}.json`),
    );
    expect(samples).toEqual([]);
    expect(problems).toEqual([expect.stringMatching(sentence)]);
  });

  it('says when it cannot know whether all is there, and which texts are not', async () => {
    const { samples, problems } = await readMembers(CHUNKS.filter(({ name }) => !/stats|attachments/.test(name)));
    expect(problems).toEqual([expect.stringMatching(/is not known/)]);
    expect(samples[0]?.unmapped).toContainEqual(expect.stringMatching(/1 texts that are stored apart.*are not in/));
  });

  it('that is there in one piece too is read once, from that', async () => {
    const { samples } = await readMembers([
      ...CHUNKS,
      { name: 'samples/sample-1_epoch_1.json', data: JSON.stringify(inspectSample({ id: 'in one piece' })) },
    ]);
    expect(samples.map(({ id }) => readAsData(id))).toEqual(['in one piece']);
  });

  it.each([
    ['an array that is none', 'events/2', '{}', /expected an array/],
    ['broken JSON', 'events/2', '[{]', /none; it was cut or changed/],
    ['a shell that is none', 'sample', '[]', /expected a sample/],
  ])('with %s is left out with a sentence', async (_what, part, data, sentence) => {
    const { samples, problems } = await readMembers(
      CHUNKS.map((member) => (member.name.endsWith(`_1/${part}.json`) ? { ...member, data } : member)),
    );
    expect(samples).toEqual([]);
    expect(problems).toEqual([expect.stringMatching(sentence)]);
  });

  it('is held to bounds of its own', async () => {
    for (const limits of [{ chunkedBytesMax: 1000 }, { sampleBytesMax: 1000 }]) {
      const { samples, problems } = await readMembers(CHUNKS, { limits });
      expect(samples).toEqual([]);
      expect(problems).toEqual([expect.stringMatching(/expected at most 1000 bytes/)]);
    }
  });

  it('can be larger than one in one piece may be', async () => {
    const { events } = inspectSample() as { events: readonly unknown[] };
    const many = { ...inspectSample(), events: Array.from({ length: 500 }, () => events).flat() };
    const limits = { sampleBytesMax: 100_000 };
    const { samples, problems } = await readMembers(toChunkedMembers(many, 'sample-1_epoch_1', 100), { limits });
    expect(problems).toEqual([]);
    expect(samples[0]?.events.filter(({ kind }) => kind === 'tool-call')).toHaveLength(1000);
    expect(JSON.stringify(many).length).toBeGreaterThan(10 * limits.sampleBytesMax);
  });
});
