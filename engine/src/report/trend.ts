import { sha256OfJson } from '../base/sha256.ts';
import type { Condition } from '../record/events.ts';
import type { HashedCell } from '../results/published-cells.ts';
import { blakerInterval } from '../stats/blaker-interval.ts';
import { instanceInterval } from '../stats/instance-interval.ts';
import type { Interval } from '../stats/interval.ts';
import { holm } from '../stats/multiplicity.ts';
import { type InstanceHistory, trendTest, type TrendTest } from '../stats/trend-test.ts';
import type { AnalysisPlan } from '../study/plan.ts';
import { type CellWithScores, settingsOf, trialsThatTell } from './analysis/cells.ts';
import { countsOf, groupByTexts, type Texts } from './analysis/clusters.ts';
import { showLevels } from './analysis/show.ts';
import { countTrials } from './countability.ts';
import { rateIn } from './words.ts';

/** One rate of one model. */
export interface TrendPoint {
  readonly id: string;
  readonly model: string;
  readonly origin: 'published' | 'measured';
  /** Year and month. */
  readonly date: string | null;
  readonly successes: number | null;
  readonly trials: number | null;
  readonly rate: number;
  /** 95 %; null for a point without interval, and `note` says why. */
  readonly interval: { readonly lower: number; readonly upper: number } | null;
  readonly source: string;
  readonly note: string | null;
}

/** Points of one condition with one denominator, over models. Only these may be joined. */
export interface TrendSeries {
  /** Of condition and denominator. */
  readonly hash: string;
  readonly behaviour: string;
  readonly condition: string;
  readonly per: string;
  /** In the order of the models, if there is one, otherwise by date. */
  readonly points: readonly TrendPoint[];
}

export interface OwnCell extends CellWithScores {
  /** Year and month of its trials; null if unknown. */
  readonly date: string | null;
  /** The hash of the published condition that it repeats, or null. */
  readonly repeats: string | null;
  /** Title of the measure. */
  readonly title: string;
  /** The levels that are not the defaults. */
  readonly levels: Condition;
}

/** @param order names of models, oldest first; empty for the order of dates */
export function toSeries(
  published: readonly HashedCell[],
  own: readonly OwnCell[],
  { texts, order }: { readonly texts: Texts; readonly order: readonly string[] },
): TrendSeries[] {
  const all = [
    ...published.map((cell) => ({
      ...{ hash: cell.hash, behaviour: cell.behaviour, condition: cell.condition, per: cell.per },
      point: publishedPoint(cell),
    })),
    ...own.flatMap((one) => {
      const point = ownPoint(one, texts);
      const condition = showLevels(one.levels);
      const about = { behaviour: one.cell.scoredBy, condition, per: `trials, ${one.title}` };
      return point === null ? [] : [{ hash: hashOfOwn(one), ...about, point }];
    }),
  ];
  return [...Map.groupBy(all, ({ hash }) => hash).values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { point: _, ...about } = first;
    return [
      {
        ...about,
        points: inOrder(
          group.map(({ point }) => point),
          order,
        ),
      },
    ];
  });
}

function inOrder(points: readonly TrendPoint[], order: readonly string[]): readonly TrendPoint[] {
  const rank = ({ model }: TrendPoint): number => (order.includes(model) ? order.indexOf(model) : order.length);
  return points.toSorted((a, b) => rank(a) - rank(b) || (a.date ?? '').localeCompare(b.date ?? ''));
}

function publishedPoint(cell: HashedCell): TrendPoint {
  const { id, model, date, successes, trials, rate, source, caveat } = cell;
  const counted = successes === null || trials === null ? null : blakerInterval(successes, trials);
  const interval = cell.interval ?? counted;
  const why =
    interval !== null
      ? null
      : trials === null
        ? 'no n published: a point without interval'
        : `no count published (n = ${trials}): a point without interval`;
  return {
    ...{ id, model, date, successes, trials, rate, source, origin: 'published' },
    interval: interval === null ? null : { lower: interval.lower, upper: interval.upper },
    note: [why, caveat].filter((part) => part !== null).join('; ') || null,
  };
}

/** Null if no trial can tell. */
function ownPoint({ cell, scores, date }: OwnCell, texts: Texts): TrendPoint | null {
  const { successes, trials, unknown, isMean } = rateIn(cell);
  if (trials === 0 || isMean) return null;
  const groups = groupByTexts(trialsThatTell(scores, cell.metric), texts);
  const interval =
    groups !== null && groups.size > 1
      ? instanceInterval([...groups.values()].map((own) => countsOf(own, cell.metric)))
      : blakerInterval(successes, trials);
  const unit =
    groups === null
      ? 'texts unknown: trials are taken as independent'
      : groups.size === 1
        ? 'one wording: says nothing on others'
        : groups.size < trials
          ? `${groups.size} wordings`
          : null;
  const left = countTrials(scores).causes.map(([cause, count]) => `${cause} x${count}`);
  const note = [
    ...(unit === null ? [] : [unit]),
    ...(left.length === 0 ? [] : [`not counted: ${left.join(', ')}`]),
    ...(unknown === 0 ? [] : [`counted, but cannot tell: ${unknown}`]),
  ].join('; ');
  return {
    ...{ id: cell.id, model: cell.agent, date, source: 'your trials', note: note || null, origin: 'measured' },
    ...{ successes, trials, rate: successes / trials },
    interval: { lower: interval.lower, upper: interval.upper },
  };
}

/** Everything that makes the test except for the model: scenario, texts, levels, limits, sampling, measure. */
function hashOfOwn({ cell, repeats }: OwnCell): string {
  const { scoredBy, scenario, condition, setup, metric } = cell;
  return repeats ?? sha256OfJson({ scoredBy, scenario, condition, settings: settingsOf(setup), metric });
}

/** A trend that a study planned before its first trial. */
export interface PlannedTrend {
  readonly plan: NonNullable<AnalysisPlan['trend']>;
  readonly alpha: number;
  /** Trials of each model and condition. */
  readonly epochs: number;
  /** Why no statement may rest on it; empty if there is no reason. */
  readonly against: readonly string[];
}

export interface TrendAnswer {
  /** Name of the scenario. */
  readonly behaviour: string;
  readonly condition: string;
  readonly planned: PlannedTrend;
  /** Null if there is nothing to test. */
  readonly slope: Interval | null;
  readonly pHolm: number | null;
  readonly instances: number;
  /** `worse` and `better` are of the headline measure, which counts what an agent should not do. */
  readonly verdict: 'worse' | 'better' | 'not-shown' | 'withheld';
  /** Why nothing is said. */
  readonly why: string | null;
}

/**
 * Tests each planned trend in each condition of its models; corrected over all of them (Holm). A statement is withheld
 * where anything speaks against the plan, or the instances of the models are not known or not the same.
 */
export function testTrends(
  planned: readonly PlannedTrend[],
  own: readonly OwnCell[],
  { texts }: { readonly texts: Texts },
): TrendAnswer[] {
  const raw = planned.flatMap((one) =>
    [...Map.groupBy(own, hashOfOwn).values()].flatMap((series): Tested[] => {
      const cells = one.plan.models.map((model) => series.filter(({ cell }) => cell.agent === model));
      const newest = cells.at(-1)?.reduce((sum, { scores }) => sum + scores.length, 0) ?? 0;
      if (newest === 0) return [];
      const [first] = series;
      const about = {
        behaviour: first?.cell.scoredBy ?? '',
        condition: showLevels(first?.levels ?? {}),
        planned: one,
      };
      const histories =
        newest === one.epochs
          ? historiesOf(cells, texts)
          : `the newest model has ${newest} trials under this condition, and its plan has ${one.epochs}`;
      if (typeof histories === 'string') return [{ ...about, test: null, why: histories }];
      return [{ ...about, test: trendTest(histories), why: one.against[0] ?? null }];
    }),
  );
  // A question without an answer stays in the family.
  const corrected = holm(raw.map(({ test }) => test?.p ?? 1));
  return raw.map(({ test, why, ...rest }, index): TrendAnswer => {
    const pHolm = corrected[index] ?? 1;
    const isFound = pHolm < rest.planned.alpha;
    const direction = (test?.slope.estimate ?? 0) > 0 ? 'worse' : 'better';
    return {
      ...rest,
      ...{ slope: test?.slope ?? null, pHolm: test === null ? null : pHolm, instances: test?.instances ?? 0, why },
      verdict: why !== null ? 'withheld' : isFound ? direction : 'not-shown',
    };
  });
}

interface Tested extends Pick<TrendAnswer, 'behaviour' | 'condition' | 'planned' | 'why'> {
  readonly test: TrendTest | null;
}

/** By instance, what each model gave; or why that cannot be told. Instances that a model has not are left out. */
function historiesOf(cells: readonly (readonly OwnCell[])[], texts: Texts): InstanceHistory[] | string {
  const groups: Map<string, InstanceHistory[number]>[] = [];
  for (const [index, [cell, ...others]] of cells.entries()) {
    if (cell === undefined) return `no trial of model ${index + 1} of the trend under this condition`;
    if (others.length > 0) return 'a model has this condition with several settings';
    const { metric } = cell.cell;
    if (rateIn(cell.cell).isMean) return 'the headline measure is a number, not yes or no';
    const own = groupByTexts(trialsThatTell(cell.scores, metric), texts);
    if (own === null) return 'the texts of some trials are not known, so their instances are not';
    groups.push(new Map([...own].map(([key, trials]) => [key, countsOf(trials, metric)])));
  }
  const histories = [...(groups[0]?.keys() ?? [])].flatMap((key) => {
    const history = groups.flatMap((group) => group.get(key) ?? []);
    return history.length === groups.length ? [history] : [];
  });
  return histories.length < 2
    ? `the models share ${histories.length} instances (texts), and a trend needs at least two`
    : histories;
}
