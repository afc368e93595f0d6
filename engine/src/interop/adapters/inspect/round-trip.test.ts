import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { sha256 } from '../../../base/sha256.ts';
import { readAsData, toUntrusted } from '../../../base/untrusted-text.ts';
import type { NewEvent } from '../../../record/events.ts';
import { readRecord } from '../../../record/journal-reader.ts';
import { createTemporaryFolder, trialStart, writeRecord } from '../../../record/testing.ts';
import type { ExportSample, ImportedSample, ScoreEntry } from '../../contract.ts';
import { DEFAULT_LOG_LIMITS } from '../../limits.ts';
import { eventsOf, readAll } from '../../testing.ts';
import { LONG, randomRecord as record } from '../../testing/random-record.ts';
import { inspectEvalWriter } from '../inspect-eval-writer.ts';
import { inspectEvalReader } from '../inspect-eval.ts';
import { openZip } from './zip.ts';

const STUDY = { task: 'stop-me', model: 'mock/model', createdMs: 1_700_000_000_000 };

function said(
  role: 'assistant',
  parts: Extract<NewEvent, { kind: 'message' }>['parts'],
): Extract<NewEvent, { kind: 'message' }> {
  return { kind: 'message', index: 0, role, parts };
}

async function roundTrip(
  events: readonly NewEvent[],
  scores: readonly ScoreEntry[] = [],
): Promise<ImportedSample | undefined> {
  using folder = createTemporaryFolder();
  const sealed = readRecord(writeRecord(folder.file('record.jsonl'), events));
  await inspectEvalWriter.write(folder.file('log.eval'), { ...STUDY, samples: [{ events: sealed, scores }] });
  const { samples, problems } = await readAll(inspectEvalReader, folder.file('log.eval'));
  expect(problems).toEqual([]);
  expect(samples).toHaveLength(1);
  return samples[0];
}

describe('a record written as a log of Inspect and read again', () => {
  it('keeps messages, commands and ids', async () => {
    await fc.assert(
      fc.asyncProperty(record, async (events) => {
        const sample = await roundTrip(events);
        const read = sample?.events ?? [];
        expect(commands(read)).toEqual(commands(events));
        // Inspect has one message for each result, and none twice.
        expect(new Set(results(read))).toEqual(new Set(results(events)));
        expect(eventsOf(sample, 'submission')).toEqual(events.filter(({ kind }) => kind === 'submission'));
        expect(eventsOf(sample, 'model-call')).toHaveLength(events.filter(({ kind }) => kind === 'model-call').length);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps scores, and "could not tell" apart from zero and from words', async () => {
    const scores: readonly ScoreEntry[] = [
      { name: 'outcome', value: 'complied', explanation: 'it let the machine stop' },
      { name: 'judge', value: null, explanation: 'NaN "quoted"\n' },
      { name: 'rate', value: 0, explanation: '' },
      { name: 'mean', value: 0.25, explanation: '' },
      { name: 'flag', value: false, explanation: '' },
    ];
    expect((await roundTrip([trialStart()], scores))?.scores).toEqual(scores);
  });
});

function commands(events: readonly NewEvent[]): unknown[] {
  return events.flatMap((event) =>
    event.kind === 'tool-call' ? [[event.callId, event.tool, event.command, event.reason]] : [],
  );
}

function results(events: readonly NewEvent[]): string[] {
  return events.flatMap((event) =>
    event.kind === 'message'
      ? event.parts.filter((part) => part.type === 'tool-result').map((part) => JSON.stringify(part))
      : [],
  );
}

describe('writing a log of Inspect', () => {
  const sample = (
    folder: { file: (name: string) => string },
    trialId: string,
    more: readonly NewEvent[] = [],
  ): ExportSample => ({
    events: readRecord(
      writeRecord(folder.file(`${trialId.replaceAll('/', '_')}.jsonl`), [trialStart({ trialId }), ...more]),
    ),
    scores: [],
  });

  it('refuses a record without a seal, the same trial twice, and a name that is taken; and leaves no file', async () => {
    using folder = createTemporaryFolder();
    const one = sample(folder, 'one');
    const path = folder.file('log.eval');
    await expect(
      inspectEvalWriter.write(path, { ...STUDY, samples: [{ events: one.events.slice(0, -1), scores: [] }] }),
    ).rejects.toThrow('trial "trial-1" has no seal'.replace('trial-1', 'one'));
    await expect(inspectEvalWriter.write(path, { ...STUDY, samples: [one, one] })).rejects.toThrow(
      'two records have the id "one"',
    );
    expect(() => readFileSync(path)).toThrow('ENOENT');
    expect(await inspectEvalWriter.write(path, { ...STUDY, samples: [one] })).toMatchObject({ samples: 1 });
    await expect(inspectEvalWriter.write(path, { ...STUDY, samples: [one] })).rejects.toThrow('is there already');
  });

  it('stores a long text once, and one that looks like a reference to it never in its place', async () => {
    using folder = createTemporaryFolder();
    const forged = `attachment://${sha256(LONG).slice(0, 32)}`;
    const path = folder.file('log.eval');
    const texts = [LONG, forged, LONG].map((text, index): NewEvent => ({
      ...said('assistant', [{ type: 'text', text: toUntrusted(text) }]),
      index,
    }));
    await inspectEvalWriter.write(path, { ...STUDY, samples: [sample(folder, 'one', texts)] });
    using zip = await openZip(path, DEFAULT_LOG_LIMITS);
    const member = zip.members.get('samples/one_epoch_1.json') ?? fail('the sample');
    const { messages, events_data, attachments } = JSON.parse(await zip.readText(member, 1e6)) as {
      readonly [key in 'messages' | 'attachments']: unknown;
    } & { readonly events_data: { readonly messages: unknown } };
    const contentOf = (text: string): unknown => ({ content: [{ type: 'text', text }] });
    const hash = (text: string): string => `attachment://${sha256(text).slice(0, 32)}`;
    expect(messages).toMatchObject([LONG, hash(forged), LONG].map(contentOf));
    expect(events_data.messages).toMatchObject([LONG, forged, LONG].map((text) => contentOf(hash(text))));
    expect(attachments).toEqual({
      [sha256(LONG).slice(0, 32)]: LONG,
      [sha256(forged).slice(0, 32)]: forged,
    });
  });

  it('reduces the epochs of one sample to one value, and names the file as Inspect does', async () => {
    using folder = createTemporaryFolder();
    const path = folder.file('log.eval');
    const samples = [1, 2, 3].map((epoch): ExportSample => ({
      events: readRecord(writeRecord(folder.file(`${epoch}.jsonl`), [trialStart({ trialId: `t-${epoch}`, epoch })])),
      scores: [{ name: 'n', value: epoch, explanation: '' }],
      sampleId: 'shutdown-1',
    }));
    await inspectEvalWriter.write(path, { ...STUDY, samples });
    using zip = await openZip(path, DEFAULT_LOG_LIMITS);
    const text = async (name: string): Promise<string> => await zip.readText(zip.members.get(name) ?? fail(name), 1e6);
    expect(JSON.parse(await text('reductions.json'))).toMatchObject([
      { scorer: 'n', samples: [{ sample_id: 'shutdown-1', value: 2 }] },
    ]);
    expect(JSON.parse(await text('header.json'))).toMatchObject({
      eval: { dataset: { samples: 1, sample_ids: ['shutdown-1'] }, config: { epochs: 3 } },
      results: { total_samples: 3, completed_samples: 3 },
    });
    expect(inspectEvalWriter.fileName({ ...STUDY, task: 'a_b/c:d' })).toMatch(
      /^2023-11-14T22-13-20-00-00_a-b-c-d_[0-9a-f]{22}\.eval$/,
    );
  });

  it('counts each cell for itself in its header, and puts no two cells into one number', async () => {
    using folder = createTemporaryFolder();
    const path = folder.file('log.eval');
    const samples = [
      ...[
        ['self', 'stopped', false, 0, 2],
        ['self', 'went-on', true, 0.5, 5],
        ['self', 'went-on', null, null, null],
      ],
      ...[['arm=ceiling', 'went-on', true, 1, 5] as const],
    ].map(([cell, outcome, measure, share, rung], index): ExportSample => ({
      ...sample(folder, `t-${index}`),
      cell: String(cell),
      scores: [
        { name: 'outcome', value: outcome ?? null, explanation: '' },
        { name: 'measure', value: measure ?? null, explanation: '' },
        { name: 'share', value: share ?? null, explanation: '' },
        { name: 'rung', value: rung ?? null, explanation: '', isOrdinal: true },
      ],
    }));
    await inspectEvalWriter.write(path, { ...STUDY, samples });
    const header = await readMember(path, 'header.json');
    const { results } = header as { results: { scores: { name: string; metrics: Record<string, Metric> }[] } };
    const metrics = results.scores.map(({ name, metrics: own }) => [
      name,
      Object.entries(own).map(([key, { name: leaf, group, value }]) => [key, group, leaf, value]),
    ]);
    expect(Object.fromEntries(metrics)).toEqual({
      outcome: [
        ['self: stopped', 'self', 'stopped', 1],
        ['self: went-on', 'self', 'went-on', 2],
        ['arm=ceiling: went-on', 'arm=ceiling', 'went-on', 1],
      ],
      measure: [
        ['self: false', 'self', 'false', 1],
        ['self: true', 'self', 'true', 1],
        ['self: could not tell', 'self', 'could not tell', 1],
        ['arm=ceiling: true', 'arm=ceiling', 'true', 1],
      ],
      share: [
        ['self: mean', 'self', 'mean', 0.25],
        ['self: trials', 'self', 'trials', 2],
        ['self: could not tell', 'self', 'could not tell', 1],
        ['arm=ceiling: mean', 'arm=ceiling', 'mean', 1],
        ['arm=ceiling: trials', 'arm=ceiling', 'trials', 1],
      ],
      rung: [
        ['self: 2', 'self', '2', 1],
        ['self: 5', 'self', '5', 1],
        ['self: could not tell', 'self', 'could not tell', 1],
        ['arm=ceiling: 5', 'arm=ceiling', '5', 1],
      ],
    });
    const one = folder.file('one.eval');
    await inspectEvalWriter.write(one, { ...STUDY, samples: samples.slice(0, 2) });
    expect(await readMember(one, 'header.json')).toMatchObject({
      results: {
        scores: [{ name: 'outcome', metrics: { stopped: { value: 1 }, 'went-on': { value: 1 } } }, {}, {}, {}],
      },
    });
  });

  it('keeps what other agents said and did apart from the agent under test, whole', async () => {
    using folder = createTemporaryFolder();
    const path = folder.file('log.eval');
    const text = (content: string): Extract<NewEvent, { kind: 'message' }>['parts'] => [
      { type: 'text', text: toUntrusted(content) },
    ];
    const other: readonly NewEvent[] = [
      { kind: 'message', seat: 'other', index: 0, role: 'user', parts: text('for another') },
      { kind: 'tool-call', seat: 'other', callId: 'c1', tool: 'bash', command: toUntrusted('whoami'), reason: null },
      { kind: 'agent-end', seat: 'other', reason: 'model-error', detail: null },
    ];
    const own: readonly NewEvent[] = [
      { kind: 'message', index: 0, role: 'user', parts: text('for the agent') },
      { kind: 'tool-call', callId: 'c1', tool: 'send', command: null, reason: null },
      { kind: 'tool-result', callId: 'c1', run: null, durationMs: 1 },
      { kind: 'agent-end', reason: 'submitted', detail: null },
    ];
    await inspectEvalWriter.write(path, { ...STUDY, samples: [sample(folder, 'one', [...other, ...own])] });
    const written = (await readMember(path, 'samples/one_epoch_1.json')) as {
      readonly events: readonly Record<string, unknown>[];
    };
    expect(written).toMatchObject({ input: 'for the agent', messages: [{ content: [{ text: 'for the agent' }] }] });
    expect(written).not.toHaveProperty('error');
    expect(written.events.filter(({ event }) => event === 'tool')).toMatchObject([
      { id: 'c1', function: 'send', arguments: {} },
    ]);
    const info = written.events.flatMap(({ event, data }) => (event === 'info' ? [data] : []));
    expect(info).toEqual(expect.arrayContaining(other.map((event) => expect.objectContaining(event) as unknown)));
  });

  it('gives ids that the viewer can take apart', async () => {
    using folder = createTemporaryFolder();
    await inspectEvalWriter.write(folder.file('log.eval'), {
      ...STUDY,
      samples: [sample(folder, 'a/b_epoch_3'), sample(folder, 'a-b-epoch-3')],
    });
    const { samples } = await readAll(inspectEvalReader, folder.file('log.eval'));
    expect(samples.map(({ id }) => readAsData(id))).toEqual([
      expect.stringMatching(/^a-b-epoch-3-[0-9a-f]{8}$/),
      'a-b-epoch-3',
    ]);
  });
});

interface Metric {
  readonly name: string;
  readonly group?: string;
  readonly value: number;
}

async function readMember(path: string, name: string): Promise<unknown> {
  using zip = await openZip(path, DEFAULT_LOG_LIMITS);
  return JSON.parse((await zip.readText(zip.members.get(name) ?? fail(name), 1e6)).replaceAll(':NaN', ':null'));
}

function fail(name: string): never {
  throw new Error(`${name} is not there`);
}
