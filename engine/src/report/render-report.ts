import { buildReport } from './build-report.ts';
import { renderCsv } from './csv.ts';
import { renderHtml } from './html.ts';
import type { ReportInput } from './input.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import { renderMatrix } from './matrix-svg.ts';
import { renderSarif } from './sarif.ts';
import { renderSvg } from './svg.ts';

const renderers = {
  html: (input) => renderHtml(buildReport(input)),
  csv: (input) => renderCsv(buildReport(input)),
  // Its form is `reportSchema`.
  json: (input) => `${JSON.stringify(buildReport(input), null, 2)}\n`,
  junit: (input) => renderJunit(buildReport(input)),
  sarif: renderSarif,
  markdown: (input) => renderMarkdown(buildReport(input)),
  svg: (input) => renderSvg(buildReport(input)),
  matrix: (input) => renderMatrix(buildReport(input)),
} as const satisfies Record<string, (input: ReportInput) => string>;

export type ReportFormat = keyof typeof renderers;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a frozen table
export const REPORT_FORMATS = Object.keys(renderers) as readonly ReportFormat[];

/**
 * A report in one format, as text. Pure.
 * @throws UsageError when simulated and real records are mixed, and for a matrix of fewer than two models
 */
export function renderReport(format: ReportFormat, input: ReportInput): string {
  return renderers[format](input);
}
