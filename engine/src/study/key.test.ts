import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { offswitch, type Seen } from '../cli/testing.ts';
import { readRecord } from '../record/journal-reader.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { checkPlan } from './key.ts';
import { readStudyFile } from './log-folder.ts';

const containing = (text: string): string => expect.stringContaining(text) as string;
const study = (logDir: string, ...more: string[]): Promise<Seen> =>
  offswitch([
    ...['run', 'shutdown', '--sandbox', 'memory', '--model', 'control/complier', '--model', 'control/early-submitter'],
    ...['--seed', 'a seed', '--log-dir', logDir, ...more],
  ]);

function edit(logDir: string, from: string | RegExp, to: string): void {
  const path = join(logDir, 'study.json');
  const before = readFileSync(path, 'utf8');
  const after = before.replace(from, to);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
}

const keysOf = (logDir: string): Set<string | undefined> =>
  new Set(
    readdirSync(join(logDir, 'trials')).map((name) => {
      const [start] = readRecord(join(logDir, 'trials', name));
      return start?.kind === 'trial-start' ? start.studyKey : undefined;
    }),
  );

const plan = `scenario: shutdown
models: [control/early-submitter, control/complier]
epochs: 3
sandbox: memory
analysis:
  hypotheses:
    - name: deviates
      metric: strictNonCompliance
      first: { agent: control/early-submitter }
      second: { agent: control/complier }
      expect: higher
`;

describe('a plan', () => {
  it('has its key in every record, and verify compares them', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    await study(logDir, '--epochs', '2');
    const key = readStudyFile(logDir)?.key;
    expect(keysOf(logDir)).toEqual(new Set([key]));
    expect(await offswitch(['verify', logDir])).toMatchObject({
      code: 0,
      notes: containing(`4 records were run under the plan ${key ?? ''}`),
    });
  });

  it('has the key that a dry run prints, so that it can be published first', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    const dry = await study(logDir, '--epochs', '2', '--dry-run');
    await study(logDir, '--epochs', '2');
    expect(dry.out).toContain(`study key  ${readStudyFile(logDir)?.key ?? ''}`);
  });

  it.for([
    ['the hypothesis', /"expect": "higher"/, '"expect": "lower"'],
    ['the measure', /"metric": "strictNonCompliance"/, '"metric": "survived"'],
    ['the level', /"alpha": 0.05/, '"alpha": 0.2'],
    ['the seed', /"seed": "offswitch"/, '"seed": "another"'],
    ['the epochs', /"epochs": 3/, '"epochs": 30'],
    ['the budget', /"budgetUsd": null/, '"budgetUsd": 5'],
    ['a limit', /"turnsMax": 30/, '"turnsMax": 31'],
    ['a trial', /"trialId": "trial-./, '"trialId": "trial-_'],
    ['the texts', /"sha256": "./, '"sha256": "_'],
  ] as const)(
    'is found to be changed by verify, report, score and the next run, if %s was edited',
    async ([, from, to]) => {
      using folder = createTemporaryFolder();
      const [logDir, config] = [folder.file('logs'), folder.file('study.yaml')];
      writeFileSync(config, plan);
      const run = ['run', '--config', config, '--log-dir', logDir];
      expect((await offswitch(run)).code).toBe(0);
      edit(logDir, from, to);
      const sentence = containing('study.json was changed after it was written');
      expect(await offswitch(['verify', logDir])).toMatchObject({ code: 1, out: sentence });
      expect(await offswitch(run)).toMatchObject({ code: 2, notes: sentence });
      expect(await offswitch(['score', logDir])).toMatchObject({ notes: sentence });
      const report = JSON.parse((await offswitch(['report', logDir, '--format', 'json'])).out) as {
        provenance: { planProblems: string[] };
      };
      expect(report.provenance.planProblems[0]).toEqual(sentence);
      const page = (await offswitch(['report', logDir, '--format', 'html'])).out;
      expect(page).not.toContain('fixed before the first trial)');
      expect(page).toContain('cannot be shown to be those of a plan that was fixed');
    },
  );

  it('does not match the keys of the records if it was replaced as a whole, and verify names the records', async () => {
    using folder = createTemporaryFolder();
    const [logDir, other] = [folder.file('logs'), folder.file('other')];
    await study(logDir, '--epochs', '2');
    await study(other, '--epochs', '3');
    writeFileSync(join(logDir, 'study.json'), readFileSync(join(other, 'study.json'), 'utf8'));
    const [name = ''] = readdirSync(join(logDir, 'trials'));
    const seen = await offswitch(['verify', logDir]);
    expect(seen).toMatchObject({ code: 1, out: containing('4 of 4 records were run under a different plan') });
    expect(seen.out).toContain(name.replace('.jsonl', ''));
  });

  it('does not match its folder if a record was removed, and verify names the trial', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    await study(logDir, '--epochs', '2');
    const [name = ''] = readdirSync(join(logDir, 'trials'));
    rmSync(join(logDir, 'trials', name));
    expect(await offswitch(['verify', logDir])).toMatchObject({
      code: 1,
      out: containing(`1 of 4 planned trials have no record: ${name.replace('.jsonl', '')}`),
    });
  });

  it('does not match its folder if a record was added, and verify names the trial', async () => {
    using folder = createTemporaryFolder();
    const [logDir, other] = [folder.file('logs'), folder.file('other')];
    await study(logDir, '--epochs', '1');
    await study(other, '--epochs', '1', '--turns', '7');
    const [name = ''] = readdirSync(join(other, 'trials'));
    copyFileSync(join(other, 'trials', name), join(logDir, 'trials', name));
    expect(await offswitch(['verify', logDir])).toMatchObject({
      code: 1,
      out: containing(`1 of 3 records are of trials that are not in the plan: ${name.replace('.jsonl', '')}`),
    });
  });

  it('is reported as unproven, but not as a failure, if the records have no key', () => {
    const [one] = [{ trialId: 'trial-1', studyKey: null }];
    const local = readStudyFile('docs/local-model');
    if (local === null) throw new TypeError('expected the study of docs/local-model');
    const { problems, untold } = checkPlan(local, [{ ...one, trialId: local.trials[0]?.trialId ?? '' }]);
    expect(problems).toEqual([]);
    expect(untold).toEqual([containing('1 of 1 records do not say under which plan they were run')]);
  });
});

describe('more epochs', () => {
  it('are recorded as an amendment with the number of trials seen, and new records hold its key', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    await study(logDir, '--epochs', '2');
    const registered = readStudyFile(logDir);
    await study(logDir, '--epochs', '3');
    const extended = readStudyFile(logDir);
    expect(extended).toMatchObject({
      key: registered?.key,
      epochs: 3,
      amendments: [
        {
          trialsSeen: 4,
          before: { epochs: 2, budgetUsd: null },
          after: { epochs: 3, budgetUsd: null },
          at: expect.any(String) as string,
        },
      ],
    });
    expect(keysOf(logDir)).toEqual(new Set([registered?.key, extended?.amendments?.[0]?.key]));
    const deviation = containing('extended after 4 trials had been seen: epochs from 2 to 3');
    expect(await offswitch(['verify', logDir])).toMatchObject({ code: 0, out: deviation });
    const report = JSON.parse((await offswitch(['report', logDir, '--format', 'json'])).out) as {
      provenance: { planProblems: string[]; deviations: string[] };
    };
    expect(report.provenance).toMatchObject({ planProblems: [], deviations: [deviation] });
  });

  it.for([
    ['removed', /,\n {2}"amendments": \[[^]*?\n {2}\]/, ''],
    ['backdated', /"trialsSeen": 4/, '"trialsSeen": 0'],
    ['made smaller', /"epochs": 3,\n {8}"budgetUsd"/, '"epochs": 4,\n        "budgetUsd"'],
  ] as const)('are found to be falsified if the amendment was %s', async ([, from, to]) => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    await study(logDir, '--epochs', '2');
    await study(logDir, '--epochs', '3');
    edit(logDir, from, to);
    expect(await offswitch(['verify', logDir])).toMatchObject({ code: 1, out: containing('was changed after') });
  });

  it('can be combined with a new budget, and fewer epochs are part of the plan', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    await study(logDir, '--epochs', '1');
    await study(logDir, '--epochs', '2', '--budget-usd', '5', '--price', '1/1');
    await study(logDir, '--epochs', '3', '--budget-usd', '5', '--price', '1/1');
    await study(logDir, '--epochs', '1', '--budget-usd', '5', '--price', '1/1');
    expect(readStudyFile(logDir)?.amendments).toHaveLength(2);
    const seen = await offswitch(['verify', logDir]);
    expect(seen).toMatchObject({ code: 0, out: containing('budget from no cap to 5 US dollars') });
  });
});
