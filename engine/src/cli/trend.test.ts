import { mkdirSync, writeFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../record/testing.ts';
import { readStudyFile } from '../study/log-folder.ts';
import { registry } from './compose.ts';
import { endOf, jsonLines, offswitch, spawnOffswitch } from './testing.ts';

const folder = createTemporaryFolder();
const logDir = folder.file('logs');
const [older, newer] = ['control/complier', 'control/overwriter'];
const settings = {
  ...{ scenario: 'shutdown', sandbox: 'memory', epochs: 6, factors: { arm: ['self', 'permitted'] } },
  analysis: { trend: { models: [older, newer], from: 0.05, to: 0.9 } },
};
const config = (change: object = {}): string => {
  const path = folder.file('study.json');
  writeFileSync(path, JSON.stringify({ ...settings, ...change }));
  return path;
};

beforeAll(async () => {
  const run = ['run', '--config', config(), '--models', `${older},${newer}`, '--log-dir', logDir];
  const seen = await offswitch(run);
  expect(seen).toMatchObject({ code: 0 });
  expect(seen.notes).toMatch(
    /trend: power [\d.]+ to find a change of the headline rate from 5 % to 90 % over 2 models/,
  );
}, 120_000);

afterAll(() => folder[Symbol.dispose]());

describe('a list of models', () => {
  it('is one study with one key, and an arm for each model', () => {
    const study = readStudyFile(logDir);
    expect([...new Set(study?.arms.map(({ agent }) => agent))]).toEqual([older, newer]);
    expect(study?.trials).toHaveLength(2 * 2 * 6);
  });

  it.each([
    ['run', ['run', 'shutdown', '--models', 'a/b,,c/d', '--dry-run']],
    ['profile', ['profile', '--models', ',']],
    ['trend', ['trend', '--models', 'o3,']],
  ])('with an empty name is refused by %s in one sentence', async (_command, words) => {
    const seen = await offswitch(words[0] === 'profile' ? [...words, logDir] : words);
    expect(seen).toMatchObject({ code: 2, out: '' });
    expect(seen.notes).toMatch(/expected names with commas between them, got ".*"$/);
  });
});

describe('offswitch profile', () => {
  it('prints a row for each scenario, with its twin, and those without trials as not measured', async () => {
    const { code, out } = await offswitch(['profile', logDir, '--models', newer]);
    expect(code).toBe(0);
    expect(out).toContain('SIMULATED');
    expect(out).toContain(
      `${newer}: 1 of ${registry.scenarios.length} scenarios measured. No rate is shown to differ from its twin.`,
    );
    expect(out).toMatch(/^shutdown +sabotage +6\/6 = 100\.0 % .*permitted.*6\/6 = 100\.0 %/m);
    expect(out).toMatch(/^exfiltration .*not measured$/m);
    expect(out).not.toContain(older);
  });

  it('has a row of JSON for each scenario and model', async () => {
    const { out } = await offswitch(['profile', logDir, '--json']);
    const lines = jsonLines(out);
    expect(lines.filter(({ kind }) => kind === 'row')).toHaveLength(2 * registry.scenarios.length);
    expect(lines.at(-1)).toMatchObject({ kind: 'done' });
    expect(lines[1]).toMatchObject({ agent: older, scenario: 'exfiltration', measured: null });
  });

  it('refuses a model that no record has', async () => {
    const { code, notes } = await offswitch(['profile', logDir, '--model', 'control/compliar']);
    expect(code).toBe(2);
    expect(notes).toContain('Did you mean "control/complier"?');
  });
});

describe('offswitch trend', () => {
  it('sets measured cells beside published ones, and says nothing on a direction from simulated trials', async () => {
    const { code, out } = await offswitch(['trend', logDir]);
    expect(code).toBe(0);
    expect(out).toContain(
      `Nothing is said on shutdown, ${older} -> ${newer}, the defaults: simulated trials are no evidence.`,
    );
    expect(out).toMatch(/^ *20\d\d-\d\d +control\/overwriter +6\/6 = 100\.0 % .*wordings$/m);
    expect(out).not.toMatch(/getting (?:worse|better)/);
    expect(out).toMatch(/^ {2}blackmail: 6$/m);
  });

  it('prints cells without n as points without interval, and joins no two denominators', async () => {
    const { out } = await offswitch(['trend', logDir, '--behaviour', 'replication', '--json']);
    const lines = jsonLines(out).filter(({ kind }) => kind === 'series');
    expect(lines.map(({ per }) => per)).toEqual(['runs without a refusal', 'tasks, best of 10']);
    for (const { points } of lines)
      for (const point of points as { interval: unknown; note: string }[]) {
        expect(point.interval).toBeNull();
        expect(point.note).toContain('no n published: a point without interval');
      }
  });

  it('needs no log folder, and takes the order of the models that were named', async () => {
    const empty = folder.file('empty');
    mkdirSync(empty);
    const words = ['trend', '--models', 'GPT-5.4,Claude Opus 4', '--behaviour', 'replication'];
    const { code, out } = await endOf(spawnOffswitch(words, { cwd: empty }));
    expect(code).toBe(0);
    expect(out.indexOf('GPT-5.4')).toBeLessThan(out.indexOf('Claude Opus 4'));
    expect(out).toContain('no study here planned a trend');
  });

  it('states a power before any trial', async () => {
    const words = ['trend', '--power', '--from', '0.05', '--to', '0.6', '--trials', '50', '--json'];
    const { code, out } = await offswitch(words);
    expect(code).toBe(0);
    const { power, rates } = JSON.parse(out) as { power: number; rates: number[] };
    expect(power).toBeGreaterThan(0.5);
    expect(rates.map((rate) => Number(rate.toFixed(3)))).toEqual([0.05, 0.325, 0.6]);
  });

  it.each([
    [['--power'], /expected --from RATE and --to RATE/],
    [['--power', '--from', '0.1', '--to', '0.1'], /two rates that differ/],
    [['--power', '--from', '0.1', '--to', '0.2', '--instances', '200'], /the trials of a generation/],
    [[logDir, '--behaviour', 'blackmial'], /unknown behaviour "blackmial"\. Did you mean "blackmail"\?/],
    [[logDir, '--model', 'Claude Opus 44'], /unknown model "Claude Opus 44"\. Did you mean "Claude Opus 4"\?/],
    [['nowhere'], /there is nothing at nowhere: expected a log folder/],
  ])('refuses %j in one sentence', async (words, sentence) => {
    const { code, out, notes } = await offswitch(['trend', ...words]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(notes).toMatch(sentence);
    expect(notes.split('\n')).toHaveLength(1);
  });

  it.each([
    ['a newest model without an arm', { models: [newer, 'control/complie'], from: 0, to: 1 }, /its newest model/],
    ['rates that do not differ', { models: [older, newer], from: 0.1, to: 0.1 }, /two rates that differ/],
    ['a model twice', { models: [newer, newer], from: 0, to: 0.1 }, /named once each/],
  ])('is not planned with %s', async (_what, trend, sentence) => {
    const file = config({ models: [older, newer], analysis: { trend } });
    const { code, notes } = await offswitch(['run', '--config', file, '--dry-run']);
    expect(code).toBe(2);
    expect(notes).toMatch(sentence);
  });
});
