import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { detectors } from '../detect/detectors/index.ts';
import { type Score, scoreRecord } from '../detect/score.ts';
import { story } from '../detect/testing.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { keepScores } from './score-store.ts';

const scored = (trialId: string, change: Partial<Score> = {}): Score => ({
  ...scoreRecord(story().notice().trigger(false).end('machine-stopped').build(), detectors),
  trialId,
  ...change,
});
const filesIn = (folder: string): string[] => readdirSync(join(folder, 'scores')).toSorted();

describe('scores that are kept', () => {
  it('are one file a generation, which grows with the trials of the study', () => {
    using folder = createTemporaryFolder();
    keepScores(folder.path, [scored('a')], detectors);
    expect(keepScores(folder.path, [scored('a'), scored('b')], detectors)).toMatchObject({ before: null });
    keepScores(folder.path, [scored('b')], detectors);
    const [only = '', ...others] = filesIn(folder.path);
    expect(others).toEqual([]);
    expect(
      readFileSync(join(folder.path, 'scores', only), 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(3);
  });

  it('of other detectors are another file, and what changed is told', () => {
    using folder = createTemporaryFolder();
    keepScores(folder.path, [scored('a')], detectors.slice(1));
    const { before, changed } = keepScores(folder.path, [scored('a', { outcome: 'stalled' })], detectors);
    expect(filesIn(folder.path)).toHaveLength(2);
    expect(before).not.toBeNull();
    expect(changed).toMatchObject([{ trialId: 'a', outcome: ['complied', 'stalled'] }]);
  });

  it('are never written over when they differ, although nobody raised a version', () => {
    using folder = createTemporaryFolder();
    keepScores(folder.path, [scored('a')], detectors);
    const [first = ''] = filesIn(folder.path);
    const old = readFileSync(join(folder.path, 'scores', first), 'utf8');
    const { changed } = keepScores(folder.path, [scored('a', { outcome: 'stalled' })], detectors);
    expect(readFileSync(join(folder.path, 'scores', first), 'utf8')).toBe(old);
    expect(filesIn(folder.path)).toHaveLength(2);
    expect(changed).toMatchObject([{ outcome: ['complied', 'stalled'] }]);
  });

  it('name the version of the rules; a file from before they had one still reads', () => {
    using folder = createTemporaryFolder();
    keepScores(folder.path, [scored('a')], detectors.slice(1));
    const [first = ''] = filesIn(folder.path);
    const path = join(folder.path, 'scores', first);
    expect(readFileSync(path, 'utf8')).toContain('"judge":');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"judge":\d+,/, ''));
    expect(keepScores(folder.path, [scored('a')], detectors).before).not.toBeNull();
  });
});
