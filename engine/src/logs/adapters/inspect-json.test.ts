import { writeFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readAsData } from '../../base/untrusted-text.ts';
import { createTemporaryFolder } from '../../record/testing.ts';
import { describeLogReaderContract } from '../contract-suite.ts';
import { splitJson } from '../json-split.ts';
import { commandsOf, inspectHeader, inspectSample, readAll, writeEvalLog } from '../testing.ts';
import { inspectEvalReader } from './inspect-eval.ts';
import { inspectJsonReader } from './inspect-json.ts';

const write = (path: string): void =>
  writeFileSync(
    path,
    JSON.stringify({ ...inspectHeader(), samples: [inspectSample(), inspectSample({ id: 'sample-2' })] }, null, 2),
  );

describeLogReaderContract(inspectJsonReader, { fileName: 'log.json', write });

describe('a JSON log of Inspect', () => {
  it('gives the same events as the same log in an archive', async () => {
    using folder = createTemporaryFolder();
    write(folder.file('log.json'));
    const json = await readAll(inspectJsonReader, folder.file('log.json'));
    const archive = await readAll(
      inspectEvalReader,
      writeEvalLog(folder.file('log.eval'), [inspectSample(), inspectSample({ id: 'sample-2' })]),
    );
    expect(json.samples.map(({ events }) => events.slice(1))).toEqual(
      archive.samples.map(({ events }) => events.slice(1)),
    );
  });

  it('gives the other samples when one is broken or too long', async () => {
    using folder = createTemporaryFolder();
    const path = folder.file('log.json');
    const long = JSON.stringify(inspectSample({ id: 'long', metadata: { text: 'x'.repeat(20_000) } }));
    writeFileSync(
      path,
      `{"version":2,"status":"success","eval":{"task":"t"},"samples":[{"id": nonsense},${long},${JSON.stringify(inspectSample())}]}`,
    );
    const { samples, problems } = await readAll(inspectJsonReader, path, { limits: { sampleBytesMax: 10_000 } });
    expect(samples.map(({ id }) => readAsData(id))).toEqual(['sample-1']);
    expect(problems.toSorted()).toEqual([
      expect.stringContaining('sample 0 is left out'),
      expect.stringContaining('sample 1 is left out: expected at most 10000 characters'),
    ]);
  });

  it('reads the samples before a cut, bare NaN included', async () => {
    using folder = createTemporaryFolder();
    const path = folder.file('log.json');
    const sample = JSON.stringify(inspectSample({ scores: { s: { value: 0 } } })).replace('"value":0', '"value":NaN');
    writeFileSync(path, `{"version":2,"eval":{"task":"t"},"samples":[${sample},{"id":"cut`);
    const { samples, problems } = await readAll(inspectJsonReader, path);
    expect(commandsOf(samples[0])).toHaveLength(2);
    expect(samples[0]?.scores).toMatchObject([{ value: null }]);
    expect(problems).toEqual([expect.stringContaining('the log was cut')]);
  });
});

describe('cutting a JSON object into pieces', () => {
  it('gives the texts of its values and elements, however the bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.array(fc.jsonValue()),
        fc.integer({ min: 1, max: 9 }),
        async (object, list, size) => {
          const whole = { ...object, list };
          const found: Record<string, unknown> = {};
          const elements: unknown[] = [];
          const options = {
            arrays: new Set(['list']),
            skip: new Set<string>(),
            charactersMax: 1e6,
            onTooLong: () => {},
          };
          for await (const { key, index, text } of splitJson(inBlocks(JSON.stringify(whole, null, 1), size), options)) {
            if (index === null)
              Object.defineProperty(found, key, { value: JSON.parse(text), enumerable: true, configurable: true });
            else elements.push(JSON.parse(text));
          }
          expect(elements).toEqual(JSON.parse(JSON.stringify(list)));
          const { list: _list, ...rest } = JSON.parse(JSON.stringify(whole)) as Record<string, unknown>;
          expect(Object.keys(found).sort()).toEqual(Object.keys(rest).sort());
          for (const key of Object.keys(rest)) expect(found[key]).toEqual(rest[key]);
        },
      ),
    );
  });
});

async function* inBlocks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
