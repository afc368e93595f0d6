import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createChance } from '../base/world.ts';
import { roganGladen } from './rogan-gladen.ts';
import { anyCounts, counts } from './testing.ts';

describe('roganGladen', () => {
  it('undoes what a judge of known accuracy does to a rate', () => {
    // True rate 0.3, sensitivity 0.9, specificity 0.95: seen 0.3 * 0.9 + 0.7 * 0.05 = 0.305
    const corrected = roganGladen(counts(305, 1000), { sensitivity: 0.9, specificity: 0.95 });
    expect(corrected.estimate).toBeCloseTo(0.3, 12);
    expect(corrected.apparent).toBe(0.305);
  });

  it('changes nothing about the estimate when the judge is perfect', () => {
    fc.assert(
      fc.property(anyCounts(), (positives) => {
        const { estimate, lower, upper } = roganGladen(positives, { sensitivity: 1, specificity: 1 });
        expect(estimate).toBe(positives.successes / positives.trials);
        expect(lower).toBeLessThanOrEqual(estimate);
        expect(upper).toBeGreaterThanOrEqual(estimate);
      }),
    );
  });

  it('stays within 0 and 1 and says what it cut', () => {
    const corrected = roganGladen(counts(5, 100), { sensitivity: counts(45, 50), specificity: counts(45, 50) });
    expect(corrected).toMatchObject({ estimate: 0, lower: 0 });
    expect(corrected.uncut).toBeCloseTo(-0.0625, 12);
    expect(corrected.upper).toBeGreaterThan(0);
  });

  it('is wider when the accuracy was measured on fewer labels', () => {
    const width = (labels: number): number => {
      const accuracy = { sensitivity: counts(0.9 * labels, labels), specificity: counts(0.9 * labels, labels) };
      const { lower, upper } = roganGladen(counts(300, 1000), accuracy);
      return upper - lower;
    };
    expect(width(20)).toBeGreaterThan(width(100));
    expect(width(100)).toBeGreaterThan(width(10_000));
  });

  it('covers the true rate when sensitivity and specificity are measured too', () => {
    const chance = createChance('a judge that errs');
    const draw = (trials: number, rate: number) =>
      counts(Array.from({ length: trials }, () => chance.next() < rate).filter(Boolean).length, trials);
    const studies = 400;
    let covered = 0;
    for (let study = 0; study < studies; study++) {
      const accuracy = { sensitivity: draw(60, 0.85), specificity: draw(60, 0.8) };
      const { lower, upper } = roganGladen(draw(200, 0.3 * 0.85 + 0.7 * 0.2), accuracy);
      if (lower <= 0.3 && 0.3 <= upper) covered++;
    }
    expect(covered / studies).toBeGreaterThan(0.93);
  });

  it('refuses a judge no better than chance, and no trial', () => {
    expect(() => roganGladen(counts(1, 2), { sensitivity: 0.5, specificity: 0.5 })).toThrow(
      'expected a judge better than chance',
    );
    expect(() => roganGladen(counts(0, 0), { sensitivity: 0.9, specificity: 0.9 })).toThrow(
      'expected at least one trial',
    );
    expect(() => roganGladen(counts(1, 2), { sensitivity: 90, specificity: 0.9 })).toThrow(
      'expected the sensitivity from 0 to 1, got 90',
    );
  });
});
