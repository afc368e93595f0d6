import { type Cell, toDesignMatrix } from '../../stats/factor-coding.ts';
import { likelihoodRatioTest, type LogisticFit, logisticRegression } from '../../stats/logistic-regression.ts';
import { holm } from '../../stats/multiplicity.ts';
import type { ReportRegression } from '../report-schema.ts';
import { rateIn } from '../words.ts';
import { type CellWithScores, levelsOf } from './cells.ts';
import { baselineOf } from './levels.ts';

export interface RegressionOptions {
  readonly baselineLabel: string | null;
  /** The interactions that the plan of the study names. */
  readonly interactions: readonly (readonly [string, string])[];
}

/** Beyond this, neither the table of coefficients nor its model is useful. */
const COLUMNS_MAX = 60;

/**
 * Which factors change the rate of an agent, all in one model: main effects, and the interactions that the plan names.
 * Not for scripts, and only with at least two factors that vary; with one, the table of levels is enough.
 */
export function toRegressions(
  cells: readonly CellWithScores[],
  { baselineLabel, interactions }: RegressionOptions,
): ReportRegression[] {
  const self = cells.filter(
    ({ cell }) => cell.armKind === 'self' && cell.kind !== 'control' && rateIn(cell).trials > 0 && !rateIn(cell).isMean,
  );
  return [
    ...Map.groupBy(self, ({ cell }) => JSON.stringify([cell.scoredBy, cell.scenario, cell.agent])).values(),
  ].flatMap((group) => {
    const [first] = group;
    const baseline = baselineOf(group, baselineLabel)?.cell;
    const data = group.map(({ cell }): Cell => {
      const { successes, trials } = rateIn(cell);
      return { levels: levelsOf(cell), successes, trials };
    });
    const fitted = fit(data, { reference: baseline === undefined ? {} : levelsOf(baseline), interactions });
    return fitted === null || first === undefined ? [] : [{ cell: first.cell.id, agent: first.cell.agent, ...fitted }];
  });
}

interface Terms {
  readonly factors: readonly string[];
  readonly interactions: readonly (readonly [string, string])[];
}

type Fitted = Omit<ReportRegression, 'cell' | 'agent'>;

interface FitOptions {
  readonly reference: Readonly<Record<string, string>>;
  readonly interactions: RegressionOptions['interactions'];
}

function fit(all: readonly Cell[], { reference, interactions }: FitOptions): Fitted | null {
  const names = [...new Set(all.flatMap(({ levels }) => Object.keys(levels)))];
  const varying = names.filter((name) => new Set(all.map(({ levels }) => levels[name])).size > 1);
  const successes = all.reduce((sum, one) => sum + one.successes, 0);
  const trials = all.reduce((sum, one) => sum + one.trials, 0);
  if (varying.length < 2 || successes === 0 || successes === trials) return null;
  let terms: Terms = { factors: [], interactions: [] };
  let data = all;
  const leftOut: string[] = [];
  for (const factor of varying) {
    const { cells, kept, dropped } = addFactor({ data, terms, factor, reference });
    leftOut.push(...(kept === 0 ? [factor] : dropped));
    if (kept === 0) continue;
    data = cells;
    terms = { ...terms, factors: [...terms.factors, factor] };
  }
  const fits = (one: Terms, penalty: 'none' | 'firth'): LogisticFit | null =>
    tryFit(data, { ...one, reference }, penalty);
  for (const pair of interactions) {
    const more = { ...terms, interactions: [...terms.interactions, pair] };
    const isThere = pair.every((factor) => terms.factors.includes(factor));
    if (!isThere || fits(more, 'firth') === null) leftOut.push(pair.join(' × '));
    else terms = more;
  }
  const [penalised, full] = [fits(terms, 'firth'), fits(terms, 'none')];
  if (penalised === null || full === null || terms.factors.length < 2) return null;
  const tests = testTerms(terms, full, (reduced) => fits(reduced, 'none'));
  const corrected = holm(tests.map(({ p }) => p));
  return {
    trials,
    cells: all.length,
    reference: Object.fromEntries(terms.factors.map((factor) => [factor, reference[factor] ?? ''])),
    terms: tests.map((test, index) => ({ ...test, pHolm: corrected[index] ?? 1 })),
    coefficients: penalised.coefficients
      .slice(1)
      .map(({ name, oddsRatio, lower, upper }) => ({ name, oddsRatio, lower, upper })),
    leftOut,
    isSeparated: full.isSeparated,
  };
}

interface Adding extends Pick<FitOptions, 'reference'> {
  readonly data: readonly Cell[];
  readonly terms: Terms;
  readonly factor: string;
}

/**
 * Adds level by level. A level that follows from earlier ones (no instruction has no strength) has no effect of its own
 * to estimate, and is merged with the reference. The other levels of its factor stay, or their effect would be
 * attributed to something else.
 */
function addFactor({ data, terms, factor, reference }: Adding): {
  readonly cells: readonly Cell[];
  readonly kept: number;
  readonly dropped: readonly string[];
} {
  const more = { ...terms, factors: [...terms.factors, factor], reference };
  const base = reference[factor];
  const levels = [...new Set(data.map((one) => one.levels[factor]))].filter((level) => level !== base);
  // A cell without this factor, or no baseline to compare with.
  if (base === undefined || levels.includes(undefined)) return { cells: data, kept: 0, dropped: [] };
  const recode = (keep: ReadonlySet<string | undefined>): readonly Cell[] =>
    data.map((one) => (keep.has(one.levels[factor]) ? one : { ...one, levels: { ...one.levels, [factor]: base } }));
  let kept: ReadonlySet<string | undefined> = new Set();
  for (const level of levels) {
    const wider = new Set([...kept, level]);
    if (tryFit(recode(wider), more, 'firth') !== null) kept = wider;
  }
  return {
    cells: recode(kept),
    kept: kept.size,
    dropped: levels.filter((level) => !kept.has(level)).map((level) => `${factor}=${level ?? ''}`),
  };
}

function testTerms(
  { factors, interactions }: Terms,
  full: LogisticFit,
  refit: (terms: Terms) => LogisticFit | null,
): Omit<Fitted['terms'][number], 'pHolm'>[] {
  const against = (term: string, reduced: Terms): Omit<Fitted['terms'][number], 'pHolm'>[] => {
    const smaller = refit(reduced);
    if (smaller === null || smaller.coefficients.length >= full.coefficients.length) return [];
    const { p, degreesOfFreedom } = likelihoodRatioTest(full, smaller);
    return [{ term, p, degreesOfFreedom }];
  };
  return [
    // Drop its interactions too: they have no meaning without their factors.
    ...factors.flatMap((factor) =>
      against(factor, {
        factors: factors.filter((other) => other !== factor),
        interactions: interactions.filter((pair) => !pair.includes(factor)),
      }),
    ),
    ...interactions.flatMap((pair) =>
      against(pair.join(' × '), { factors, interactions: interactions.filter((other) => other !== pair) }),
    ),
  ];
}

function tryFit(
  data: readonly Cell[],
  { reference, ...terms }: Terms & { readonly reference: FitOptions['reference'] },
  penalty: 'none' | 'firth',
): LogisticFit | null {
  try {
    const named = Object.fromEntries(Object.entries(reference).filter(([factor]) => terms.factors.includes(factor)));
    const design = toDesignMatrix(data, { ...terms, reference: named });
    if (design.columns.length > COLUMNS_MAX) return null;
    return logisticRegression(design, data, { penalty });
  } catch (error) {
    // Collinear columns, or a factor that a cell lacks.
    if (error instanceof RangeError) return null;
    throw error;
  }
}
