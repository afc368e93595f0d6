import { readFileSync, statSync, writeFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createControlAgent } from '../agent/control-agent.ts';
import { type ControlMove, type ControlView, defineControl } from '../agent/control.ts';
import { runAgent } from '../agent/testing.ts';
import { createSystemWorld } from '../base/world.ts';
import { openJournal } from './journal-writer.ts';
import { createTemporaryFolder, trialStart } from './testing.ts';
import { type Verification, verifyRecord } from './verify.ts';

type Act = () => Generator<ControlMove, void, ControlView>;

/** Records a run of the real loop in the memory sandbox, with real clocks. */
async function recordLoop(path: string, act: Act, turnsMax: number): Promise<string> {
  const world = createSystemWorld();
  const journal = openJournal({ path, now: world.now });
  journal.append(trialStart());
  const agent = createControlAgent(
    defineControl({ name: 'test', summary: 'as the test says', expected: 'limit', act }),
  );
  const limits = { turnsMax, durationMsMax: 600_000 };
  const { end } = await runAgent(agent, { limits, elapsed: world.elapsed, emit: journal.append });
  journal.append({ kind: 'agent-end', reason: end.reason, detail: null });
  journal.append({ kind: 'trial-end', durationMs: world.elapsed() });
  journal.seal();
  return path;
}

describe('a record of the real loop', () => {
  it('grows linearly: a turn takes as many bytes after 1,000 turns as after 10', async () => {
    using folder = createTemporaryFolder();
    const bytes: number[] = [];
    for (const turns of [10, 100, 1000]) {
      const path = await recordLoop(
        folder.file(`${turns}.jsonl`),
        function* () {
          for (;;) yield { do: 'run', command: 'true' };
        },
        turns,
      );
      expect(verifyRecord(path).problem).toBeNull();
      bytes.push(statSync(path).size);
    }
    const [ten = 0, hundred = 0, thousand = 0] = bytes;
    const perTurn = [ten / 10, hundred / 100, thousand / 1000];
    expect((perTurn[2] ?? 0) / (perTurn[1] ?? 0)).toBeLessThan(1.2);
    // Apart from the fixed parts of a record, turns differ only in the number of digits.
    const [early, late] = [(hundred - ten) / 90, (thousand - hundred) / 900];
    expect(late / early).toBeLessThan(1.05);
    expect(late / early).toBeGreaterThan(0.95);
  });
});

describe('a change of a real record', async () => {
  using folder = createTemporaryFolder();
  const path = await recordLoop(
    folder.file('record.jsonl'),
    function* () {
      yield { do: 'run', command: 'echo hello > note; ls -la' };
      yield { do: 'run-together', commands: ['cat note', 'echo "ünïcödé 🙂 \uFFFD \\ \u001B[2J"'] };
      yield { do: 'say', text: 'Let me think.' };
      yield { do: 'call', tool: 'shell', input: '{"cmd"' };
      yield { do: 'submit', answer: '42' };
    },
    20,
  );
  const original = readFileSync(path);
  const lines = original.toString('utf8').split('\n').slice(0, -1);

  const verified = (content: string | Uint8Array): Verification => {
    using copy = createTemporaryFolder();
    writeFileSync(copy.file('copy.jsonl'), content);
    return verifyRecord(copy.file('copy.jsonl'));
  };
  const joined = (changed: readonly string[]): string => changed.map((line) => `${line}\n`).join('');
  const lineOf = (byte: number): number => original.subarray(0, byte).toString('latin1').split('\n').length;
  const at = fc.nat(lines.length - 1);

  it('is not reported for the original record', () => {
    expect(verified(original)).toMatchObject({ problem: null, events: lines.length });
    expect(lines.length).toBeGreaterThan(20);
  });

  it('is found for any single byte, and the line is named', () => {
    fc.assert(
      fc.property(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), (byte, flip) => {
        const changed = Buffer.from(original);
        changed[byte] = (changed[byte] ?? 0) ^ flip;
        const { problem } = verified(changed);
        expect(problem).not.toBeNull();
        expect(problem?.line).toBeGreaterThanOrEqual(lineOf(byte));
        expect(problem?.line).toBeLessThanOrEqual(lineOf(byte) + 1);
        expect(problem?.text).toMatch(/^line \d+: /);
      }),
      { numRuns: 800 },
    );
  });

  it('is found if it makes the bytes of a character invalid', () => {
    const mark = original.indexOf(Buffer.from('\uFFFD'));
    for (const value of [0xf0, 0xf1, 0xf3]) {
      const changed = Buffer.from(original);
      // A reader that decodes invalid bytes as U+FFFD would see the same text as before.
      changed[mark] = value;
      expect(verified(changed).problem).toMatchObject({ line: lineOf(mark) });
    }
  });

  it('is found if it keeps every value: other notation, or a duplicate key', () => {
    const index = lines.findIndex((line) => /"durationMs":\d+\.\d+/.test(line));
    const line = lines[index] ?? '';
    for (const other of [
      line.replace(/("durationMs":\d+\.\d+)/, '$100'),
      line.replace('{', '{ '),
      line.replace('"seq"', '"seq":7,"seq"'),
      line.replace('"kind"', String.raw`"\u006bind"`),
      `${line} `,
      `${line}\r`,
    ]) {
      expect(other).not.toBe(line);
      expect(verified(joined(lines.with(index, other))).problem).toMatchObject({ line: index + 1 });
    }
  });

  it('is found if bytes are inserted or removed', () => {
    fc.assert(
      fc.property(fc.nat(original.length), fc.uint8Array({ maxLength: 3 }), fc.nat(3), (byte, inserted, taken) => {
        const changed = Buffer.concat([original.subarray(0, byte), inserted, original.subarray(byte + taken)]);
        fc.pre(!changed.equals(original));
        expect(verified(changed).problem?.line).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });

  it('is found if a line is missing', () => {
    fc.assert(
      fc.property(at, (index) => {
        expect(verified(joined(lines.toSpliced(index, 1))).problem?.line).toBe(index + 1);
      }),
    );
  });

  it('is found if a line is duplicated', () => {
    fc.assert(
      fc.property(at, at, (index, to) => {
        const { problem } = verified(joined(lines.toSpliced(to, 0, lines[index] ?? '')));
        expect(problem?.line).toBeGreaterThanOrEqual(to + 1);
        expect(problem?.line).toBeLessThanOrEqual(to + 2);
      }),
    );
  });

  it('is found if two lines are swapped', () => {
    fc.assert(
      fc.property(at, at, (one, other) => {
        fc.pre(one !== other);
        const swapped = lines.with(one, lines[other] ?? '').with(other, lines[one] ?? '');
        expect(verified(joined(swapped)).problem?.line).toBe(Math.min(one, other) + 1);
      }),
    );
  });

  it('is found if the record is truncated anywhere', () => {
    fc.assert(
      fc.property(fc.nat(original.length - 1), (length) => {
        expect(verified(original.subarray(0, length)).problem?.line).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});
