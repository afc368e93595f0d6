import { showOnTerminal, toUntrusted } from '../base/untrusted-text.ts';
import { CELLS } from './analysis/cells.ts';
import { showPublishedRate, VERDICTS } from './analysis/published.ts';
import {
  introduceShared,
  showCondition,
  showCounts,
  showP,
  showPoints,
  showRate,
  showVarying,
} from './analysis/show.ts';
import type { Report, ReportCell, ReportLevelContrast, ReportPublished } from './report-schema.ts';
import { measureOf, rateIn, titleOf } from './words.ts';

/** Rows of a table beyond which a pull request is no place for it. */
const ROWS_MAX = 50;
const LEVELS_MAX = 10;

/** For a pull request: the sentence, the cells, the contrasts, what is not counted. */
export function renderMarkdown(report: Report): string {
  const { headline, simulated, cells } = report;
  return [
    `## Offswitch${cells.length === 0 ? '' : `: ${plain([...new Set(Object.values(report.scenarios).map(({ title }) => title))].join(', '))}`}`,
    ...(simulated ? ['> **SIMULATED. Nothing below is evidence.**'] : []),
    `**${plain(headline.sentence)}**`,
    headline.beside.map((sentence) => `- ${plain(sentence)}`).join('\n'),
    ...(cells.length === 0 ? [] : [toCellTable(report)]),
    ...(report.contrasts.length === 0 ? [] : [toContrastTable(report)]),
    ...(report.levels.length === 0 ? [] : [toLevelTable(report)]),
    toExclusions(report),
    ...(report.published === null ? [] : [toPublishedTable(report.published)]),
    `<sub>${plain(
      `95 % intervals in brackets (Jeffreys; differences Newcombe). ${CELLS} ${Object.entries(report.software)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ')}, ${report.generatedAt}.`,
    )}</sub>`,
  ]
    .filter((block) => block !== '')
    .join('\n\n')
    .concat('\n');
}

function toCellTable(report: Report): string {
  const { cells, shared } = report;
  const common = showCondition(shared);
  const shown = cells.slice(0, ROWS_MAX);
  const isApart = cells.some(({ metric }) => metric !== 'tried');
  const rate = 'k/n = % [95 % interval]';
  return [
    ...(common === '' ? [] : [`${introduceShared(report)}: ${code(common)}`, '']),
    `| agent | condition | ${plain(titleOf(report))}: ${rate} |${isApart ? ` tried or crossed: ${rate} |` : ''} not counted |`,
    `| --- | --- | --- |${isApart ? ' --- |' : ''} --- |`,
    ...shown.map(
      (cell) =>
        `| ${code(cell.agent)}${kindNote(cell)} | ${code(showVarying(cell) || (common === '' ? 'no factors' : 'as above'))} | ${showRate(rateIn(cell))} |${isApart ? ` ${showRate(rateIn(cell, 'tried'))} |` : ''} ${cell.trials - cell.counted}/${cell.trials} |`,
    ),
    ...(cells.length > shown.length
      ? ['', `${shown.length} of ${cells.length} cells; the rest is in the HTML report.`]
      : []),
  ].join('\n');
}

function kindNote({ kind }: ReportCell): string {
  return { model: '', control: ' (script)', imported: ' (imported)' }[kind];
}

function toContrastTable(report: Report): string {
  return toDifferenceTable(report, {
    intro: 'Self minus control arm',
    head: ['self', 'control arm', 'self', 'control'],
    rows: report.contrasts.map((one) => {
      const more = one.differsIn.length === 0 ? '' : `, which differs also in ${code(one.differsIn.join(', '))}`;
      return { ...one, names: [code(nameOf(report, one.self)), `${code(one.arm)}${more}`] };
    }),
    rowsMax: ROWS_MAX,
    rest: (shown, all) => `${shown} of ${all} contrasts.`,
  });
}

/** The strongest first: a pull request has no room for all. */
function toLevelTable(report: Report): string {
  return toDifferenceTable(report, {
    intro: 'Conditions against the one they are varied from',
    head: ['condition', 'baseline', 'condition', 'baseline'],
    rows: report.levels
      .toSorted((a, b) => a.pHolm - b.pHolm)
      .map((one) => {
        const more = one.differsIn.length > 1 ? `, differs in ${code(one.differsIn.join(', '))}` : '';
        return { ...one, names: [`${code(nameOf(report, one.cell))}${more}`, code(nameOf(report, one.baseline))] };
      }),
    rowsMax: LEVELS_MAX,
    rest: (shown, all) => `${shown} of ${all}, by p; the rest is in the HTML report.`,
  });
}

function nameOf({ cells }: Report, id: string): string {
  const cell = cells.find((one) => one.id === id);
  return cell === undefined ? id : `${cell.agent} ${showVarying(cell)}`.trim();
}

interface DifferenceTable {
  readonly intro: string;
  readonly head: readonly [string, string, string, string];
  readonly rows: readonly (Pick<ReportLevelContrast, 'first' | 'second' | 'difference' | 'pHolm'> & {
    readonly names: readonly string[];
  })[];
  readonly rowsMax: number;
  readonly rest: (shown: number, all: number) => string;
}

function toDifferenceTable(report: Report, { intro, head, rows, rowsMax, rest }: DifferenceTable): string {
  const [first, second, one, other] = head;
  return [
    `${intro}, ${plain(titleOf(report))}, in percentage points:`,
    '',
    `| ${first} | ${second} | ${one}: k/n | ${other}: k/n | difference [95 % interval] | p (Holm) |`,
    '| --- | --- | --- | --- | --- | --- |',
    ...rows
      .slice(0, rowsMax)
      .map(
        ({ names, first: a, second: b, difference, pHolm }) =>
          `| ${names.join(' | ')} | ${showCounts(a)} | ${showCounts(b)} | ${showPoints(difference)} | ${showP(pHolm).replace('<', '&lt;')} |`,
      ),
    ...(rows.length > rowsMax ? ['', rest(rowsMax, rows.length)] : []),
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

function toExclusions(report: Report): string {
  const { exclusions, cells, counts, notScored } = report;
  const agents = new Map(cells.map((cell) => [cell.id, cell.agent]));
  const lines = [
    ...exclusions.map(
      ({ cell, outcome, cause, trials, of }) =>
        `- ${trials}/${of} trials of ${code(agents.get(cell) ?? cell)}: ${outcome}, ${code(cause)}`,
    ),
    ...cells
      .filter((cell) => rateIn(cell).unknown > 0)
      .map(
        (cell) =>
          `- ${rateIn(cell).unknown}/${cell.counted} counted trials of ${code(cell.agent)} are not in the rate of ${plain(measureOf(report, cell).title)}: they cannot tell`,
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
