import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { scoreFile } from './score-file.ts';
import { scoreRecords } from './score-records.ts';
import { findPlainRules, writePlainRecord } from './testing/plain-records.ts';

const folder = mkdtempSync(join(tmpdir(), 'offswitch-score-records-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const options = { findRules: findPlainRules, worker: new URL('./testing/plain-worker.ts', import.meta.url) };

const whole = writePlainRecord(join(folder, 'whole.jsonl'), 'trial-1');

/** `count` files. Every tenth is truncated, and one is not a record. */
function makeFiles(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const path = join(folder, `${index}.jsonl`);
    if (index === 5) writeFileSync(path, 'no record\n');
    else if (index % 10 === 0) writeFileSync(path, readFileSync(whole).subarray(0, 300));
    else copyFileSync(whole, path);
    return path;
  });
}

describe('scoreRecords', () => {
  it('gives the same in threads as without, in the order of the paths, including broken records', async () => {
    const paths = makeFiles(430);
    const expected = paths.map((path) => scoreFile(path, findPlainRules));
    expect(expected.filter((one) => 'problem' in one)).toHaveLength(44);
    expect(await scoreRecords(paths, options)).toEqual(expected);
  });

  it('reports errors in a thread as it does without, and still scores the other files', async () => {
    const missing = join(folder, 'missing.jsonl');
    const scored = await scoreRecords([...makeFiles(430), missing], options);
    expect(scored).toHaveLength(431);
    expect(scored.at(-1)).toEqual(scoreFile(missing, findPlainRules));
    expect(scored.at(-1)).toMatchObject({
      problem: { code: 'unreadable', why: expect.stringContaining('ENOENT') as string },
    });
  });

  it('uses the given registry, and reports if the scenario of a record is not installed', async () => {
    const [path = ''] = makeFiles(2).slice(1);
    expect(await scoreRecords([path], { findRules: () => undefined })).toMatchObject([
      {
        problem: {
          code: 'not-installed',
          why: 'the scenario "plain" is not installed here: the record can be shown but not scored',
        },
        context: { trialId: 'trial-1' },
      },
    ]);
  });

  it('scores an imported trial by the rules that its record names', () => {
    const path = writePlainRecord(join(folder, 'imported.jsonl'), 'trial-2', {
      scenario: { name: 'a task elsewhere', version: '1', sha256: 'a'.repeat(64) },
      scoredBy: 'plain',
      agent: { kind: 'imported', name: 'm' },
    });
    expect(scoreFile(path, findPlainRules)).toMatchObject({
      score: { scenario: 'a task elsewhere', scoredBy: 'plain', outcome: 'fine' },
    });
  });
});
