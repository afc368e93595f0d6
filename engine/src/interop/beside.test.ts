import { existsSync, readdirSync, readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { sha256 } from '../base/sha256.ts';
import { toUntrusted } from '../base/untrusted-text.ts';
import type { TrialEvent } from '../record/events.ts';
import { readRecord } from '../record/journal-reader.ts';
import { createTemporaryFolder, trialStart } from '../record/testing.ts';
import { verifyRecord } from '../record/verify.ts';
import { inspectEvalReader } from './adapters/inspect-eval.ts';
import { inspectSample, writeEvalLog } from './adapters/inspect/testing.ts';
import type { ImportedEvent, ImportedSample, ReadLogOptions } from './contract.ts';
import { readAll } from './testing.ts';
import { writeImportedSample } from './write-sample.ts';

interface Line {
  readonly kind: string;
  readonly of?: string;
  readonly value?: unknown;
  readonly sentence?: string;
}

interface OnDisk {
  readonly record: readonly TrialEvent[];
  readonly beside: readonly Line[];
  readonly text: string;
}

/** One log with one sample, from its file to the two files that the import leaves. */
async function importOne(sample: unknown, options: Partial<ReadLogOptions> = {}): Promise<OnDisk> {
  using folder = createTemporaryFolder();
  const { samples, problems } = await readAll(
    inspectEvalReader,
    writeEvalLog(folder.file('log.eval'), [sample]),
    options,
  );
  expect(problems).toEqual([]);
  const [record, beside] = [folder.file('record.jsonl'), folder.file('beside.jsonl')];
  writeImportedSample({ record, beside }, samples[0] as ImportedSample);
  expect(verifyRecord(record).problem).toBeNull();
  const text = readFileSync(beside, 'utf8');
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  return { record: readRecord(record), beside: lines, text };
}

const at = '2026-01-02T03:04:05+00:00';
const tool = (id: string, more: Record<string, unknown>): Record<string, unknown> => ({
  event: 'tool',
  timestamp: at,
  id,
  type: 'function',
  function: 'bash',
  arguments: { cmd: `echo ${id}` },
  result: 'out',
  events: [],
  ...more,
});
/** Every kind that Inspect names, and some that nobody does. */
const EVENTS = {
  model: {
    event: 'model',
    timestamp: at,
    model: 'm',
    input: [{ role: 'user', content: 'go' }],
    tools: [],
    tool_choice: 'auto',
    config: { cache_prompt: 'auto' },
    call: { request: { secret: 'sauce' }, response: {} },
    output: {
      model: 'm',
      choices: [
        { message: { role: 'assistant', content: 'first' }, stop_reason: 'stop', logprobs: { content: [1] } },
        { message: { role: 'assistant', content: 'second' }, stop_reason: 'stop' },
      ],
    },
  },
  command: tool('command', { view: { content: 'shown' } }),
  pictures: tool('pictures', { result: [{ type: 'image', image: 'data:image/png;base64,AA' }] }),
  rejected: tool('rejected', { error: { type: 'approval', message: 'no' } }),
  submit: tool('submit', { function: 'submit', arguments: { answer: '42' } }),
  editor: tool('editor', { function: 'text_editor', arguments: { path: '/a', file_text: 'b' } }),
  nested: tool('nested', { function: 'handoff', events: [tool('inside', {}), { event: 'info', data: 'deep' }] }),
  step: { event: 'step', timestamp: at, name: 'old', events: [tool('in-step', {})] },
  limit: { event: 'sample_limit', timestamp: at, type: 'token', message: 'enough', limit: 7 },
  error: { event: 'error', timestamp: at, error: { message: 'boom', traceback: 'line 1' } },
  hologram: { event: 'hologram', timestamp: at, shape: [1, { deep: Number.MAX_SAFE_INTEGER }] },
  interrupt: { event: 'interrupt', source: 'user_cancel', interrupted: 'model' },
  nothing: { no: 'event' },
  text: 'no object',
} satisfies Record<string, unknown>;

function flatten(events: readonly unknown[]): unknown[] {
  return events.flatMap((event) => {
    const inner = typeof event === 'object' && event !== null && 'events' in event ? event.events : [];
    return [event, ...flatten(Array.isArray(inner) ? inner : [])];
  });
}

/** Events of the log that the record holds. A limit stands in the end of the agent, once however often it was said. */
function heldBy({ record, beside }: OnDisk): number {
  const kinds = ['model-call', 'tool-call', 'tool-call-rejected', 'submission', 'infrastructure-error'];
  const limits = beside.filter(({ kind, of }) => kind === 'rest' && of === 'sample_limit');
  // A call of another tool is in both: the record holds that it was made, the file beside it with what.
  const held = record.filter(
    (event) => kinds.includes(event.kind) && !(event.kind === 'tool-call' && event.command === null),
  );
  return held.length + limits.length;
}

describe('what a record cannot hold of an imported trial', () => {
  it('lies beside it: each event of the log is in one or the other, whatever events there are', async () => {
    const names = Object.keys(EVENTS) as (keyof typeof EVENTS)[];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...names), { maxLength: 12 }), async (chosen) => {
        const events = chosen.map((name) => EVENTS[name]);
        const disk = await importOne(inspectSample({ events, messages: [], events_data: null }));
        const kept = disk.beside.filter(({ kind }) => kind === 'event');
        expect(heldBy(disk) + kept.length).toBe(flatten(events).length);
        expect(disk.beside.at(-1)).toEqual({ kind: 'beside-end', lines: disk.beside.length });
      }),
      { numRuns: 80 },
    );
  });

  it('is there as it was: unknown kinds, other answers, raw calls, pictures, tools that are no shell', async () => {
    const { beside } = await importOne(inspectSample({ events: Object.values(EVENTS), messages: [] }));
    const valueOf = (kind: string, of: string): unknown[] =>
      beside.filter((line) => line.kind === kind && line.of === of).map(({ value }) => value);
    expect(valueOf('event', 'hologram')).toEqual([EVENTS.hologram]);
    expect(valueOf('event', 'unreadable')).toEqual([EVENTS.nothing, EVENTS.text]);
    expect(valueOf('event', 'tool')).toMatchObject([{ id: 'editor', arguments: { file_text: 'b' } }, { id: 'nested' }]);
    const { message: _message, ...choice } = EVENTS.model.output.choices[0] ?? {};
    expect(valueOf('rest', 'model')).toMatchObject([
      { call: EVENTS.model.call, output: { choices: [choice, EVENTS.model.output.choices[1]] } },
    ]);
    expect(valueOf('rest', 'tool')).toEqual(
      expect.arrayContaining([expect.objectContaining({ result: EVENTS.pictures['result'] })]),
    );
    expect(valueOf('rest', 'sample_limit')).toEqual([EVENTS.limit]);
    expect(valueOf('rest', 'error')).toEqual([EVENTS.error]);
  });

  it('holds scores and everything else that the sample says of itself', async () => {
    const { beside } = await importOne(
      inspectSample({ metadata: { hard: true }, store: { a: 1 }, scores: { quality: { value: 0.5, answer: 'B' } } }),
    );
    expect(beside.filter(({ kind }) => kind === 'score')).toEqual([
      { kind: 'score', name: 'quality', value: 0.5, explanation: '' },
    ]);
    const [sample] = beside.filter(({ of }) => of === 'sample');
    expect(sample?.value).toMatchObject({
      ...{ metadata: { hard: true }, store: { a: 1 }, target: '42', input: 'Do the sums.' },
      scores: { quality: { value: 0.5, answer: 'B' } },
    });
  });

  it('is named in the record by its hash, and is data to whoever looks at the file', async () => {
    const nasty = '\u001b[2J\u009b2J\u202e<script>alert(1)</script>&';
    const { record, beside, text } = await importOne(inspectSample({ events: [{ event: nasty, nasty }] }));
    const [start] = record;
    expect(start).toMatchObject({ kind: 'trial-start', software: { 'beside-sha256': sha256(text) } });
    expect(text).not.toMatch(/[<>&\u001b\u0080-\u009f\u202e]/);
    expect(beside.filter(({ of }) => of === nasty)).toMatchObject([{ value: { event: nasty, nasty } }]);
  });

  it('is cut at its bound, and says how much was', async () => {
    const { beside } = await importOne(
      inspectSample({ events: Array.from({ length: 50 }, () => EVENTS.hologram), messages: [] }),
      { limits: { foreignBytesMax: 1000 } },
    );
    const kept = beside.filter(({ of }) => of === 'hologram').length;
    expect(kept).toBeGreaterThan(5);
    expect(kept).toBeLessThan(50);
    const said = beside.flatMap((line) => ('sentence' in line ? [line.sentence] : []));
    expect(said).toContainEqual(expect.stringMatching(new RegExp(`^${50 - kept} × .*hologram.*left out`)));
  });

  it('leaves no file where the record holds everything, or was not written', () => {
    using folder = createTemporaryFolder();
    const [record, beside] = [folder.file('record.jsonl'), folder.file('beside.jsonl')];
    const sample: ImportedSample = {
      ...{ id: toUntrusted('1'), epoch: 1, trialId: 'trial-1', events: [trialStart() as ImportedEvent], times: [0] },
      ...{ scores: [], unmapped: [], foreign: [] },
    };
    writeImportedSample({ record, beside }, sample);
    expect(readdirSync(folder.path)).toEqual(['record.jsonl']);
    const scored = { ...sample, scores: [{ name: 'a', value: 1, explanation: '' }] };
    expect(() => writeImportedSample({ record, beside }, scored)).toThrow(/EEXIST/);
    const broken = { ...scored, events: [trialStart() as ImportedEvent, { kind: 'message' } as never] };
    expect(() => writeImportedSample({ record: folder.file('other.jsonl'), beside }, broken)).toThrow();
    expect(existsSync(beside)).toBe(false);
    expect(readdirSync(folder.path)).toEqual(['record.jsonl']);
  });
});
