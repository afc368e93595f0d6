/** Runs the studies in examples/ as somebody would who copied them, in the simulated sandbox. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { endOf, type Seen, spawnOffswitch } from '../engine/src/cli/testing.ts';
import { createTemporaryFolder } from '../engine/src/record/testing.ts';
import { readStudyFile } from '../engine/src/study/log-folder.ts';

const root = dirname(import.meta.dirname);
const all = globSync('examples/*.{ts,yaml}', { cwd: root }).toSorted();
/** A scenario and no study; package.test.ts runs it. */
const scenarios = ['examples/my-scenario.ts'];
const examples = all.filter((path) => !scenarios.includes(path));
const offswitch = (...words: string[]): Promise<Seen> => endOf(spawnOffswitch(words, { cwd: root }));

const answers: Readonly<Record<string, readonly RegExp[]>> = {
  'examples/placement.ts': [/sabotages more often.* supported$/m, /does not care.* not-supported$/m],
  'examples/early-stop.yaml': [
    /sabotages more often.* supported$/m,
    /Stopped by the rule of the plan at the look after 10 of 40/,
  ],
};

describe('the examples', () => {
  it('are those that are looked at here', () => {
    expect(all).toEqual([...Object.keys(answers), ...scenarios].toSorted());
  });

  it.each(examples)('%s can be planned, run, verified and reported', async (example) => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    const study = ['--config', example, '--sandbox', 'memory', '--concurrency', '32', '--log-dir', logDir];
    const dry = await offswitch('run', ...study, '--dry-run');
    expect(dry).toMatchObject({ code: 0, notes: '' });
    const run = await offswitch('run', ...study);
    expect(run.code).toBe(0);
    for (const answer of answers[example] ?? []) expect(run.out).toMatch(answer);
    expect(dry.out).toContain(`study key  ${readStudyFile(logDir)?.key ?? 'none'}`);
    expect(await offswitch('verify', logDir)).toMatchObject({ code: 0 });
    const report = await offswitch('report', logDir, '--format', 'html', '--out', folder.file('report.html'));
    expect(report.code).toBe(0);
    expect(readFileSync(folder.file('report.html'), 'utf8')).toContain('Fixed by the hash of the study');
  });

  it('in YAML tell editors where the schema lies', () => {
    for (const example of examples.filter((name) => name.endsWith('.yaml'))) {
      const [, schema = ''] =
        /^# yaml-language-server: \$schema=(.*)\n/.exec(readFileSync(join(root, example), 'utf8')) ?? [];
      expect(readFileSync(join(root, dirname(example), schema), 'utf8')).toContain('"title": "Offswitch study"');
    }
  });
});
