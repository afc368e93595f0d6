import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../record/testing.ts';
import { scoreFile } from './score-file.ts';
import { createSharer } from './share-equal.ts';
import { findPlainRules, writePlainRecord } from './testing/plain-records.ts';

describe('sharing equal parts of scored records', () => {
  const stimuli = [{ id: 'task', sha256: 'a'.repeat(64) }];

  it('keeps one object of what is the same, and changes nothing', () => {
    using folder = createTemporaryFolder();
    const share = createSharer();
    const [first, second, other] = [1, 2, 3].map((number) => {
      const change = { stimuli: number === 3 ? [] : stimuli, condition: { a: String(number === 3) } };
      const scored = scoreFile(
        writePlainRecord(folder.file(`${number}.jsonl`), `trial-${number}`, change),
        findPlainRules,
      );
      const shared = share(scored);
      expect(shared).toEqual(scored);
      if ('problem' in shared) throw new TypeError('expected a score');
      return shared;
    });
    expect(second?.context.stimuli).toBe(first?.context.stimuli);
    expect(second?.context.software).toBe(first?.context.software);
    expect(second?.score.condition).toBe(first?.score.condition);
    expect(other?.context.stimuli).not.toBe(first?.context.stimuli);
  });

  it('leaves a record that gave no score as it is', () => {
    const record = { path: 'a', problem: { code: 'cut' as const, why: 'cut' } };
    expect(createSharer()(record)).toEqual(record);
  });
});
