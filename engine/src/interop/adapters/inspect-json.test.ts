import { writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { readAsData } from '../../base/untrusted-text.ts';
import { createTemporaryFolder } from '../../record/testing.ts';
import { describeLogReaderContract } from '../contract-suite.ts';
import { commandsOf, readAll } from '../testing.ts';
import { inspectEvalReader } from './inspect-eval.ts';
import { inspectJsonReader } from './inspect-json.ts';
import { inspectHeader, inspectSample, writeEvalLog } from './inspect/testing.ts';

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

  it.each([
    ['is no JSON', '{"id": nonsense}', 'got text that is none'],
    ['is no sample', '[]', 'sample 1 is left out: expected a sample'],
    ['is too large', JSON.stringify(inspectSample({ metadata: { text: 'x'.repeat(20_000) } })), 'at most 10000 bytes'],
    ['holds a text without an end', `{"id":"${'x'.repeat(200_000)}`, 'at most 10000 bytes'],
    ['is nested too deep', `{"id":"a","store":${'['.repeat(300)}${']'.repeat(300)}}`, 'at most 200 nested levels'],
  ])('gives the samples before one that %s, and a sentence', async (_what, bad, sentence) => {
    using folder = createTemporaryFolder();
    const path = folder.file('log.json');
    writeFileSync(
      path,
      `{"version":2,"status":"s","eval":{"task":"t"},"samples":[${JSON.stringify(inspectSample())},${bad}]}`,
    );
    const { samples, problems } = await readAll(inspectJsonReader, path, { limits: { sampleBytesMax: 10_000 } });
    expect(samples.map(({ id }) => readAsData(id))).toEqual(['sample-1']);
    expect(problems).toEqual([expect.stringContaining(sentence)]);
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
