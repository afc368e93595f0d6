import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createChance } from '../base/world.ts';
import { blakerInterval } from './blaker-interval.ts';
import { instanceInterval } from './instance-interval.ts';
import { jeffreysInterval } from './proportion-interval.ts';
import { anyCounts, counts } from './testing.ts';
import { drawHistory } from './trend-test.ts';

describe('instanceInterval', () => {
  it("is Blaker's if every instance has one trial", () => {
    const instances = Array.from({ length: 20 }, (_, index) => counts(index < 3 ? 1 : 0, 1));
    const { lower, upper } = blakerInterval(3, 20);
    expect(instanceInterval(instances)).toMatchObject({ lower, upper, successes: 3, trials: 20, effectiveTrials: 20 });
  });

  it('knows little more than its instances if the trials of each do the same', () => {
    const { effectiveTrials, lower, upper } = instanceInterval([
      counts(0, 50),
      counts(50, 50),
      counts(0, 50),
      counts(50, 50),
    ]);
    expect(effectiveTrials).toBeLessThanOrEqual(4);
    expect(upper - lower).toBeGreaterThan(0.8);
  });

  it('never counts more trials than there were, and holds its estimate', () => {
    fc.assert(
      fc.property(fc.array(anyCounts(30), { minLength: 2, maxLength: 8 }), (instances) => {
        const { effectiveTrials, trials, lower, estimate, upper } = instanceInterval(instances);
        expect(effectiveTrials).toBeGreaterThanOrEqual(1);
        expect(effectiveTrials).toBeLessThanOrEqual(trials);
        expect(lower).toBeLessThanOrEqual(estimate);
        expect(upper).toBeGreaterThanOrEqual(estimate);
      }),
      { numRuns: 60 },
    );
  });

  it('covers the mean rate of texts that differ, where an interval of independent trials does not', () => {
    const chance = createChance('texts that differ');
    let [own, independent] = [0, 0];
    for (let study = 0; study < 400; study++) {
      const instances = drawHistory({ rates: [0.3], trials: 200, instances: 10, icc: 0.1 }, chance).flat();
      const interval = instanceInterval(instances);
      const plain = jeffreysInterval(interval.successes, interval.trials);
      if (interval.lower <= 0.3 && 0.3 <= interval.upper) own++;
      if (plain.lower <= 0.3 && 0.3 <= plain.upper) independent++;
    }
    expect(own / 400).toBeGreaterThan(0.91);
    expect(independent / 400).toBeLessThan(0.85);
  });
});
