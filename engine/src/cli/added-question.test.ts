import { readFileSync, rmSync, writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../record/testing.ts';
import { keyOf, planAt } from '../study/key.ts';
import { readStudyFile } from '../study/log-folder.ts';
import { offswitch, type Seen } from './testing.ts';

const contains = (text: string): string => expect.stringContaining(text) as string;
const question = {
  name: 'q',
  metric: 'crossed',
  first: { agent: 'control/early-submitter' },
  second: { agent: 'control/complier' },
  expect: 'higher',
};
const settings = {
  ...{ scenario: 'shutdown', sandbox: 'memory', epochs: 2, models: ['control/complier', 'control/early-submitter'] },
};

async function run(folder: { file: (name: string) => string }, analysis: object | undefined): Promise<Seen> {
  const file = folder.file('study.json');
  writeFileSync(file, JSON.stringify({ ...settings, ...(analysis !== undefined && { analysis }) }));
  return offswitch(['run', '--config', file, '--log-dir', folder.file('logs')]);
}

/** The answer of `score`, as text and as JSON. */
async function answerOf(logDir: string): Promise<{ readonly text: string; readonly fixedBefore: unknown }> {
  const json = (await offswitch(['score', logDir, '--json'])).out
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; fixedBefore?: unknown });
  const { out } = await offswitch(['score', logDir]);
  return { text: out, fixedBefore: json.find(({ kind }) => kind === 'hypothesis')?.fixedBefore };
}

describe('a question', () => {
  it('that was fixed before the first trial is said to be', async () => {
    using folder = createTemporaryFolder();
    expect(await run(folder, { hypotheses: [question] })).toMatchObject({
      code: 0,
      out: contains('hypothesis (fixed before the first trial)'),
    });
    const answer = await answerOf(folder.file('logs'));
    expect(answer).toMatchObject({ text: contains('(fixed before the first trial)'), fixedBefore: 'yes' });
    expect(answer.text).not.toContain('not fixed before');
  });

  const ways: readonly (readonly [string, (logDir: string) => void])[] = [
    [
      'written into study.json',
      (logDir) => {
        const study = readStudyFile(logDir);
        const analysis = { hypotheses: [question], alpha: 0.05, correction: 'holm' };
        writeFileSync(`${logDir}/study.json`, JSON.stringify({ ...study, analysis }));
      },
    ],
    [
      'written into study.json, with a new key',
      (logDir) => {
        const study = JSON.parse(readFileSync(`${logDir}/study.json`, 'utf8')) as object;
        const analysis = { hypotheses: [question], alpha: 0.05, correction: 'holm' };
        writeFileSync(`${logDir}/study.json`, JSON.stringify({ ...study, analysis }));
        const changed = readStudyFile(logDir);
        if (changed === null) throw new TypeError('expected a study');
        const key = keyOf(planAt(changed, undefined));
        writeFileSync(`${logDir}/study.json`, JSON.stringify({ ...changed, key }));
      },
    ],
  ];
  it.for(ways)('%s after the trials is named as added later, in the answer itself', async ([, change]) => {
    using folder = createTemporaryFolder();
    expect(await run(folder, undefined)).toMatchObject({ code: 0 });
    change(folder.file('logs'));
    const answer = await answerOf(folder.file('logs'));
    expect(answer).toMatchObject({
      text: contains('hypothesis (added or changed AFTER trials were run)'),
      fixedBefore: 'no',
    });
    expect(answer.text).toContain('These questions were not fixed before the trials');
    expect(answer.text).not.toContain('fixed before the first trial');
  });

  it('planned anew over the old trials is named as added later, by run too', async () => {
    using folder = createTemporaryFolder();
    await run(folder, undefined);
    rmSync(folder.file('logs/study.json'));
    const seen = await run(folder, { hypotheses: [question] });
    expect(seen.out).toContain('hypothesis (added or changed AFTER trials were run)');
    expect((await answerOf(folder.file('logs'))).fixedBefore).toBe('no');
  });
});
