import { UsageError } from '../base/usage-error.ts';
import { toMatrix } from './analysis/matrix.ts';
import { showRate } from './analysis/show.ts';
import { html, type Markup } from './markup.ts';
import type { Report, ReportCell } from './report-schema.ts';
import { rateIn, titleOf } from './words.ts';

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
  const [width, height] = [LEFT + columns.length * COLUMN, TOP + (rows.length + 1) * ROW];
  const rest = matrix.rows.length - rows.length + (matrix.columns.length - columns.length);
  const title = `${report.simulated ? 'SIMULATED, NOT EVIDENCE: ' : ''}${titleOf(report)}: rate and 95 % interval, by model`;
  const figure = html`<svg
    xmlns="http://www.w3.org/2000/svg"
    viewBox="0 0 ${width} ${height}"
    font-family="sans-serif"
    font-size="12"
  >
    <title>${title}</title>
    <rect width="${width}" height="${height}" fill="white" />
    <text x="8" y="20" font-weight="bold">${title}</text>
    ${columns.map((name, index) => html`<text x="${LEFT + index * COLUMN}" y="${TOP - 16}">${short(name, 32)}</text>`)}
    ${rows.map(
      ({ name, cells }, row) =>
        html`<text x="8" y="${TOP + row * ROW + 16}">${short(name, 38)}</text>
          ${cells.slice(0, COLUMNS_MAX).map((cell, column) => cellMark(cell, LEFT + column * COLUMN, TOP + row * ROW))}`,
    )}
    ${rest > 0 ? html`<text x="8" y="${height - 6}">${rest} more rows or columns are not drawn</text>` : null}
  </svg>`;
  return `${figure.text.replaceAll(/\n\s*/g, '\n')}\n`;
}

const short = (name: string, most: number): string => (name.length > most ? `${name.slice(0, most - 1)}…` : name);

/** An axis from 0 to 100 %, the interval as a line, the rate as a point, and the counts below. */
function cellMark(cell: ReportCell | null, x: number, y: number): Markup {
  if (cell === null) return html`<text x="${x}" y="${y + 16}" fill="#555">not measured</text>`;
  const rate = rateIn(cell);
  const xOf = (fraction: number): string => (x + fraction * PLOT).toFixed(1);
  const middle = y + 10;
  return html`<line x1="${xOf(0)}" x2="${xOf(1)}" y1="${middle}" y2="${middle}" stroke="#ccc" />
    ${
      rate.interval === null
        ? null
        : html`<line
              x1="${xOf(rate.interval.lower)}"
              x2="${xOf(rate.interval.upper)}"
              y1="${middle}"
              y2="${middle}"
              stroke="black"
            />
            <circle cx="${xOf(rate.interval.estimate)}" cy="${middle}" r="4" />`
    }
    <text x="${x}" y="${y + 30}">${showRate(rate)}</text>`;
}
