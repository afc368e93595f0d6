import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Score } from '../../detect/score.ts';
import type { StudyFile } from '../../study/plan.ts';
import { buildReport } from '../build-report.ts';
import { renderHtml } from '../html.ts';
import { reportInput, score, studyFile } from '../testing/report-input.ts';
import { answerPlan } from './plan.ts';

type Sequential = NonNullable<NonNullable<StudyFile['analysis']>['sequential']>;

/** Two arms over a number of epochs. The caller decides which trials resist. */
function trials(epochs: number, resists: (arm: 'a' | 'b', epoch: number) => boolean): Score[] {
  return Array.from({ length: epochs }, (_, index) => index + 1).flatMap((epoch) =>
    (['a', 'b'] as const).map((arm) =>
      score(resists(arm, epoch) ? 'resisted-finished' : 'complied', {
        trialId: `trial-${arm}-${epoch}`,
        agent: { kind: 'model', name: arm },
        epoch,
      }),
    ),
  );
}

const clear = (arm: 'a' | 'b'): boolean => arm === 'a';
const analysis = (sequential?: Sequential): NonNullable<StudyFile['analysis']> => ({
  hypotheses: [{ name: 'q', metric: 'sabotage', first: { agent: 'a' }, second: { agent: 'b' }, expect: 'higher' }],
  alpha: 0.05,
  correction: 'holm',
  ...(sequential && { sequential }),
});
const planOf = (all: readonly Score[], epochs: number, sequential?: Sequential): StudyFile =>
  studyFile(all, { epochs, analysis: analysis(sequential) });

describe('a plan without looks', () => {
  const all = trials(10, clear);

  it('is answered when all its trials exist, at its own level', () => {
    expect(answerPlan(planOf(all, 10), all)).toMatchObject({
      level: 0.05,
      results: [{ verdict: 'supported' }],
      remarks: [],
    });
  });

  it('is not answered earlier, however clear the data look', () => {
    const answer = answerPlan(planOf(all, 10), all.slice(0, -1));
    expect(answer).toMatchObject({
      level: null,
      epochs: { planned: 10, complete: 9 },
      results: [{ verdict: 'pending', pAdjusted: null, contrast: { first: { trials: 10 } } }],
    });
    expect(answer?.remarks.join()).toContain('the plan asks after 10 epochs, and 9 are complete');
  });

  it('that was extended after trials were seen is answered from the originally fixed epochs', () => {
    // Nothing in the three registered epochs, everything in those that came later.
    const later = trials(20, (arm, epoch) => arm === 'a' && epoch > 3);
    const amendment = (trialsSeen: number): Partial<StudyFile> => ({
      amendments: [
        {
          at: 'then',
          trialsSeen,
          before: { epochs: 3, budgetUsd: null },
          after: { epochs: 20, budgetUsd: null },
          key: 'k',
        },
      ],
    });
    const seen = answerPlan({ ...planOf(later, 20), ...amendment(6) }, later);
    expect(seen).toMatchObject({ epochs: { planned: 20, tested: 3 }, results: [{ verdict: 'not-supported' }] });
    expect(seen?.remarks.join()).toContain('extended from 3 to 20 epochs after 6 trials had been seen');
    const unseen = answerPlan({ ...planOf(later, 20), ...amendment(0) }, later);
    expect(unseen).toMatchObject({ epochs: { tested: 20 }, results: [{ verdict: 'supported' }], remarks: [] });
  });

  it('ignores unplanned trials', () => {
    const stranger = trials(40, clear).filter(({ epoch }) => epoch > 10);
    expect(answerPlan(planOf(all, 10), [...all, ...stranger])?.results[0]?.contrast?.first.trials).toBe(10);
  });
});

describe('a plan with looks', () => {
  const looks: Sequential = { looks: [4, 40], spending: 'obrien-fleming' };

  it('gives no verdict for 11 of 80 trials, since the level of an early look is tiny', () => {
    const all = trials(40, clear);
    const answer = answerPlan(planOf(all, 40, looks), all.slice(0, 11));
    expect(answer).toMatchObject({
      level: null,
      stoppedAt: null,
      epochs: { planned: 40, complete: 5, tested: 4 },
      results: [{ verdict: 'pending' }],
      looks: [
        { epochs: 4, state: 'not-crossed' },
        { epochs: 40, state: 'not-reached', p: null },
      ],
    });
    expect(answer?.looks[0]?.level).toBeLessThan(1e-8);
    expect(answer?.remarks).toEqual(['No answer yet: the next look is after 40 epochs, and 5 are complete.']);
  });

  it('is answered at the last look, at the remaining level', () => {
    const all = trials(40, clear);
    const answer = answerPlan(planOf(all, 40, looks), all);
    expect(answer).toMatchObject({ stoppedAt: null, epochs: { tested: 40 }, results: [{ verdict: 'supported' }] });
    expect(answer?.level).toBeCloseTo(0.05, 3);
  });

  const pocock: Sequential = { looks: [10, 20], spending: 'pocock' };

  it('stops at the first look that is crossed, and ignores later trials', () => {
    const all = trials(20, (arm, epoch) => arm === 'a' && epoch <= 10);
    const [stopped, whole] = [all.slice(0, 20), all].map((some) => answerPlan(planOf(all, 20, pocock), some));
    expect(stopped).toMatchObject({
      stoppedAt: 10,
      results: [{ verdict: 'supported', contrast: { first: { successes: 10, trials: 10 } } }],
      looks: [{ state: 'crossed' }, { state: 'not-reached' }],
    });
    expect(stopped?.level).toBeCloseTo(0.031, 3);
    expect(whole?.results).toEqual(stopped?.results);
  });

  it('prints looks, spending, the level used and the stop in the report', () => {
    const all = trials(20, clear);
    const study = planOf(all, 20, pocock);
    const page = renderHtml(buildReport(reportInput(all.slice(0, 20), { study })));
    const text = page.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    expect(text).toContain('Level 0.05, two-sided, over 2 looks, spent by the Pocock function');
    expect(text).toContain('the answer was given at the level 0.0310');
    expect(text).toContain('Stopped by the rule of the plan at the look after 10 of 20 epochs');
    expect(text).not.toContain("corrected over the family by Holm's method");
    const early = renderHtml(buildReport(reportInput(all.slice(0, 6), { study })));
    expect(early).toContain('no answer yet');
    expect(early).not.toContain('>supported<');
  });

  it('never changes an answer while trials come in, however often one looks', () => {
    const two: Sequential = { looks: [6, 8], spending: 'pocock' };
    let answered = 0;
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), (resists) => {
        const all = trials(8, (arm, epoch) => arm === 'a' || (resists[epoch - 1] === true && epoch % 3 === 0));
        const study = planOf(all, 8, two);
        const verdicts = [10, 11, 12, 13, 15, 16].map(
          (count) => answerPlan(study, all.slice(0, count))?.results[0]?.verdict ?? 'none',
        );
        expect(verdicts.slice(0, 2)).toEqual(['pending', 'pending']);
        const given = verdicts.filter((verdict) => verdict !== 'pending');
        expect(new Set(given).size).toBe(1);
        if (given.length > 1) answered++;
      }),
      { numRuns: 25 },
    );
    expect(answered).toBeGreaterThan(0);
  });
});
