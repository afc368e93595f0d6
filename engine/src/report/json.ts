import type { Report } from './report-schema.ts';

/** The report as data; its form is `reportSchema`. */
export function renderJson(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
