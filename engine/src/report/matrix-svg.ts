import { UsageError } from '../base/usage-error.ts';
import { toMatrix } from './analysis/matrix.ts';
import { showRate } from './analysis/show.ts';
import { html, type Markup } from './markup.ts';
import type { Report, ReportCell } from './report-schema.ts';
import { rateMark, shorten, svgFigure, undrawnNote } from './svg-figure.ts';
import { rateIn } from './words.ts';

const [LEFT, TOP, COLUMN, ROW, PLOT] = [260, 64, 220, 44, 180];
const [ROWS_MAX, COLUMNS_MAX] = [100, 40];

/**
 * One figure: models against conditions, each with its rate and 95 % interval on a scale from 0 to 100 %.
 * @throws UsageError with fewer than two models
 */
export function renderMatrix(report: Report): string {
  const matrix = toMatrix(report);
  if (matrix === null)
    throw new UsageError('expected the arm "self" of at least two models for a matrix: --format svg draws every cell');
  const columns = matrix.columns.slice(0, COLUMNS_MAX);
  const rows = matrix.rows.slice(0, ROWS_MAX);
  const height = TOP + (rows.length + 1) * ROW;
  const rest = matrix.rows.length - rows.length + (matrix.columns.length - columns.length);
  return svgFigure(report, {
    ...{ width: LEFT + columns.length * COLUMN, height, shows: 'rate and 95 % interval, by model' },
    content: html`${columns.map((name, index) => html`<text x="${LEFT + index * COLUMN}" y="${TOP - 16}">${shorten(name, 32)}</text>`)}
    ${rows.map(
      ({ name, cells }, row) =>
        html`<text x="8" y="${TOP + row * ROW + 16}">${shorten(name, 38)}</text>
          ${cells.slice(0, COLUMNS_MAX).map((cell, column) => cellMark(cell, LEFT + column * COLUMN, TOP + row * ROW))}`,
    )}
    ${undrawnNote(rest, 'rows or columns', height)}`,
  });
}

/** An axis from 0 to 100 %, the interval as a line, the rate as a point, and the counts below. */
function cellMark(cell: ReportCell | null, x: number, y: number): Markup {
  if (cell === null) return html`<text x="${x}" y="${y + 16}" fill="#555">not measured</text>`;
  const rate = rateIn(cell);
  const xOf = (fraction: number): string => (x + fraction * PLOT).toFixed(1);
  const middle = y + 10;
  return html`<line x1="${xOf(0)}" x2="${xOf(1)}" y1="${middle}" y2="${middle}" stroke="#ccc" />
    ${rateMark(rate, { y: middle, xOf })}
    <text x="${x}" y="${y + 30}">${showRate(rate)}</text>`;
}
