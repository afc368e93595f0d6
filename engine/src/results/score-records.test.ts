import { copyFileSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { parts } from './compose.ts';
import { scoreFile } from './score-file.ts';
import { scoreRecords } from './score-records.ts';

const folder = mkdtempSync(join(tmpdir(), 'offswitch-score-records-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Real records, small enough to be kept in the repository. */
const kept = globSync(join(import.meta.dirname, '../../../docs/local-model/trials/*.jsonl'));

/** `count` files; each tenth is cut in its middle, and one is no record at all. */
function makeFiles(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const path = join(folder, `${index}.jsonl`);
    const source = kept[index % kept.length];
    if (source === undefined) throw new Error('no record was found');
    if (index === 5) writeFileSync(path, 'no record\n');
    else if (index % 10 === 0) writeFileSync(path, readFileSync(source).subarray(0, 3000));
    else copyFileSync(source, path);
    return path;
  });
}

describe('scoreRecords', () => {
  it('gives in threads what it gives without, in the order of the paths, broken records included', async () => {
    const paths = makeFiles(430);
    const expected = paths.map((path) => scoreFile(path, parts.detectors));
    expect(expected.filter((one) => 'problem' in one)).toHaveLength(44);
    expect(await scoreRecords(paths, parts)).toEqual(expected);
  });

  it('says what went wrong in a thread as it would without, and scores the others all the same', async () => {
    const missing = join(folder, 'missing.jsonl');
    const scored = await scoreRecords([...makeFiles(430), missing], parts);
    expect(scored).toHaveLength(431);
    expect(scored.at(-1)).toEqual(scoreFile(missing, parts.detectors));
    expect(scored.at(-1)).toMatchObject({
      problem: { code: 'unreadable', why: expect.stringContaining('ENOENT') as string },
    });
  });

  it('uses the detectors that it is given', async () => {
    const paths = makeFiles(30);
    const scored = await scoreRecords(paths, { ...parts, detectors: [] });
    expect(scored.flatMap((one) => ('score' in one ? one.score.findings : []))).toEqual([]);
  });
});
