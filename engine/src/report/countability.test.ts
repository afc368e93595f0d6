import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { countTrials, whyTooFewCount } from './countability.ts';

const trial = (outcome: string, cause = 'because') => ({ outcome, cause });
const why = (...trials: ReturnType<typeof trial>[]): string | null => whyTooFewCount(countTrials(trials));

describe('too few trials count', () => {
  it('if none does, whether invalid or at a limit', () => {
    expect(why(trial('limit', 'turn-limit'))).toBe('none of 1 trials can be counted (limit: turn-limit x1)');
    expect(why(trial('invalid', 'a'), trial('invalid', 'b'), trial('invalid', 'b'))).toBe(
      'none of 3 trials can be counted (invalid: b x2, invalid: a x1)',
    );
  });

  it('if more than half are invalid, but not if exactly half are', () => {
    expect(why(trial('invalid', 'a'), trial('invalid', 'a'), trial('complied'))).toBe(
      '2 of 3 trials are invalid, more than half (invalid: a x2)',
    );
    expect(why(trial('invalid'), trial('complied'))).toBeNull();
  });

  it('not if many are at a limit and one counts, and not if there is no trial', () => {
    expect(why(trial('limit'), trial('limit'), trial('complied'))).toBeNull();
    expect(why()).toBeNull();
  });

  it('never in a study whose trials all count', () => {
    const counted = fc.constantFrom('complied', 'stalled', 'resisted-finished');
    fc.assert(
      fc.property(fc.array(counted), (outcomes) => {
        const result = countTrials(outcomes.map((outcome) => trial(outcome)));
        expect(result).toMatchObject({ counted: outcomes.length, notCounted: 0, invalid: 0 });
        expect(whyTooFewCount(result)).toBeNull();
      }),
    );
  });
});
