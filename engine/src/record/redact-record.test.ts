import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { hideSecrets } from '../base/hide-secrets.ts';
import { toUntrusted } from '../base/untrusted-text.ts';
import type { NewEvent, RedactionNote } from './events.ts';
import { readRecord } from './journal-reader.ts';
import { redactRecord } from './redact-record.ts';
import { createTemporaryFolder, trialStart, writeRecord } from './testing.ts';
import { verifyRecord } from './verify.ts';

const note: RedactionNote = { at: '2026-01-01T00:00:00.000Z', by: 'someone', reason: 'a key was printed' };
const without =
  (secret: string) =>
  (text: string): string =>
    hideSecrets(text, [secret]);
const linesOf = (path: string): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);

/** One event for each place where a text can stand. */
const places: readonly ((text: string) => NewEvent)[] = [
  (text) => ({ kind: 'message', index: 0, role: 'user', parts: [{ type: 'text', text: toUntrusted(text) }] }),
  (text) => ({ kind: 'tool-call', callId: 'c', tool: 'bash', command: toUntrusted(text), reason: null }),
  (text) => ({ kind: 'tool-call', callId: text, tool: text, command: null, reason: toUntrusted(text) }),
  (text) => ({ kind: 'note', name: 'mail', data: { deep: [{ [text]: 1 }, text] } }),
  (text) => ({ kind: 'mark', name: 'notice', text, data: {} }),
  (text) => ({ kind: 'infrastructure-error', stage: 'model', code: 'refused', text: toUntrusted(text) }),
  // As the arguments of a call: JSON in JSON.
  (text) => ({ kind: 'submission', callId: 'c', text: toUntrusted(JSON.stringify({ input: text })) }),
  (text) => ({ kind: 'submission', callId: 'c', text: toUntrusted(Buffer.from(`key=${text}`).toString('base64')) }),
];

const secret = fc
  .string({ unit: 'grapheme', minLength: 8, maxLength: 40 })
  .map((text) => text.toWellFormed())
  .filter((text) => text.trim().length >= 8 && new Set(text).size > 4 && !/secret|redact/.test(text));
/** Which place, and what stands before and after the secret there; or no secret. */
const planted = fc.array(
  fc.oneof(
    fc.record({ place: fc.nat(places.length - 1), before: fc.constantFrom('', 'x ', '\n'), holds: fc.boolean() }),
  ),
  { minLength: 1, maxLength: 8 },
);

function recordWith(path: string, text: string, where: readonly { place: number; before: string; holds: boolean }[]) {
  return writeRecord(path, [
    trialStart(),
    ...where
      .map(({ place, before, holds }) => places[place]?.(`${before}${holds ? text : 'nothing'}`))
      .filter((event) => event !== undefined),
    { kind: 'trial-end', durationMs: 1 },
  ]);
}

describe('a secret taken out of a record', () => {
  it('is nowhere in it afterwards, and every other line has its bytes and is proven as before', () => {
    fc.assert(
      fc.property(secret, planted, (text, where) => {
        using folder = createTemporaryFolder();
        const path = recordWith(folder.file('record.jsonl'), text, where);
        const before = linesOf(path);
        const found = redactRecord(path, without(text), note);
        const after = linesOf(path);
        const held = where.flatMap(({ holds }, index) => (holds ? index + 2 : []));
        expect(found).toEqual({ redacted: held, unproven: [], left: [] });
        expect(after.filter((_, index) => !held.includes(index + 1))).toEqual(
          before.filter((_, index) => !held.includes(index + 1)),
        );
        const file = readFileSync(path, 'utf8');
        for (const form of [text, JSON.stringify(text).slice(1, -1), Buffer.from(text).toString('hex')])
          expect(file).not.toContain(form);
        expect(JSON.stringify(readRecord(path))).not.toContain(Buffer.from(`key=${text}`).toString('base64'));
        expect(verifyRecord(path)).toMatchObject({
          problem: null,
          redacted: held,
          events: before.length - held.length,
        });
        // A second time finds nothing.
        expect(redactRecord(path, without(text), note)).toEqual({ redacted: [], unproven: [], left: [] });
        expect(readFileSync(path, 'utf8')).toBe(file);
      }),
      { numRuns: 30 },
    );
  });

  it('does not hide any other change: every byte of a line that is not redacted is still proven', () => {
    using folder = createTemporaryFolder();
    const where = [0, 1, 2, 3].map((place) => ({ place, before: '', holds: place % 2 === 1 }));
    const path = recordWith(folder.file('record.jsonl'), 'hunter2-hunter2', where);
    redactRecord(path, without('hunter2-hunter2'), note);
    const lines = linesOf(path);
    const own = lines.flatMap((line, index) => (line.includes('"kind":"redaction"') ? [] : [index]));
    expect(own).toHaveLength(lines.length - 2);
    fc.assert(
      fc.property(fc.constantFrom(...own), fc.nat(), fc.integer({ min: 1, max: 127 }), (index, at, flip) => {
        const bytes = Buffer.from(lines[index] ?? '');
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ flip;
        const copy = folder.file('copy.jsonl');
        writeFileSync(
          copy,
          Buffer.concat(
            lines.map((line, own) => Buffer.concat([own === index ? bytes : Buffer.from(line), Buffer.from('\n')])),
          ),
        );
        expect(verifyRecord(copy).problem).not.toBeNull();
      }),
    );
  });

  it('leaves the hash that the next line proves: another hash in a redacted line is found', () => {
    using folder = createTemporaryFolder();
    const path = recordWith(folder.file('record.jsonl'), 'hunter2-hunter2', [{ place: 0, before: '', holds: true }]);
    redactRecord(path, without('hunter2-hunter2'), note);
    const lines = linesOf(path);
    const other = (lines[1] ?? '').replace(
      /"chain":"./,
      (start) => start.slice(0, -1) + (start.endsWith('0') ? '1' : '0'),
    );
    writeFileSync(path, `${lines.with(1, other).join('\n')}\n`);
    expect(verifyRecord(path).problem).toMatchObject({ line: 3, code: 'broken-chain' });
  });

  it('makes no line look proven that was changed before', () => {
    using folder = createTemporaryFolder();
    const path = recordWith(
      folder.file('record.jsonl'),
      'hunter2-hunter2',
      [0, 1].map((place) => ({ place, before: '', holds: true })),
    );
    writeFileSync(path, readFileSync(path, 'utf8').replace('"role":"user"', '"role":"tool"'));
    const { problem } = verifyRecord(path);
    expect(redactRecord(path, without('hunter2-hunter2'), note)).toEqual({ redacted: [], unproven: [2, 3], left: [] });
    expect(verifyRecord(path).problem).toEqual(problem);
    expect(readFileSync(path, 'utf8')).not.toContain('hunter2');
  });

  it('is taken out of an unfinished record too, also of a last line that was cut', () => {
    using folder = createTemporaryFolder();
    const where = [0, 1, 2].map((place) => ({ place, before: '', holds: true }));
    const path = recordWith(folder.file('record.jsonl'), 'hunter2-hunter2', where);
    const [start = '', first = '', second = ''] = linesOf(path);
    writeFileSync(path, `${start}\n${first}\n${second.slice(0, -3)}`);
    expect(redactRecord(path, without('hunter2-hunter2'), note)).toEqual({ redacted: [2], unproven: [3], left: [] });
    expect(readFileSync(path, 'utf8')).not.toContain('hunter2');
    expect(verifyRecord(path).problem).toMatchObject({ line: 3, code: 'cut' });
  });

  it('is named where no redaction can stand: in the first line, in the seal, in a hash, a number or a kind', () => {
    using folder = createTemporaryFolder();
    const path = recordWith(folder.file('record.jsonl'), '', [{ place: 0, before: '', holds: true }]);
    const before = readFileSync(path, 'utf8');
    for (const [text, left] of [
      ['trial-1', [1]],
      ['"user"', [2]],
      ['1700000000003', [4]],
    ] as const) {
      expect(redactRecord(path, (line) => line.replaceAll(text, 'X'), note)).toEqual({
        redacted: [],
        unproven: [],
        left,
      });
      expect(readFileSync(path, 'utf8')).toBe(before);
    }
  });

  it('keeps who, when and why of each redaction of a line, and a later one takes its own secret out of them', () => {
    using folder = createTemporaryFolder();
    const path = recordWith(folder.file('record.jsonl'), 'first-key and second-key', [
      { place: 0, before: '', holds: true },
    ]);
    redactRecord(path, without('first-key'), { ...note, reason: 'not second-key' });
    redactRecord(path, without('second-key'), { ...note, by: 'another' });
    expect(readRecord(path)[1]).toMatchObject({
      kind: 'redaction',
      seq: 1,
      event: { kind: 'message', parts: [{ text: '[secret] and [secret]' }] },
      redactions: [{ by: 'someone', reason: 'not [secret]' }, { by: 'another' }],
    });
    expect(verifyRecord(path)).toMatchObject({ problem: null, redacted: [2] });
  });

  it('is taken out of records of version 1', () => {
    const source = fileURLToPath(new URL('../../../docs/local-model/trials/', import.meta.url));
    using folder = createTemporaryFolder();
    const path = folder.file('record.jsonl');
    for (const name of readdirSync(source)) {
      writeFileSync(path, readFileSync(`${source}${name}`));
      const { redacted, left } = redactRecord(path, without('./next_sum'), note);
      expect(redacted.length).toBeGreaterThan(0);
      expect(left).toEqual([]);
      expect(verifyRecord(path)).toMatchObject({ problem: null, redacted });
    }
  });
});

describe('a forged redaction', () => {
  const forged = (change: (line: { chain: string; event: object }) => object): ReturnType<typeof verifyRecord> => {
    using folder = createTemporaryFolder();
    const path = recordWith(folder.file('record.jsonl'), 'hunter2-hunter2', [{ place: 0, before: '', holds: true }]);
    redactRecord(path, without('hunter2-hunter2'), note);
    const lines = linesOf(path);
    writeFileSync(path, `${lines.with(1, JSON.stringify(change(JSON.parse(lines[1] ?? '')))).join('\n')}\n`);
    return verifyRecord(path);
  };

  it('cannot claim another kind, because the seal counts kinds', () => {
    const other = { at: 1, data: {}, kind: 'note', name: 'x', seq: 1 };
    expect(forged((line) => ({ ...line, event: other })).problem).toMatchObject({ line: 4, code: 'wrong-seal' });
  });

  it('cannot stand for a first line or a seal, at another place, without a reason, or hold anything else', () => {
    const seal = { at: 1, counts: {}, events: 1, head: '0'.repeat(64), kind: 'seal', seq: 1 };
    expect(forged((line) => ({ ...line, event: seal })).problem).toMatchObject({ line: 2, code: 'invalid-event' });
    expect(forged((line) => ({ ...line, event: { ...line.event, seq: 7 } })).problem).toMatchObject({
      code: 'wrong-sequence',
    });
    expect(forged((line) => ({ ...line, redactions: [] })).problem).toMatchObject({ code: 'invalid-event' });
    expect(forged((line) => ({ ...line, more: 1 })).problem).toMatchObject({ code: 'invalid-event' });
    expect(forged((line) => Object.fromEntries(Object.entries(line).toReversed())).problem).toMatchObject({ line: 2 });
  });
});
