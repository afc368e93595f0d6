import { showRate, showVarying } from './analysis/show.ts';
import { html, type Markup } from './markup.ts';
import type { Report, ReportCell } from './report-schema.ts';
import { rateMark, shorten, svgFigure, undrawnNote } from './svg-figure.ts';
import { rateIn } from './words.ts';

const ROWS_MAX = 200;
const ROW = 20;
const [PLOT_X, PLOT_WIDTH, WIDTH, TOP] = [440, 300, 960, 56];

/** One figure: the rate of every cell with its 95 % interval, in the order of the cells. For papers and slides. */
export function renderSvg(report: Report): string {
  const shown = report.cells.slice(0, ROWS_MAX);
  const height = TOP + (shown.length + 2) * ROW;
  return svgFigure(report, {
    ...{ width: WIDTH, height, shows: 'rate and 95 % interval' },
    content: html`${[0, 25, 50, 75, 100].map((percent) => gridLine(percent, height - ROW))}
    ${shown.map((cell, index) => row(cell, TOP + index * ROW))}
    ${undrawnNote(report.cells.length - shown.length, 'cells', height)}`,
  });
}

const xOf = (fraction: number): string => (PLOT_X + fraction * PLOT_WIDTH).toFixed(1);

function gridLine(percent: number, bottom: number): Markup {
  const x = xOf(percent / 100);
  return html`<line x1="${x}" x2="${x}" y1="${TOP - 12}" y2="${bottom}" stroke="#ccc" />
    <text x="${x}" y="${TOP - 16}" text-anchor="middle" fill="#555">${percent} %</text>`;
}

function row(cell: ReportCell, y: number): Markup {
  const rate = rateIn(cell);
  const name = `${cell.agent} ${cell.label ?? showVarying(cell)}`.trim();
  return html`<text x="8" y="${y + 4}">${shorten(name, 68)}</text>
    ${rateMark(rate, { y, xOf })}
    <text x="${PLOT_X + PLOT_WIDTH + 16}" y="${y + 4}">${showRate(rate)}</text>`;
}
