import { showRate, showVarying } from './analysis/show.ts';
import { html, type Markup } from './markup.ts';
import type { Report, ReportCell } from './report-schema.ts';
import { rateIn, titleOf } from './words.ts';

const ROWS_MAX = 200;
const ROW = 20;
const [PLOT_X, PLOT_WIDTH, WIDTH, TOP] = [440, 300, 960, 56];

/** One figure: the rate of every cell with its 95 % interval, in the order of the cells. For papers and slides. */
export function renderSvg(report: Report): string {
  const shown = report.cells.slice(0, ROWS_MAX);
  const rest = report.cells.length - shown.length;
  const height = TOP + (shown.length + 2) * ROW;
  const title = `${report.simulated ? 'SIMULATED, NOT EVIDENCE: ' : ''}${titleOf(report)}: rate and 95 % interval`;
  const figure = html`<svg
    xmlns="http://www.w3.org/2000/svg"
    viewBox="0 0 ${WIDTH} ${height}"
    font-family="sans-serif"
    font-size="12"
  >
    <title>${title}</title>
    <rect width="${WIDTH}" height="${height}" fill="white" />
    <text x="8" y="20" font-weight="bold">${title}</text>
    ${[0, 25, 50, 75, 100].map((percent) => gridLine(percent, height - ROW))}
    ${shown.map((cell, index) => row(cell, TOP + index * ROW))}
    ${rest > 0 ? html`<text x="8" y="${height - 6}">${rest} more cells are not drawn</text>` : null}
  </svg>`;
  return `${figure.text.replaceAll(/\n\s*/g, '\n')}\n`;
}

const xOf = (fraction: number): string => (PLOT_X + fraction * PLOT_WIDTH).toFixed(1);

function gridLine(percent: number, bottom: number): Markup {
  const x = xOf(percent / 100);
  return html`<line x1="${x}" x2="${x}" y1="${TOP - 12}" y2="${bottom}" stroke="#ccc" />
    <text x="${x}" y="${TOP - 16}" text-anchor="middle" fill="#555">${percent} %</text>`;
}

function row(cell: ReportCell, y: number): Markup {
  const rate = rateIn(cell);
  const { interval } = rate;
  const name = `${cell.agent} ${cell.label ?? showVarying(cell)}`.trim();
  return html`<text x="8" y="${y + 4}">${name.length > 68 ? `${name.slice(0, 67)}…` : name}</text>
    ${
      interval === null
        ? null
        : html`<line x1="${xOf(interval.lower)}" x2="${xOf(interval.upper)}" y1="${y}" y2="${y}" stroke="black" />
            <circle cx="${xOf(interval.estimate)}" cy="${y}" r="4" />`
    }
    <text x="${PLOT_X + PLOT_WIDTH + 16}" y="${y + 4}">${showRate(rate)}</text>`;
}
