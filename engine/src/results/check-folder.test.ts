import { appendFileSync, copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../record/testing.ts';
import { keyOf } from '../study/key.ts';
import { readStudyFile } from '../study/log-folder.ts';
import { checkFolder } from './check-folder.ts';
import { readScores } from './read-scores.ts';
import { findPlainRules, plainStudy, writePlainRecord } from './testing/plain-records.ts';

const EPOCHS = 10;
const study = (() => {
  const { format, version: _, key: __, createdAt, ...plan } = plainStudy(EPOCHS);
  return { format, version: 2 as const, key: keyOf({ ...plan, budgetUsd: null }), createdAt, ...plan, budgetUsd: null };
})();

/** Checks a complete log folder after `change`, and returns all problems. */
async function problemsAfter(
  change: (place: { readonly folder: string; readonly record: (id: string) => string }) => void,
): Promise<readonly string[]> {
  using folder = createTemporaryFolder();
  mkdirSync(folder.file('trials'));
  const record = (id: string): string => join(folder.path, 'trials', `${id}.jsonl`);
  writeFileSync(folder.file('study.json'), JSON.stringify(study));
  for (const { trialId, epoch } of study.trials)
    writePlainRecord(record(trialId), trialId, { studyKey: study.key, epoch });
  change({ folder: folder.path, record });
  const read = await readScores([folder.path], {
    findRules: findPlainRules,
    base: folder.path,
    readForeign: () => Promise.resolve({ scores: [], problems: [] }),
  });
  const check = checkFolder(readStudyFile(folder.path), read.folders.get(folder.path) ?? []);
  return check === null ? [] : [...check.problems, ...check.missing];
}

describe('a folder checked against its plan', () => {
  it('has no problem if every planned trial has its record', async () => {
    expect(await problemsAfter(() => undefined)).toEqual([]);
  });

  it('names trials whose records are missing', async () => {
    const problems = await problemsAfter(({ record }) => {
      rmSync(record('trial-3'));
      rmSync(record('trial-7'));
    });
    expect(problems).toEqual(['2 of 10 planned trials have no record: trial-3, trial-7']);
  });

  it('names a trial whose record was edited or truncated', async () => {
    const edited = await problemsAfter(({ record }) => {
      const path = record('trial-4');
      writeFileSync(path, readFileSync(path, 'utf8').replace('"seed":"seed"', '"seed":"other"'));
    });
    expect(edited).toEqual(['1 of 10 planned trials have no record: trial-4']);
    const cut = await problemsAfter(({ record }) => {
      const path = record('trial-4');
      writeFileSync(path, readFileSync(path, 'utf8').split('\n').slice(0, -2).join('\n'));
    });
    expect(cut).toEqual(edited);
  });

  it('names intact records of unplanned trials', async () => {
    const problems = await problemsAfter(({ record }) => {
      writePlainRecord(record('trial-99'), 'trial-99', { studyKey: study.key });
    });
    expect(problems).toEqual(['1 of 11 records are of trials that are not in the plan: trial-99']);
  });

  it('names copies, misnamed records, and records of another epoch', async () => {
    expect(await problemsAfter(({ record }) => copyFileSync(record('trial-1'), record('trial-1-again')))).toEqual([
      '1 of 11 records are of a trial that already has a record: trial-1',
      '1 of 11 records do not have the name of their trial: trial-1-again.jsonl',
    ]);
    expect(await problemsAfter(({ record }) => renameSync(record('trial-1'), record('x')))).toEqual([
      '1 of 10 records do not have the name of their trial: x.jsonl',
    ]);
    expect(
      await problemsAfter(({ record }) => {
        rmSync(record('trial-2'));
        writePlainRecord(record('trial-2'), 'trial-2', { studyKey: study.key, epoch: 9 });
      }),
    ).toEqual(['1 of 10 records are not of the agent, condition or epoch that was planned: trial-2.jsonl']);
  });

  it('names records of another plan, a changed plan, and a missing plan', async () => {
    const [other] = await problemsAfter(({ record }) => {
      rmSync(record('trial-2'));
      writePlainRecord(record('trial-2'), 'trial-2', { studyKey: 'f'.repeat(64), epoch: 2 });
    });
    expect(other).toContain('1 of 10 records were run under a different plan from the one in study.json: trial-2');
    const [changed] = await problemsAfter(({ folder }) => {
      writeFileSync(join(folder, 'study.json'), JSON.stringify({ ...study, seed: 'other' }));
    });
    expect(changed).toContain('study.json was changed after it was written');
    expect(await problemsAfter(({ folder }) => rmSync(join(folder, 'study.json')))).toEqual([
      'study.json is missing, and 10 of 10 records were run under a plan',
    ]);
  });

  it('ignores records that belong to no plan', async () => {
    using folder = createTemporaryFolder();
    const path = writePlainRecord(folder.file('a.jsonl'), 'a');
    appendFileSync(folder.file('note.txt'), 'no record');
    const record = { path, trialId: 'a', studyKey: null, isWhole: true };
    expect(checkFolder(readStudyFile(folder.path), [record])).toBeNull();
  });
});
