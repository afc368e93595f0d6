import { showOnTerminal, toUntrusted } from '../base/untrusted-text.ts';
import { showPublishedRate, VERDICTS } from './analysis/published.ts';
import { introduceShared, showCondition, showPoints, showP, showVarying } from './analysis/show.ts';
import { metricTexts } from './metric.ts';
import type { Report, ReportCell, ReportPublished } from './report-schema.ts';
import { showRate } from './text-table.ts';

/** Rows of a table beyond which a pull request is no place for it. */
const ROWS_MAX = 50;
const LEVELS_MAX = 10;

/** For a pull request: the sentence, the cells, the contrasts, what is not counted. */
export function renderMarkdown(report: Report): string {
  const { headline, simulated, cells } = report;
  return [
    '## Offswitch: does the agent let itself be stopped?',
    ...(simulated ? ['> **SIMULATED. Nothing below is evidence.**'] : []),
    `**${plain(headline.sentence)}**`,
    headline.beside.map((sentence) => `- ${plain(sentence)}`).join('\n'),
    ...(cells.length === 0 ? [] : [toCellTable(report)]),
    ...(report.contrasts.length === 0 ? [] : [toContrastTable(report)]),
    ...(report.levels.length === 0 ? [] : [toLevelTable(report)]),
    toExclusions(report),
    ...(report.published === null ? [] : [toPublishedTable(report.published)]),
    `<sub>${plain(
      `95 % intervals in brackets (Jeffreys; differences Newcombe). Cells are never pooled. ${Object.entries(
        report.software,
      )
        .map(([name, version]) => `${name} ${version}`)
        .join(', ')}, ${report.generatedAt}.`,
    )}</sub>`,
  ]
    .filter((block) => block !== '')
    .join('\n\n')
    .concat('\n');
}

function toCellTable(report: Report): string {
  const { cells, metric, shared } = report;
  const common = showCondition(shared);
  const shown = cells.slice(0, ROWS_MAX);
  return [
    ...(common === '' ? [] : [`${introduceShared(report)}: ${code(common)}`, '']),
    `| agent | condition | ${metricTexts[metric].title}: k/n = % [95 % interval] | attempt: k/n = % [95 % interval] | not counted |`,
    '| --- | --- | --- | --- | --- |',
    ...shown.map(
      (cell) =>
        `| ${code(cell.agent)}${kindNote(cell)} | ${code(showVarying(cell) || (common === '' ? 'no factors' : 'as above'))} | ${showRate(cell.rates[metric])} | ${showRate(cell.rates.attempted)} | ${cell.trials - cell.counted}/${cell.trials} |`,
    ),
    ...(cells.length > shown.length
      ? ['', `${shown.length} of ${cells.length} cells; the rest is in the HTML report.`]
      : []),
  ].join('\n');
}

function kindNote({ kind }: ReportCell): string {
  return { model: '', control: ' (script)', imported: ' (imported)' }[kind];
}

function toContrastTable({ contrasts, cells, metric }: Report): string {
  const nameOf = (id: string): string => {
    const cell = cells.find((one) => one.id === id);
    return cell === undefined ? id : `${cell.agent} ${showVarying(cell)}`.trim();
  };
  return [
    `Self minus control arm, ${metricTexts[metric].title}, in percentage points:`,
    '',
    '| self | control arm | self: k/n | control: k/n | difference [95 % interval] | p (Holm) |',
    '| --- | --- | --- | --- | --- | --- |',
    ...contrasts
      .slice(0, ROWS_MAX)
      .map(
        ({ self, arm, differsIn, first, second, difference, pHolm }) =>
          `| ${code(nameOf(self))} | ${code(arm)}${differsIn.length === 0 ? '' : `, which differs also in ${code(differsIn.join(', '))}`} | ${first.successes}/${first.trials} | ${second.successes}/${second.trials} | ${showPoints(difference)} | ${showP(pHolm).replace('<', '&lt;')} |`,
      ),
    ...(contrasts.length > ROWS_MAX ? ['', `${ROWS_MAX} of ${contrasts.length} contrasts.`] : []),
  ].join('\n');
}

/** The strongest first: a pull request has no room for all. */
function toLevelTable({ levels, cells, metric }: Report): string {
  const nameOf = (id: string): string => {
    const cell = cells.find((one) => one.id === id);
    return cell === undefined ? id : `${cell.agent} ${showVarying(cell)}`.trim();
  };
  const sorted = levels.toSorted((a, b) => a.pHolm - b.pHolm);
  return [
    `Conditions against the one they are varied from, ${metricTexts[metric].title}, in percentage points:`,
    '',
    '| condition | baseline | condition: k/n | baseline: k/n | difference [95 % interval] | p (Holm) |',
    '| --- | --- | --- | --- | --- | --- |',
    ...sorted
      .slice(0, LEVELS_MAX)
      .map(
        ({ cell, baseline, differsIn, first, second, difference, pHolm }) =>
          `| ${code(nameOf(cell))}${differsIn.length > 1 ? `, differs in ${code(differsIn.join(', '))}` : ''} | ${code(nameOf(baseline))} | ${first.successes}/${first.trials} | ${second.successes}/${second.trials} | ${showPoints(difference)} | ${showP(pHolm).replace('<', '&lt;')} |`,
      ),
    ...(levels.length > LEVELS_MAX
      ? ['', `${LEVELS_MAX} of ${levels.length}, by p; the rest is in the HTML report.`]
      : []),
  ].join('\n');
}

/** Only what was measured: most of a published table is of other models. */
function toPublishedTable({ rows, agents, title }: ReportPublished): string {
  const pairs = rows.filter(({ cell }) => cell !== null);
  if (pairs.length === 0)
    return `Published beside measured (${plain(title)}): no published model was measured under a published condition.`;
  return [
    `Published beside measured (${plain(title)}; ${agents.map(({ agent, publishedAs, ground }) => `${code(agent)} taken for ${plain(publishedAs)} ${ground === 'name' ? 'by its name' : 'as stated'}`).join(', ')}):`,
    '',
    '| condition | model | published | measured | difference [95 % interval] | verdict |',
    '| --- | --- | --- | --- | --- | --- |',
    ...pairs
      .slice(0, ROWS_MAX)
      .map(
        ({ label, agent, published, measured, difference, verdict, why }) =>
          `| ${plain(label)} | ${plain(agent)} | ${showPublishedRate(published)} | ${measured === null ? 'none' : showRate(measured)} | ${difference === null ? 'none' : showPoints(difference)} | ${VERDICTS[verdict]}: ${plain(why)} |`,
      ),
  ].join('\n');
}

function toExclusions({ exclusions, cells, counts, notScored, metric }: Report): string {
  const agents = new Map(cells.map((cell) => [cell.id, cell.agent]));
  const lines = [
    ...exclusions.map(
      ({ cell, outcome, cause, trials, of }) =>
        `- ${trials}/${of} trials of ${code(agents.get(cell) ?? cell)}: ${outcome}, ${code(cause)}`,
    ),
    ...cells.flatMap(({ agent, counted, rates }) =>
      rates[metric].unknown === 0
        ? []
        : [
            `- ${rates[metric].unknown}/${counted} counted trials of ${code(agent)} are not in the rate of ${metricTexts[metric].title}: ${plain(metricTexts[metric].unknownBecause)}`,
          ],
    ),
    ...(counts.unfinished > 0
      ? [`- ${counts.unfinished}/${counts.records} records are unfinished: neither safe nor unsafe`]
      : []),
    ...notScored.map(({ path, why }) => `- ${code(path)} was not scored: ${code(why)}`),
  ];
  if (lines.length === 0) return 'Not counted: nothing.';
  const rest = lines.length > ROWS_MAX ? [`- … ${lines.length - ROWS_MAX} more lines`] : [];
  return ['Not counted:', '', ...lines.slice(0, ROWS_MAX), ...rest].join('\n');
}

/** In code, where nobody is mentioned and nothing linked. */
function code(text: string): string {
  return `<code>${plain(text)}</code>`;
}

/**
 * Text that Markdown takes for nothing else: on one line, and every sign that could mean something as a character reference.
 * Mentions and issue numbers are found in the finished page, so their signs are followed by an invisible word joiner.
 */
function plain(text: string): string {
  return showOnTerminal(toUntrusted(text))
    .replace(/\s+/g, ' ')
    .replace(/[^\p{L}\p{N}\p{M} ,;/()%=-]/gu, (char) => `&#${char.codePointAt(0) ?? 0};`)
    .replace(/&#(?:64|35);/g, '$&&#8288;');
}
