import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { trialEventSchema } from '../record/events.ts';
import { GENESIS, writeChainedLine } from '../record/hash-chain.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { verifyRecord } from '../record/verify.ts';
import { IMPORTED_KINDS, type ImportedSample, type LogReader } from './contract.ts';
import { readAll } from './testing.ts';
import { writeImportedSample } from './write-sample.ts';

export interface LogReaderExample {
  /** `log.eval`. */
  readonly fileName: string;
  /** Writes an ordinary log with at least one command in it. */
  readonly write: (path: string) => void;
}

/** What every reader promises, on an ordinary log of its format. */
export function describeLogReaderContract(reader: LogReader, { fileName, write }: LogReaderExample): void {
  describe(`log reader ${reader.name}`, () => {
    it('recognises its own format, and nothing else', async () => {
      using folder = createTemporaryFolder();
      const path = folder.file(fileName);
      write(path);
      expect(await reader.recognises(path)).toBe(true);
      const other = folder.file(`other-${fileName}`);
      writeFileSync(other, 'something else');
      mkdirSync(folder.file('empty'));
      expect(await reader.recognises(other)).toBe(false);
      expect(await reader.recognises(folder.file('empty'))).toBe(false);
      expect(await reader.recognises(folder.file('missing'))).toBe(false);
    });

    it('gives samples that a sealed record can hold, and that say where they came from', async () => {
      using folder = createTemporaryFolder();
      const path = folder.file(fileName);
      write(path);
      const { samples, problems } = await readAll(reader, path);
      expect(problems).toEqual([]);
      expect(samples.length).toBeGreaterThan(0);
      for (const [number, sample] of samples.entries()) {
        expectImported(sample, reader.name, fileName);
        const record = folder.file(`${number}.jsonl`);
        writeImportedSample({ record, beside: null }, sample);
        expect(verifyRecord(record)).toMatchObject({ trialId: sample.trialId, problem: null });
      }
    });

    it('reads a log twice alike', async () => {
      using folder = createTemporaryFolder();
      const path = folder.file(fileName);
      write(path);
      expect(await readAll(reader, path)).toEqual(await readAll(reader, path));
    });

    it('claims no evidence: nothing that only somebody outside the agent could have seen', async () => {
      using folder = createTemporaryFolder();
      const path = folder.file(fileName);
      write(path);
      const { samples } = await readAll(reader, path);
      for (const { events } of samples) for (const { kind } of events) expect(IMPORTED_KINDS).toContain(kind);
    });

    it('says with one sentence what a missing file and a file of another kind are', async () => {
      using folder = createTemporaryFolder();
      await expect(readAll(reader, folder.file('missing'))).rejects.toMatchObject({
        name: 'LogError',
        code: 'unreadable',
      });
      const other = folder.file(fileName);
      writeFileSync(other, 'something else entirely');
      await expect(readAll(reader, other)).rejects.toMatchObject({ name: 'LogError' });
    });

    it('reads a log that was cut anywhere as far as it goes, or says that it cannot', async () => {
      using folder = createTemporaryFolder();
      const path = folder.file(fileName);
      write(path);
      const whole = (await readAll(reader, path)).samples.length;
      for (let cut = 1; cut < 400; cut += 13) {
        const shorter = folder.file(`cut-${cut}-${fileName}`);
        write(shorter);
        truncateSync(shorter, Math.floor((statSync(shorter).size * cut) / 400));
        expect((await readWhatIsThere(reader, shorter)).length).toBeLessThanOrEqual(whole);
      }
    });

    it('makes valid events, or a sentence, of a log in which anything was changed', async () => {
      using folder = createTemporaryFolder();
      const path = folder.file(fileName);
      write(path);
      const whole = readFileSync(path);
      const token = fc.constantFrom(
        'null',
        '-1',
        '1e400',
        'NaN',
        '"x"',
        '[]',
        '{}',
        '[[{"a":1}]]',
        'true',
        '"__proto__"',
        '9007199254740993',
        '',
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(whole.length), fc.nat(12), token), { minLength: 1, maxLength: 4 }),
          async (changes) => {
            const changed = changes.reduce(
              (bytes, [at, length, text]) =>
                Buffer.concat([bytes.subarray(0, at), Buffer.from(text), bytes.subarray(at + length)]),
              whole,
            );
            writeFileSync(path, changed);
            for (const sample of await readWhatIsThere(reader, path)) expectHoldable(sample);
          },
        ),
        { numRuns: 300 },
      );
    });

    it('makes valid events, or a sentence, of a log in which any value was replaced', async () => {
      using folder = createTemporaryFolder();
      const path = folder.file(fileName);
      write(path);
      const whole = readFileSync(path, 'utf8');
      const values = [...whole.matchAll(/(?<=[:[,]\s*)(?:"(?:[^"\\]|\\.)*"|-?[\d.]+|null|true|false)(?=\s*[,\]}])/g)];
      if (values.length === 0) return;
      const value = fc.oneof(
        fc.constantFrom(
          'null',
          '-1',
          '1e400',
          'NaN',
          '-Infinity',
          '0.5',
          '1e300',
          '9007199254740993',
          '{"__proto__":1}',
          String.raw`"\ud800"`,
          String.raw`"\\ud800{"`,
        ),
        fc.json({ maxDepth: 2 }),
      );
      await fc.assert(
        fc.asyncProperty(fc.nat(values.length - 1), value, async (place, text) => {
          const found = values[place];
          const from = found?.index ?? 0;
          writeFileSync(path, whole.slice(0, from) + text + whole.slice(from + (found?.[0].length ?? 0)));
          for (const sample of await readWhatIsThere(reader, path)) expectHoldable(sample);
        }),
        { numRuns: 400 },
      );
    });

    it('stops when it is told to', async () => {
      using folder = createTemporaryFolder();
      const path = folder.file(fileName);
      write(path);
      await expect(readAll(reader, path, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    });

    it('refuses a sample above the limits with a sentence', async () => {
      using folder = createTemporaryFolder();
      const path = folder.file(fileName);
      write(path);
      for (const limits of [{ sampleBytesMax: 100 }, { eventsMax: 2 }, { depthMax: 1 }]) {
        const said = await readAll(reader, path, { limits }).then(
          ({ samples, problems }) => (samples.length === 0 ? problems.join(' ') : 'read all the same'),
          (error: unknown) => String(error),
        );
        expect(said).toMatch(/at most \d+/);
      }
    });
  });
}

/** Samples of a log that may be broken; rejects only with sentences. */
async function readWhatIsThere(reader: LogReader, path: string): Promise<readonly ImportedSample[]> {
  try {
    return (await readAll(reader, path)).samples;
  } catch (error) {
    expect(error).toMatchObject({ name: 'LogError' });
    return [];
  }
}

function expectImported({ events, times, trialId }: ImportedSample, reader: string, fileName: string): void {
  const [start] = events;
  expect(start).toMatchObject({
    kind: 'trial-start',
    scoredBy: 'any',
    agent: { kind: 'imported' },
    software: { 'imported-from': reader, 'source-file': fileName, evidence: expect.stringContaining('none') },
  });
  expect(times).toHaveLength(events.length);
  expect(trialId).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
  const starts = events.flatMap((event) => (event.kind === 'tool-call' ? [event.callId] : []));
  expect(starts.length).toBeGreaterThan(0);
  expect(new Set(starts).size).toBe(starts.length);
  const indexes = events.flatMap((event) => (event.kind === 'message' ? [event.index] : []));
  expect(indexes).toEqual(indexes.map((_, index) => index));
}

/** What `openJournal` asks of an event, without the disk. */
function expectHoldable({ events, times }: ImportedSample): void {
  events.forEach((event, seq) => {
    writeChainedLine(GENESIS, trialEventSchema.parse({ seq, at: times[seq], ...event }));
  });
}
