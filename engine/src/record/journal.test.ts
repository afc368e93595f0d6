import { readFileSync, statSync, writeFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { sha256 } from '../base/sha256.ts';
import { toUntrusted } from '../base/untrusted-text.ts';
import type { NewEvent } from './events.ts';
import { GENESIS } from './hash-chain.ts';
import { readRecord } from './journal-reader.ts';
import { openJournal } from './journal-writer.ts';
import { createTemporaryFolder, trialStart, writeRecord } from './testing.ts';
import { verifyRecord } from './verify.ts';

const message = (index: number, text: string): NewEvent => ({
  kind: 'message',
  index,
  role: 'assistant',
  parts: [{ type: 'text', text: toUntrusted(text) }],
});

const someRecord: readonly NewEvent[] = [
  trialStart(),
  ...Array.from({ length: 8 }, (_, index) => message(index, `text ${index}`)),
  { kind: 'agent-end', reason: 'submitted', detail: null },
  { kind: 'trial-end', durationMs: 12 },
];

function corrupted(change: (lines: string[]) => string[] | string): ReturnType<typeof verifyRecord> {
  using folder = createTemporaryFolder();
  const path = writeRecord(folder.file('record.jsonl'), someRecord);
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const changed = change(lines);
  writeFileSync(path, typeof changed === 'string' ? changed : changed.map((line) => `${line}\n`).join(''));
  return verifyRecord(path);
}

describe('a record', () => {
  it('reads back exactly as written, whatever the texts contain', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 12 }), (texts) => {
        using folder = createTemporaryFolder();
        const path = writeRecord(folder.file('record.jsonl'), [
          trialStart(),
          ...texts.map((text, i) => message(i, text)),
        ]);
        const events = readRecord(path);
        expect(events.map((event) => event.kind)).toEqual(['trial-start', ...texts.map(() => 'message'), 'seal']);
        expect(events.flatMap((event) => (event.kind === 'message' ? event.parts : []))).toEqual(
          texts.map((text) => ({ type: 'text', text: text.toWellFormed() })),
        );
        expect(verifyRecord(path).problem).toBeNull();
      }),
      { numRuns: 50 },
    );
  });

  it('cannot be overwritten', () => {
    using folder = createTemporaryFolder();
    const path = writeRecord(folder.file('record.jsonl'), someRecord);
    expect(() => openJournal({ path, now: () => 0 })).toThrow(/could not write the record .*EEXIST/);
  });

  it('refuses an event that the reader would refuse', () => {
    using folder = createTemporaryFolder();
    const journal = openJournal({ path: folder.file('record.jsonl'), now: () => 0 });
    expect(() => journal.append({ kind: 'trial-end', durationMs: -1 })).toThrow();
    journal.close();
  });

  it('grows linearly with the turns, because messages are stored once', () => {
    using folder = createTemporaryFolder();
    let files = 0;
    const bytesAfter = (turns: number): number => {
      const events: NewEvent[] = [trialStart()];
      for (let turn = 1; turn <= turns; turn++) {
        events.push(message(turn, 'x'.repeat(1000)), {
          kind: 'model-call',
          turn,
          requested: { model: 'control/complier', parameters: {} },
          prompt: [{ from: 0, to: turn }],
          attempts: [],
          answer: null,
          durationMs: 1,
        });
      }
      return statSync(writeRecord(folder.file(`${turns}-${files++}.jsonl`), events)).size;
    };
    const perTurn = [10, 100, 1000].map((turns) => (bytesAfter(turns) - bytesAfter(turns / 10)) / (turns - turns / 10));
    // A further turn takes the same number of bytes after 10, 100 and 1,000 turns, apart from the digits of numbers.
    expect(Math.max(...perTurn) / Math.min(...perTurn)).toBeLessThan(1.02);
  });
});

describe('verify', () => {
  it('finds no problem in an untouched record', () => {
    expect(corrupted((lines) => lines)).toMatchObject({ trialId: 'trial-1', events: 12, problem: null });
  });

  it('names the line of an edit that leaves a valid event', () => {
    expect(corrupted((lines) => lines.with(4, (lines[4] ?? '').replace('text 3', 'text X'))).problem).toMatchObject({
      line: 5,
      code: 'broken-chain',
    });
  });

  it('names the first missing line', () => {
    expect(corrupted((lines) => lines.toSpliced(3, 1)).problem).toMatchObject({ line: 4, code: 'wrong-sequence' });
  });

  it('finds a line with reordered keys, or with an added "__proto__" key', () => {
    const reordered = (line: string): string => line.replace(/^(\{"chain":"\w+",)("at":\d+),(.*)\}$/, '$1$3,$2}');
    const added = (line: string): string => line.replace(/\}$/, ',"__proto__":1}');
    for (const change of [reordered, added]) {
      const problem = corrupted((lines) => lines.with(4, change(lines[4] ?? ''))).problem;
      expect(problem).toMatchObject({ line: 5 });
    }
  });

  it('can be reproduced in a shell, because the bytes of each line are hashed directly', () => {
    using folder = createTemporaryFolder();
    const path = writeRecord(folder.file('record.jsonl'), someRecord);
    let head = GENESIS;
    for (const line of readFileSync(path, 'utf8').trim().split('\n')) {
      const [, named = '', rest = ''] = /^\{"chain":"(\w{64})",(.*)$/.exec(line) ?? [];
      head = sha256(head + rest);
      expect(head).toBe(named);
    }
  });

  it('finds swapped lines', () => {
    expect(corrupted((lines) => lines.with(3, lines[5] ?? '').with(5, lines[3] ?? '')).problem).toMatchObject({
      line: 4,
    });
  });

  it('finds a missing seal', () => {
    expect(corrupted((lines) => lines.slice(0, -1)).problem).toMatchObject({ line: 12, code: 'no-seal' });
  });

  it('finds a line cut in the middle', () => {
    expect(corrupted((lines) => lines.join('\n').slice(0, -5)).problem).toMatchObject({ line: 12, code: 'cut' });
  });

  it('finds lines added after the seal', () => {
    expect(corrupted((lines) => [...lines, lines[1] ?? '']).problem).toMatchObject({ line: 13, code: 'after-seal' });
  });

  it('refuses a record of a newer version, and says what to do', () => {
    const problem = corrupted((lines) => lines.with(0, (lines[0] ?? '').replace('"version":2', '"version":3'))).problem;
    expect(problem).toMatchObject({ line: 1, code: 'newer-version' });
    expect(problem?.text).toBe(
      'line 1: the record has version 3, this Offswitch reads versions 1 to 2: install a newer Offswitch to read it',
    );
  });

  it('refuses a file that is not a record', () => {
    expect(corrupted(() => 'hello\n').problem).toMatchObject({ line: 1, code: 'not-json' });
    expect(corrupted(() => '{"a":1}\n').problem).toMatchObject({ line: 1, code: 'wrong-format' });
    expect(corrupted(() => '').problem).toMatchObject({ line: 1, code: 'no-seal' });
  });

  it('finds a change of any single byte, and never names a line after it', () => {
    using folder = createTemporaryFolder();
    const path = writeRecord(folder.file('record.jsonl'), someRecord);
    const bytes = readFileSync(path);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        const line = bytes.subarray(0, at).toString('latin1').split('\n').length;
        const copy = folder.file('copy.jsonl');
        writeFileSync(copy, changed);
        const { problem } = verifyRecord(copy);
        // The writer puts no white space between JSON tokens, so every byte matters.
        expect(problem).not.toBeNull();
        expect(problem?.line).toBeLessThanOrEqual(line + 1);
      }),
      { numRuns: 400 },
    );
  });
});
