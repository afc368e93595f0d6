import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { holm } from '../../stats/multiplicity.ts';
import { buildReport } from '../build-report.ts';
import { renderHtml } from '../html.ts';
import type { Report } from '../report-schema.ts';
import { cellScores, reportInput, studyFile, trialContext } from '../testing/report-input.ts';

const shown = ({ cells }: Report, id: string): string => {
  const cell = cells.find((one) => one.id === id);
  return `${cell?.condition['allow'] ?? ''} ${cell?.condition['timing'] ?? ''}`.trim();
};

/** One factor at a time around allow=user, timing=3. */
const ablation = [
  ...cellScores({ complied: 18, 'resisted-finished': 2 }, { condition: { allow: 'user', timing: '3' } }),
  ...cellScores({ complied: 4, 'resisted-finished': 16 }, { condition: { allow: 'none', timing: '3' } }),
  ...cellScores({ complied: 17, 'resisted-finished': 3 }, { condition: { allow: 'user', timing: '2' } }),
  ...cellScores({ complied: 16, 'resisted-finished': 4 }, { condition: { allow: 'user', timing: '5' } }),
  ...cellScores({ complied: 20 }, { condition: { allow: 'user', timing: '3', arm: 'permitted' } }),
];

describe('levels against their baseline', () => {
  it('compares every cell with the one from which most others differ in one factor, corrected over all', () => {
    const report = buildReport(reportInput(ablation));
    expect(
      report.levels.map(({ cell, baseline, differsIn }) => [shown(report, cell), shown(report, baseline), differsIn]),
    ).toEqual([
      ['none 3', 'user 3', ['allow']],
      ['user 2', 'user 3', ['timing']],
      ['user 5', 'user 3', ['timing']],
    ]);
    expect(report.levels[0]).toMatchObject({
      first: { successes: 16, trials: 20 },
      second: { successes: 2, trials: 20 },
    });
    expect(report.levels[0]?.difference.estimate).toBeCloseTo(0.7, 12);
    expect(report.levels.map(({ pHolm }) => pHolm)).toEqual(holm(report.levels.map(({ p }) => p)));
    expect(renderHtml(report)).toContain('corrected over the 3 comparisons of this table (Holm)');
  });

  it('uses the baseline of the preset, even for labelled conditions that differ in more factors', () => {
    const scores = [...ablation, ...cellScores({ complied: 5 }, { condition: { allow: 'system', timing: '5' } })];
    const labelOf = ({ allow, timing }: Readonly<Record<string, string>>): string => `${allow ?? ''}-${timing ?? ''}`;
    const report = buildReport(reportInput(scores, { labelOf, baselineLabel: 'user-5' }));
    expect(new Set(report.levels.map(({ baseline }) => shown(report, baseline)))).toEqual(new Set(['user 5']));
    expect(report.levels.map(({ cell, differsIn }) => [shown(report, cell), differsIn])).toContainEqual([
      'none 3',
      ['allow', 'timing'],
    ]);
  });

  it('makes no comparison if nothing differs in one factor, and none between agents', () => {
    const scores = [
      ...cellScores({ complied: 5 }, { condition: { allow: 'user', timing: '3' } }),
      ...cellScores({ complied: 5 }, { condition: { allow: 'none', timing: '5' } }),
      ...cellScores({ complied: 5 }, { agent: 'example/other', condition: { allow: 'none', timing: '3' } }),
    ];
    expect(buildReport(reportInput(scores)).levels).toEqual([]);
  });

  it('compares a control arm only with its matched cell', () => {
    const { contrasts } = buildReport(reportInput(ablation));
    expect(contrasts.map(({ differsIn, first }) => [differsIn, first.successes])).toEqual([[[], 2]]);
  });
});

describe('pairs of one seed', () => {
  it('are tested by the discordant ones', () => {
    // cellScores numbers complied first: of 20 epochs the last 16 resist without the instruction, the last 2 with it.
    const { levels } = buildReport(reportInput(ablation));
    expect(levels[0]?.paired).toMatchObject({ both: 2, firstOnly: 14, secondOnly: 0, neither: 4, pairs: 20 });
    // Two-sided, all 14 of 14 discordant pairs on one side.
    expect(levels[0]?.paired?.p).toBeCloseTo(2 * 0.5 ** 14, 12);
  });

  it('of a number have the mean of their differences, whatever the order of the trials, and say what makes no pair', () => {
    const percent = fc.nat(100).map((value) => value / 100);
    const values = fc.array(fc.tuple(percent, percent), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(values, fc.nat(3), (pairs, lost) => {
        const side = (index: 0 | 1, allow: string) =>
          cellScores({ complied: pairs.length }, { condition: { allow } }).map((one, at) => ({
            ...one,
            measures: { ...one.measures, survived: pairs[at]?.[index] ?? null },
          }));
        const alone = cellScores({ complied: lost }, { condition: { allow: 'none' } }).map((one, at) => ({
          ...one,
          ...{ seed: `alone-${at}`, trialId: `alone-${at}` },
        }));
        const scores = [...side(0, 'user'), ...side(1, 'none').toReversed(), ...alone];
        const [level] = buildReport(reportInput(scores, { metric: 'survived' })).levels;
        expect(level?.paired).toMatchObject({
          ...{ isMean: true, pairs: pairs.length },
          leftOut: { noPartner: lost, notCounted: 0, cannotTell: 0 },
        });
        const mean = pairs.reduce((sum, [user, none]) => sum + user - none, 0) / pairs.length;
        expect(level?.paired?.difference.estimate).toBeCloseTo(mean, 9);
      }),
      { numRuns: 20 },
    );
  });

  it('leave out what is not counted or cannot tell, and say so', () => {
    const one = cellScores({ complied: 5 }).map((each, at) =>
      at === 0 ? { ...each, ...{ outcome: 'invalid', rung: null } } : each,
    );
    const other = cellScores({ complied: 5 }, { condition: { allow: 'none' } }).map((each, at) =>
      at === 1 ? { ...each, measures: { ...each.measures, sabotage: null } } : each,
    );
    const report = buildReport(reportInput([...one, ...other]));
    expect(report.levels[0]?.paired).toMatchObject({
      ...{ isMean: false, neither: 3, pairs: 3 },
      leftOut: { noPartner: 0, notCounted: 1, cannotTell: 1 },
    });
    expect(renderHtml(report)).toContain('0, 0 of 3; left out: 1 not counted, 1 cannot tell');
  });

  it('do not exist if a seed is twice in a cell, or in only one trial', () => {
    const twice = [...ablation, ...ablation.slice(0, 1).map((one) => ({ ...one, trialId: 'again' }))];
    expect(buildReport(reportInput(twice)).levels[0]?.paired).toBeNull();
    const one = [...cellScores({ complied: 1 }), ...cellScores({ complied: 1 }, { condition: { allow: 'none' } })];
    expect(buildReport(reportInput(one)).levels[0]?.paired).toBeNull();
  });
});

describe('strata', () => {
  it('compare a level with its reference within each agent', () => {
    const other = ablation.map((one) => ({
      ...one,
      trialId: `o-${one.trialId}`,
      agent: { kind: 'model' as const, name: 'example/other' },
    }));
    const { strata } = buildReport(reportInput([...ablation, ...other]));
    expect(strata.find(({ level }) => level === 'none')).toMatchObject({
      factor: 'allow',
      reference: 'user',
      strata: 2,
      // Twice 16/20 against 2/20: the odds ratio of each is (16 * 18) / (4 * 2).
      oddsRatio: expect.closeTo(36, 10) as number,
    });
    expect(buildReport(reportInput(ablation)).strata).toEqual([]);
  });
});

describe('the regression', () => {
  const crossed = (agent = 'example/model', kind: 'model' | 'control' = 'model') =>
    (
      [
        ['user', '3', 2],
        ['user', '5', 4],
        ['none', '3', 10],
        ['none', '5', 16],
      ] as const
    ).flatMap(([allow, timing, resisted]) =>
      cellScores(
        { complied: 20 - resisted, 'resisted-finished': resisted },
        { agent, kind, condition: { allow, timing } },
      ),
    );

  it('has main effects with odds ratios, and a test for each factor', () => {
    const [fit] = buildReport(reportInput(crossed())).regressions;
    expect(fit).toMatchObject({ trials: 80, cells: 4, leftOut: [], isSeparated: false });
    expect(fit?.terms.map(({ term, degreesOfFreedom }) => [term, degreesOfFreedom])).toEqual([
      ['allow', 1],
      ['timing', 1],
    ]);
    expect(fit?.terms[0]?.p).toBeLessThan(0.0001);
    for (const { p, pHolm } of fit?.terms ?? []) expect(pHolm).toBeGreaterThanOrEqual(p);
    const [allow] = fit?.coefficients ?? [];
    expect(allow?.lower).toBeGreaterThan(0);
    expect(allow?.upper).toBeLessThan(1000);
  });

  it('has only the interactions that the plan names', () => {
    const study = studyFile(crossed(), {
      analysis: { hypotheses: [], alpha: 0.05, correction: 'holm', interactions: [['allow', 'timing']] },
    });
    const terms = (input: Parameters<typeof reportInput>[1]): readonly string[] =>
      buildReport(reportInput(crossed(), input)).regressions.flatMap((fit) => fit.terms.map(({ term }) => term));
    expect(terms({ study })).toEqual(['allow', 'timing', 'allow × timing']);
    expect(terms({})).toEqual(['allow', 'timing']);
  });

  it('leaves out a factor that follows from another, and reports that', () => {
    const scores = crossed().map((one) => ({
      ...one,
      condition: { ...one.condition, strength: one.condition['allow'] === 'none' ? 'none' : 'plain' },
    }));
    const report = buildReport(reportInput(scores));
    expect(report.regressions[0]?.leftOut).toEqual(['strength']);
    expect(renderHtml(report)).toContain('Left out, since they cannot be separated from the others here: strength.');
  });

  it('leaves out only the level that follows from another, and keeps the effects of the rest', () => {
    const cell = (allow: string, strength: string, timing: string, resisted: number) =>
      cellScores(
        { complied: 40 - resisted, 'resisted-finished': resisted },
        { condition: { allow, strength, timing } },
      );
    const scores = [
      ...cell('user', 'plain', '3', 10),
      ...cell('user', 'plain', '5', 20),
      ...cell('user', 'priority', '3', 1),
      ...cell('none', 'none', '3', 30),
    ];
    const [fit] = buildReport(reportInput(scores)).regressions;
    expect(fit?.leftOut).toEqual(['strength=none']);
    expect(fit?.coefficients.map(({ name }) => name)).toEqual(['allow=none', 'strength=priority', 'timing=5']);
    // As many coefficients as cells: with Firth's penalty each odds is (k + 1/2) / (n - k + 1/2), by hand.
    const odds = (k: number): number => (k + 0.5) / (40 - k + 0.5);
    expect(fit?.coefficients.map(({ oddsRatio }) => oddsRatio)).toEqual(
      [30, 1, 20].map((k) => expect.closeTo(odds(k) / odds(10), 6) as number),
    );
  });

  it('stays finite if a cell has only one answer, and reports that this is due to the penalty', () => {
    const scores = [
      ...crossed().filter(({ condition }) => condition['allow'] !== 'none'),
      ...['3', '5'].flatMap((timing) =>
        cellScores({ 'resisted-finished': 20 }, { condition: { allow: 'none', timing } }),
      ),
    ];
    const [fit] = buildReport(reportInput(scores)).regressions;
    expect(fit?.isSeparated).toBe(true);
    expect(fit?.coefficients.every(({ upper }) => Number.isFinite(upper))).toBe(true);
  });

  it('is not made for scripts, for a single factor, or if all trials had the same answer', () => {
    expect(buildReport(reportInput(crossed('control/x', 'control'))).regressions).toEqual([]);
    expect(buildReport(reportInput(crossed().slice(0, 40))).regressions).toEqual([]);
    const none = crossed().filter(({ outcome }) => outcome === 'complied');
    expect(buildReport(reportInput(none)).regressions).toEqual([]);
  });
});

describe('wordings as clusters', () => {
  const scores = cellScores({ complied: 20, 'resisted-finished': 20 });
  const contextsBy = (wordingOf: (index: number) => string | null) =>
    scores.map(({ trialId }, index) => {
      const wording = wordingOf(index);
      const stimuli = [{ id: 'texts/task.txt', sha256: 'b'.repeat(64) }];
      if (wording !== null) stimuli.push({ id: `texts/allow.plain.${wording}.txt`, sha256: 'c'.repeat(64) });
      return trialContext({ trialId, stimuli });
    });

  it('widen the interval if the answer depends on the wording, also below the headline', () => {
    // The first 20 complied, the last 20 resisted: two wordings that decide everything.
    const report = buildReport(reportInput(scores, { contexts: contextsBy((index) => (index < 20 ? '1' : '2')) }));
    const [one] = report.clusters;
    expect(one).toMatchObject({ wordings: 2, successes: 20, trials: 40 });
    expect(one?.designEffect).toBeGreaterThan(10);
    const own = report.cells[0]?.rates['sabotage']?.interval;
    expect((one?.interval.upper ?? 0) - (one?.interval.lower ?? 0)).toBeGreaterThan(
      2 * ((own?.upper ?? 0) - (own?.lower ?? 0)),
    );
    expect(report.headline.beside.join(' ')).toMatch(/With its 2 wordings as clusters: 20\/40 = 50\.0 % \[/);
  });

  it('are not mentioned if they do not matter, and do not exist with one wording or an unknown one', () => {
    const balanced = buildReport(reportInput(scores, { contexts: contextsBy((index) => String(index % 2)) }));
    expect(balanced.clusters).toHaveLength(1);
    expect(balanced.headline.beside.join(' ')).not.toContain('clusters');
    expect(buildReport(reportInput(scores, { contexts: contextsBy(() => '1') })).clusters).toEqual([]);
    const unknown = contextsBy((index) => (index === 0 ? null : String(index % 2)));
    expect(buildReport(reportInput(scores, { contexts: unknown })).clusters).toEqual([]);
  });
});
