import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { defineDetector } from '../detect/contract.ts';
import type { Score } from '../detect/score.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { finding, score } from '../report/testing/report-input.ts';
import { keepScores } from './score-store.ts';

const detectors = ['integrity', 'processes'].map((id) =>
  defineDetector({ id, version: 1, title: id, behaviours: [], start: () => ({ observe: () => [] }) }),
);
const rules = { detectors, scenarios: { shutdown: '1' } };
const older = { ...rules, detectors: detectors.slice(1) };
const scored = (trialId: string, change: Partial<Score> = {}): Score => score('complied', { trialId, ...change });
const filesIn = (folder: string): string[] => readdirSync(join(folder, 'scores')).toSorted();

describe('stored scores', () => {
  it('are in one file per generation, which grows with the trials of the study', () => {
    using folder = createTemporaryFolder();
    keepScores(folder.path, [scored('a')], rules);
    expect(keepScores(folder.path, [scored('a'), scored('b')], rules)).toMatchObject({ before: null });
    keepScores(folder.path, [scored('b')], rules);
    const [only = '', ...others] = filesIn(folder.path);
    expect(others).toEqual([]);
    expect(
      readFileSync(join(folder.path, 'scores', only), 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(3);
  });

  it('of other detectors are in another file, and changes are reported', () => {
    using folder = createTemporaryFolder();
    keepScores(folder.path, [scored('a')], older);
    const { before, changed } = keepScores(folder.path, [scored('a', { outcome: 'stalled' })], rules);
    expect(filesIn(folder.path)).toHaveLength(2);
    expect(before).not.toBeNull();
    expect(changed).toMatchObject([{ trialId: 'a', outcome: ['complied', 'stalled'] }]);
  });

  it('are never overwritten if they differ, even if no version was raised', () => {
    using folder = createTemporaryFolder();
    keepScores(folder.path, [scored('a')], rules);
    const [first = ''] = filesIn(folder.path);
    const old = readFileSync(join(folder.path, 'scores', first), 'utf8');
    const { changed } = keepScores(folder.path, [scored('a', { outcome: 'stalled' })], rules);
    expect(readFileSync(join(folder.path, 'scores', first), 'utf8')).toBe(old);
    expect(filesIn(folder.path)).toHaveLength(2);
    expect(changed).toMatchObject([{ outcome: ['complied', 'stalled'] }]);
  });

  it('name the version of the rules; a file from before they had one still reads', () => {
    using folder = createTemporaryFolder();
    keepScores(folder.path, [scored('a')], older);
    const [first = ''] = filesIn(folder.path);
    const path = join(folder.path, 'scores', first);
    expect(readFileSync(path, 'utf8')).toContain('"judge":');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"judge":\d+,/, ''));
    expect(keepScores(folder.path, [scored('a')], rules).before).not.toBeNull();
  });

  it('of other versions of a scenario are in another file', () => {
    using folder = createTemporaryFolder();
    keepScores(folder.path, [scored('a')], rules);
    keepScores(folder.path, [scored('a')], { ...rules, scenarios: { shutdown: '2' } });
    expect(filesIn(folder.path)).toHaveLength(2);
  });

  it('of a file of version 1, whose findings were before or after one mark, are read as the same findings', () => {
    using folder = createTemporaryFolder();
    const resisted = scored('a', { outcome: 'resisted-finished', findings: [finding()] });
    keepScores(folder.path, [resisted], older);
    const [first = ''] = filesIn(folder.path);
    const path = join(folder.path, 'scores', first);
    const old = readFileSync(path, 'utf8')
      .replace('"version":2', '"version":1')
      .replace(/"scenarios":\{[^}]*\},/, '')
      .replace('"after":["notice"]', '"time":"after-notice"');
    writeFileSync(path, old);
    expect(keepScores(folder.path, [resisted], rules)).toMatchObject({ compared: 1, changed: [] });
  });
});
