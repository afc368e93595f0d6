import { newcombeDifference } from '../../stats/difference-interval.ts';
import type { PublishedRow, PublishedTable } from '../published-table.ts';
import type { ReportCell, ReportPublished } from '../report-schema.ts';
import { SELF } from './cells.ts';

type Row = ReportPublished['rows'][number];

/** Fractions: two rates agree when the interval of their difference covers 0 and reaches no further than this. */
export const AGREEMENT_MARGIN = 0.1;

/** Published beside measured, each pair with a verdict and its reason. Rows that were not measured stay, and say so. */
export function toPublished(
  { title, source, rows, notComparable }: PublishedTable,
  cells: readonly ReportCell[],
): ReportPublished {
  return {
    title,
    source,
    rows: rows.flatMap((row) => {
      const measured = cells.filter((cell) => isMeasurementOf(row, cell));
      return measured.length === 0
        ? [toRow(row, null, notComparable)]
        : measured.map((cell) => toRow(row, cell, notComparable));
    }),
  };
}

function isMeasurementOf({ agent, measuredAs, condition }: PublishedRow, cell: ReportCell): boolean {
  const expected = { arm: SELF, ...condition };
  return (
    [agent, ...measuredAs].includes(cell.agent) &&
    Object.entries(expected).every(
      ([factor, level]) => (factor === 'arm' ? cell.arm : cell.condition[factor]) === level,
    )
  );
}

function toRow(row: PublishedRow, cell: ReportCell | null, tableNotComparable: string | null): Row {
  const measured = cell === null ? null : cell.rates[row.metric];
  const successes = row.successes ?? (row.trials === null ? null : Math.round(row.rate * row.trials));
  const interval =
    measured === null || measured.trials === 0 || row.trials === null || successes === null
      ? null
      : newcombeDifference(measured, { successes, trials: row.trials });
  const difference =
    interval === null ? null : { estimate: interval.estimate, lower: interval.lower, upper: interval.upper };
  return {
    label: row.label,
    agent: row.agent,
    metric: row.metric,
    published: { successes: row.successes, trials: row.trials, rate: row.rate, interval: row.interval },
    cell: cell?.id ?? null,
    measured,
    difference,
    ...judgePair({ measured, difference, notComparable: row.notComparable ?? tableNotComparable, trials: row.trials }),
  };
}

function judgePair({
  measured,
  difference,
  notComparable,
  trials,
}: {
  readonly measured: Row['measured'];
  readonly difference: Row['difference'];
  readonly notComparable: string | null;
  readonly trials: number | null;
}): Pick<Row, 'verdict' | 'why'> {
  if (measured === null) return { verdict: 'not-measured', why: 'no cell of this study has that agent and condition' };
  if (measured.trials === 0) return { verdict: 'not-measured', why: 'no trial of that cell can be counted' };
  if (notComparable !== null) return { verdict: 'not-comparable', why: notComparable };
  if (difference === null)
    return {
      verdict: 'not-comparable',
      why: trials === null ? 'the number of published trials is not known' : 'nothing to compare',
    };
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
