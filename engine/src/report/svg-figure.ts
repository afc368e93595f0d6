import { html, type Markup } from './markup.ts';
import type { Report, ReportRate } from './report-schema.ts';
import { titleOf } from './words.ts';

interface Figure {
  readonly width: number;
  readonly height: number;
  /** What follows the measure in the title. */
  readonly shows: string;
  readonly content: Markup;
}

/** A figure as a file of its own, with a title that marks simulated trials. */
export function svgFigure(report: Report, { width, height, shows, content }: Figure): string {
  const title = `${report.simulated ? 'SIMULATED, NOT EVIDENCE: ' : ''}${titleOf(report)}: ${shows}`;
  const figure = html`<svg
    xmlns="http://www.w3.org/2000/svg"
    viewBox="0 0 ${width} ${height}"
    font-family="sans-serif"
    font-size="12"
  >
    <title>${title}</title>
    <rect width="${width}" height="${height}" fill="white" />
    <text x="8" y="20" font-weight="bold">${title}</text>
    ${content}
  </svg>`;
  return `${figure.text.replaceAll(/\n\s*/g, '\n')}\n`;
}

/** The last line of a figure in which not everything fits. */
export function undrawnNote(count: number, what: string, height: number): Markup | null {
  return count === 0 ? null : html`<text x="8" y="${height - 6}">${count} more ${what} are not drawn</text>`;
}

/** The interval as a line, the rate as a point; nothing if no trial can be counted. */
export function rateMark(
  { interval }: ReportRate,
  { y, xOf }: { readonly y: number; readonly xOf: (fraction: number) => string },
): Markup | null {
  return interval === null
    ? null
    : html`<line x1="${xOf(interval.lower)}" x2="${xOf(interval.upper)}" y1="${y}" y2="${y}" stroke="black" />
        <circle cx="${xOf(interval.estimate)}" cy="${y}" r="4" />`;
}

/** A name of at most so many characters. */
export function shorten(name: string, most: number): string {
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}
