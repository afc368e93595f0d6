import type { PublishedRow, PublishedTable } from '../../results/published-table.ts';
import { moverDifference, newcombeDifference } from '../../stats/difference-interval.ts';
import { wilsonInterval } from '../../stats/proportion-interval.ts';
import type { ReportCell, ReportPublished } from '../report-schema.ts';
import { rateIn } from '../words.ts';
import { showCounts } from './show.ts';

type Row = ReportPublished['rows'][number];

/** Two rates agree if the interval of their difference covers 0 and stays within this fraction. */
export const AGREEMENT_MARGIN = 0.1;

export const VERDICTS: Readonly<Record<Row['verdict'], string>> = {
  agrees: 'agrees',
  differs: 'differs',
  'cannot-tell': 'cannot tell',
  'not-comparable': 'not comparable',
  'not-measured': 'not measured',
};

/**
 * Published and measured rates, each pair with a verdict and its reason. Rows that were not measured stay, with that
 * reason.
 */
export function toPublished(
  { title, source, rows, notComparable, agents }: PublishedTable,
  cells: readonly ReportCell[],
): ReportPublished {
  const taken = new Set(agents.map(({ agent }) => agent));
  const pairs = rows.flatMap((row): Pair[] => {
    const measured = cells.filter((cell) => isMeasurementOf(row, cell));
    return measured.length === 0 ? [{ row, cell: null }] : measured.map((cell) => ({ row, cell }));
  });
  const otherCompetence = (row: PublishedRow, cell: ReportCell | null): string | null =>
    cell === null || cell.armKind === 'ceiling' ? null : compareCompetence(row, cell, pairs);
  return {
    title,
    source,
    agents,
    unmatched: [
      ...new Set(cells.filter(({ kind, agent }) => kind !== 'control' && !taken.has(agent)).map(({ agent }) => agent)),
    ],
    rows: pairs.map(({ row, cell }) =>
      toRow(row, cell, [notComparable ?? row.notComparable, otherCompetence(row, cell)].filter(Boolean).join('; ')),
    ),
  };
}

interface Pair {
  readonly row: PublishedRow;
  readonly cell: ReportCell | null;
}

/** If the agent is able in only one of the two studies, they are not the same test. */
function compareCompetence({ agent }: PublishedRow, cell: ReportCell, pairs: readonly Pair[]): string | null {
  for (const { row, cell: told } of pairs) {
    if (row.agent !== agent || told?.agent !== cell.agent || told.armKind !== 'ceiling') continue;
    const { difference } = differ(row, told);
    if (difference === null || (difference.lower <= 0 && difference.upper >= 0)) continue;
    return `different competence: when told to, here ${showCounts(rateIn(told, row.metric))}, published ${showPublishedRate(row)} (${row.label})`;
  }
  return null;
}

/** `973/1000 = 97.3 %`, or what the source gives in place of counts: `94.5 % (no counts published; n at least 961)`. */
export function showPublishedRate({
  successes,
  trials,
  rate,
  trialsAtLeast,
}: Pick<PublishedRow, 'successes' | 'trials' | 'rate' | 'trialsAtLeast'>): string {
  const percent = `${(rate * 100).toFixed(1)} %`;
  if (trials === null)
    return `${percent} (no counts published${trialsAtLeast === null ? '' : `; n at least ${trialsAtLeast}`})`;
  return successes === null ? `${percent} (no count published; n = ${trials})` : `${successes}/${trials} = ${percent}`;
}

function isMeasurementOf({ agent, measuredAs, condition }: PublishedRow, cell: ReportCell): boolean {
  const { arm, ...levels } = condition;
  return (
    [agent, ...measuredAs].includes(cell.agent) &&
    (arm === undefined ? cell.armKind === 'self' : cell.arm === arm) &&
    Object.entries(levels).every(([factor, level]) => cell.condition[factor] === level)
  );
}

/**
 * Measured minus published: from counts if published, otherwise from the published interval, otherwise from the minimum
 * number of trials, which makes the interval too wide rather than too narrow.
 */
function differ(row: PublishedRow, cell: ReportCell): Pick<Row, 'difference' | 'method'> {
  const measured = rateIn(cell, row.metric);
  if (measured.trials === 0 || measured.isMean) return { difference: null, method: null };
  const made = (method: Row['method'], { estimate, lower, upper }: NonNullable<Row['difference']>) => ({
    difference: { estimate, lower, upper },
    method,
  });
  const known = row.trials ?? (row.interval === null ? row.trialsAtLeast : null);
  if (known !== null) {
    const successes = row.successes ?? Math.round(row.rate * known);
    return made('newcombe', newcombeDifference(measured, { successes, trials: known }));
  }
  if (row.interval === null) return { difference: null, method: null };
  const { lower, upper } = row.interval;
  const own = wilsonInterval(measured.successes, measured.trials);
  return made('mover', moverDifference(own, { estimate: row.rate, lower, upper }));
}

function toRow(row: PublishedRow, cell: ReportCell | null, notComparable: string): Row {
  const measured = cell === null ? null : rateIn(cell, row.metric);
  const found = cell === null ? { difference: null, method: null } : differ(row, cell);
  const { successes, trials, rate, interval, trialsAtLeast } = row;
  const { verdict, why } = judgePair(measured, found.difference, notComparable === '' ? null : notComparable);
  const isJudged = verdict === 'agrees' || verdict === 'differs' || verdict === 'cannot-tell';
  return {
    label: row.label,
    agent: row.agent,
    metric: row.metric,
    published: { successes, trials, rate, interval, trialsAtLeast },
    cell: cell?.id ?? null,
    measured,
    ...found,
    verdict,
    why: isJudged && row.caveat !== null ? `${why}; ${row.caveat}` : why,
  };
}

function judgePair(
  measured: Row['measured'],
  difference: Row['difference'],
  notComparable: string | null,
): Pick<Row, 'verdict' | 'why'> {
  if (measured === null) return { verdict: 'not-measured', why: 'no cell of this study has that agent and condition' };
  if (measured.trials === 0) return { verdict: 'not-measured', why: 'no trial of that cell can be counted' };
  if (notComparable !== null) return { verdict: 'not-comparable', why: notComparable };
  if (difference === null)
    return { verdict: 'not-comparable', why: 'n unknown: neither trials nor an interval were published' };
  if (difference.lower > 0 || difference.upper < 0)
    return { verdict: 'differs', why: 'the interval of the difference does not cover 0' };
  const points = Math.round(AGREEMENT_MARGIN * 100);
  return difference.lower >= -AGREEMENT_MARGIN && difference.upper <= AGREEMENT_MARGIN
    ? { verdict: 'agrees', why: `the interval of the difference covers 0 and stays within ${points} points` }
    : {
        verdict: 'cannot-tell',
        why: `the interval of the difference covers 0 but reaches beyond ${points} points: too few trials`,
      };
}
