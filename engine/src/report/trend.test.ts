import { describe, expect, it } from 'vitest';

import type { HashedCell } from '../results/published-cells.ts';
import { toCells } from './analysis/cells.ts';
import { textsOf } from './analysis/clusters.ts';
import { cellScores, scenarios, trialContext } from './testing/report-input.ts';
import { type OwnCell, type PlannedTrend, testTrends, toSeries } from './trend.ts';

const EPOCHS = 40;
const TEXTS = 5;

/** Trials of a model with so many crossings, spread over five texts; `count` of the texts. */
function measured(rates: Readonly<Record<string, number>>, count = TEXTS) {
  const scores = Object.entries(rates).flatMap(([agent, crossed]) => {
    const own = cellScores({ 'resisted-finished': crossed, complied: EPOCHS - crossed }, { agent });
    // By turns, so that crossings are spread over the texts.
    return own.map((score, index) => ({ ...score, epoch: index % count }));
  });
  const contexts = scores.map(({ trialId, epoch }) =>
    trialContext({ trialId, stimuli: [{ id: 'texts/a.txt', sha256: String(epoch) }] }),
  );
  const own: OwnCell[] = toCells(scores, { scenarios }).cells.map((one) => ({
    ...{ ...one, date: '2026-11', repeats: null, title: 'sabotage', levels: {} },
  }));
  return { own, texts: textsOf(contexts) };
}

const published = (change: Partial<HashedCell> = {}): HashedCell => ({
  ...{ id: 'a', behaviour: 'b', model: 'm', condition: 'c', per: 'trials', successes: 3, trials: 10, rate: 0.3 },
  ...{ interval: null, date: '2026-01', source: 's', caveat: null, hash: 'h' },
  ...change,
});

const planned = (models: readonly string[], change: Partial<PlannedTrend> = {}): PlannedTrend => ({
  plan: { models: [...models], from: 0.05, to: 0.5, icc: 0.05 },
  ...{ alpha: 0.05, epochs: EPOCHS, against: [] },
  ...change,
});

describe('series', () => {
  const series = (cells: readonly HashedCell[], order: readonly string[] = []) =>
    toSeries(cells, [], { texts: new Map(), order });

  it('join cells of one hash in the order of the models, and leave all others alone', () => {
    const cells = [published(), published({ id: 'b', model: 'old' }), published({ id: 'c', hash: 'other' })];
    expect(series(cells, ['old', 'm']).map(({ points }) => points.map(({ id }) => id))).toEqual([['b', 'a'], ['c']]);
  });

  it('show a cell without a count as a point without interval, and say so', () => {
    const [one] = series([published({ successes: null, trials: null, caveat: 'approximate' })]);
    expect(one?.points[0]).toMatchObject({
      interval: null,
      note: 'no n published: a point without interval; approximate',
    });
    expect(series([published({ successes: null })])[0]?.points[0]?.note).toContain('no count published (n = 10)');
  });

  it('say of a measured cell how many texts it has, and what was left out and why', () => {
    const scores = cellScores({ 'resisted-finished': 2, complied: 4, invalid: 3 });
    const own = toCells(scores, { scenarios }).cells.map((one) => ({
      ...{ ...one, date: null, repeats: null, title: 'sabotage', levels: {} },
    }));
    const contexts = scores.map(({ trialId, epoch }) =>
      trialContext({ trialId, stimuli: [{ id: 'texts/a.txt', sha256: String(epoch % 2) }] }),
    );
    const [one] = toSeries([], own, { texts: textsOf(contexts), order: [] });
    expect(one?.points[0]).toMatchObject({ successes: 2, trials: 6 });
    expect(one?.points[0]?.note).toMatch(/^2 wordings; not counted: invalid: .* x3$/);
  });

  it('keep a published interval, and join measured cells with published ones only if they repeat their condition', () => {
    const { own, texts } = measured({ mine: 4 });
    const kept = published({ interval: { lower: 0.1, upper: 0.4 } });
    expect(toSeries([kept], own, { texts, order: [] })).toHaveLength(2);
    const repeating = own.map((one) => ({ ...one, repeats: 'h' }));
    const [one, ...rest] = toSeries([kept], repeating, { texts, order: [] });
    expect(rest).toEqual([]);
    expect(one?.points.map(({ origin }) => origin)).toEqual(['published', 'measured']);
    expect(one?.points[0]?.interval).toEqual({ lower: 0.1, upper: 0.4 });
  });
});

describe('a planned trend', () => {
  const rising = { old: 2, middle: 15, new: 30 };
  const models = ['old', 'middle', 'new'];
  interface Case {
    readonly rates?: Readonly<Record<string, number>>;
    readonly change?: Partial<PlannedTrend>;
    readonly count?: number;
    readonly why: string;
  }
  const verdictOf = (rates: Readonly<Record<string, number>>, change: Partial<PlannedTrend> = {}, count = TEXTS) => {
    const { own, texts } = measured(rates, count);
    return testTrends([planned(models, change)], own, { texts })[0];
  };

  it('is named by its direction, with the texts as its unit', () => {
    expect(verdictOf(rising)).toMatchObject({ verdict: 'worse', instances: TEXTS, why: null });
    expect(verdictOf({ old: 30, middle: 15, new: 2 })?.verdict).toBe('better');
    expect(verdictOf({ old: 10, middle: 12, new: 11 })?.verdict).toBe('not-shown');
  });

  it.each<[string, Case]>([
    ['something speaks against the plan', { change: { against: ['it was changed'] }, why: 'it was changed' }],
    ['a model has no trials', { rates: { old: 2, new: 30 }, why: 'no trial of model 2' }],
    ['there is one text', { count: 1, why: 'the models share 1 instances' }],
    ['the newest model has other trials than planned', { change: { epochs: 30 }, why: 'has 40 trials' }],
  ])('gives no statement if %s', (_what, { rates = rising, change = {}, count = TEXTS, why }) => {
    const answer = verdictOf(rates, change, count);
    expect(answer?.verdict).toBe('withheld');
    expect(answer?.why).toContain(why);
  });

  it('gives no statement if it is not known which trials share a text', () => {
    const { own } = measured(rising);
    const [answer] = testTrends([planned(models)], own, { texts: new Map() });
    expect(answer).toMatchObject({ verdict: 'withheld', slope: null, pHolm: null });
  });

  it('is corrected over all planned trends, those without an answer too', () => {
    const { own, texts } = measured(rising);
    const one = testTrends([planned(models)], own, { texts })[0];
    const two = testTrends([planned(models), planned(['old', 'none', 'new'])], own, { texts })[0];
    expect(two?.pHolm).toBeCloseTo(2 * (one?.pHolm ?? 0), 12);
  });
});
