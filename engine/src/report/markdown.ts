import { showOnTerminal, toUntrusted } from '../base/untrusted-text.ts';
import { AWARENESS, AWARENESS_STRATA } from './analysis/awareness.ts';
import { CELLS } from './analysis/cells.ts';
import { toPairedRows } from './analysis/levels.ts';
import { toMatrix } from './analysis/matrix.ts';
import { showPublishedRate, VERDICTS } from './analysis/published.ts';
import {
  introduceShared,
  showCondition,
  showCounts,
  sayPairMethods,
  showP,
  showPairs,
  showPoints,
  showRate,
  showVarying,
} from './analysis/show.ts';
import type {
  Report,
  ReportAwareness,
  ReportCell,
  ReportInstrument,
  ReportLevelContrast,
  ReportPublished,
} from './report-schema.ts';
import { measureOf, rateIn, titleOf, titleOfMeasure } from './words.ts';

/** Maximum number of table rows for a pull request. */
const ROWS_MAX = 50;
const PROMPTS_MAX = 10;
const NAMED_MAX = 4;

/** A report for a pull request: the headline, the cells, the contrasts, and what is not counted. */
export function renderMarkdown(report: Report): string {
  const { headline, simulated, cells } = report;
  return [
    `## Offswitch${cells.length === 0 ? '' : `: ${plain([...new Set(Object.values(report.scenarios).map(({ title }) => title))].join(', '))}`}`,
    ...(simulated ? ['> **SIMULATED. Nothing below is evidence.**'] : []),
    `**${plain(headline.sentence)}**`,
    headline.beside.map((sentence) => `- ${plain(sentence)}`).join('\n'),
    ...(report.instrument === null ? [] : [toInstrumentTable(report.instrument)]),
    ...(cells.length === 0 || report.instrument !== null ? [] : [toCellTable(report)]),
    ...toMatrixTable(report),
    ...toPlanTable(report),
    ...(report.agentContrasts.length + report.contrasts.length + report.levels.length === 0
      ? []
      : [
          'The comparisons below were not planned: they are exploration, and their p is corrected within each table only.',
        ]),
    ...(report.agentContrasts.length === 0 ? [] : [toAgentTable(report)]),
    ...(report.contrasts.length === 0 ? [] : [toContrastTable(report)]),
    ...(report.levels.length === 0 ? [] : [toLevelTable(report)]),
    ...toPairedTable(report),
    ...(report.awareness.length === 0 ? [] : [toAwarenessTable(report)]),
    toExclusions(report),
    ...(report.published === null ? [] : [toPublishedTable(report.published)]),
    ...toExamples(report),
    ...(report.instrument === null ? toPrompts(report) : []),
    `<sub>${plain(
      `95 % intervals in brackets (${cells.some((cell) => rateIn(cell).isMean) ? "Jeffreys and Newcombe; for a mean Student's t and Welch" : 'Jeffreys; differences Newcombe'}). ${CELLS} ${Object.entries(
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

/** A heading and its content. */
type Column<T> = readonly [head: string, cell: (item: T) => string];

function mdTable<T>(items: readonly T[], columns: readonly Column<T>[], rowsMax = ROWS_MAX): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(([head]) => head)),
    line(columns.map(() => '---')),
    ...items.slice(0, rowsMax).map((item) => line(columns.map(([, cell]) => cell(item)))),
    ...(items.length > rowsMax ? ['', `${rowsMax} of ${items.length}; the rest is in the HTML report.`] : []),
  ].join('\n');
}

const KIND_NOTES: Readonly<Record<ReportCell['kind'], string>> = {
  model: '',
  control: ' (script)',
  imported: ' (imported)',
};

function toCellTable(report: Report): string {
  const { cells, shared } = report;
  const common = showCondition(shared);
  const rate = 'k/n = % [95 % interval]';
  const isApart = cells.some(({ metric }) => metric !== 'tried');
  const tried: Column<ReportCell> = [`tried or crossed: ${rate}`, (cell) => showRate(rateIn(cell, 'tried'))];
  const table = mdTable<ReportCell>(cells, [
    ['agent', ({ agent, kind }) => `${code(agent)}${KIND_NOTES[kind]}`],
    ['condition', (cell) => code(showVarying(cell) || (common === '' ? 'no factors' : 'as above'))],
    [`${plain(titleOf(report))}: ${rate}`, (cell) => showRate(rateIn(cell))],
    ...(isApart ? [tried] : []),
    ['not counted', ({ trials, counted }) => `${trials - counted}/${trials}`],
  ]);
  return common === '' ? table : `${introduceShared(report)}: ${code(common)}\n\n${table}`;
}

/** Models against conditions, if there are several models. */
function toMatrixTable(report: Report): string[] {
  const matrix = toMatrix(report);
  if (matrix === null) return [];
  type Row = (typeof matrix.rows)[number];
  const columns = matrix.columns.map((head, index): Column<Row> => [
    code(head),
    ({ cells }) => {
      const cell = cells[index] ?? null;
      return cell === null ? 'not measured' : showRate(rateIn(cell));
    },
  ]);
  return [
    `Models side by side, ${plain(titleOf(report))}:\n\n${mdTable<Row>(matrix.rows, [[matrix.rowsAre, ({ name }) => code(name)], ...columns])}`,
  ];
}

function toInstrumentTable({ outcomes }: ReportInstrument): string {
  return `What the scripts do, and what was found:\n\n${mdTable(
    // What differs first.
    outcomes.toSorted((a, b) => Number(a.expected === a.found) - Number(b.expected === b.found)),
    [
      ['scenario', ({ scenario }) => plain(scenario)],
      ['expected outcome', ({ expected }) => code(expected)],
      ['found', ({ expected, found }) => (expected === found ? 'as expected' : `**${code(found)}**`)],
      ['trials', ({ trials }) => String(trials)],
    ],
  )}`;
}

/** The questions of the plan, with their answers. */
function toPlanTable(report: Report): string[] {
  const { plan, provenance } = report;
  if (plan === null || plan.hypotheses.length === 0) return [];
  const heading =
    provenance.planProblems.length === 0
      ? 'Planned questions'
      : 'Questions of a plan that the records do not agree with';
  return [
    `${heading} (two-sided level ${plan.alpha}, correction: ${plan.correction}):\n\n${mdTable(plan.hypotheses, [
      ['question', ({ name, metric }) => `${plain(name)}: ${plain(titleOfMeasure(report, metric))}`],
      ['first', ({ first }) => code(showCondition(first))],
      ['expected', ({ expect }) => expect],
      ['second', ({ second }) => code(showCondition(second))],
      ['first: k/n', ({ contrast }) => (contrast === null ? 'none' : showCounts(contrast.first))],
      ['second: k/n', ({ contrast }) => (contrast === null ? 'none' : showCounts(contrast.second))],
      [
        'difference in points [95 % interval]',
        ({ contrast }) => (contrast === null ? 'none' : showPoints(contrast.difference)),
      ],
      ['p', ({ pAdjusted }) => (pAdjusted === null ? 'none' : showP(pAdjusted).replace('<', '&lt;'))],
      ['answer', ({ verdict }) => verdict.replace('-', ' ')],
    ])}`,
    ...plan.remarks.map(plain),
  ];
}

function toAgentTable(report: Report): string {
  return `Model minus model, ${plain(titleOf(report))}, in percentage points:\n\n${mdTable(report.agentContrasts, [
    ['model', ({ cell }) => code(nameOf(report, cell))],
    ['other model', ({ other }) => code(nameOf(report, other))],
    ['model: k/n', ({ first }) => showCounts(first)],
    ['other: k/n', ({ second }) => showCounts(second)],
    ...differenceColumns,
  ])}`;
}

/** A trial to read for each outcome. */
function toExamples({ trials }: Report): string[] {
  const firsts = [
    ...Map.groupBy(trials, ({ scoredBy, outcome }) => JSON.stringify([scoredBy, outcome])).values(),
  ].flatMap(([first]) => first ?? []);
  if (firsts.length === 0) return [];
  return [
    `One trial of each outcome; ${code('offswitch show')} prints it with its evidence:\n\n${mdTable(firsts, [
      ['outcome', ({ outcome }) => code(outcome)],
      ['agent', ({ agent }) => code(agent)],
      ['because', ({ because }) => plain(because)],
      ['trial', ({ href, trialId }) => code(href ?? trialId)],
    ])}`,
  ];
}

function toPrompts(report: Report): string[] {
  const { prompts } = report;
  const lines = (text: string): string => text.split('\n').map(plain).join('\n');
  const rest = prompts.length - PROMPTS_MAX;
  return [
    ...prompts.slice(0, PROMPTS_MAX).map(({ cells, messages }) =>
      [
        `<details><summary>What the agent was told: ${cells
          .slice(0, NAMED_MAX)
          .map((id) => code(nameOf(report, id)))
          .join('; ')}${cells.length > NAMED_MAX ? ` and ${cells.length - NAMED_MAX} more cells` : ''}</summary>\n`,
        ...messages.map(({ role, text }) => `${plain(role)}:\n\n<pre>${lines(text)}</pre>\n`),
        '</details>',
      ].join('\n'),
    ),
    ...(rest > 0 ? [`${rest} more prompts are in the JSON report.`] : []),
  ];
}

type Difference = Pick<ReportLevelContrast, 'first' | 'second' | 'difference' | 'pHolm'>;

const differenceColumns: readonly Column<Difference>[] = [
  ['difference [95 % interval]', ({ difference }) => showPoints(difference)],
  ['p (Holm)', ({ pHolm }) => showP(pHolm).replace('<', '&lt;')],
];

function toContrastTable(report: Report): string {
  const also = (factors: readonly string[]): string =>
    factors.length === 0 ? '' : `, which also differs in ${code(factors.join(', '))}`;
  return `Self minus control arm, ${plain(titleOf(report))}, in percentage points:\n\n${mdTable(report.contrasts, [
    ['self', ({ self }) => code(nameOf(report, self))],
    ['control arm', ({ arm, differsIn }) => `${code(arm)}${also(differsIn)}`],
    ['self: k/n', ({ first }) => showCounts(first)],
    ['control: k/n', ({ second }) => showCounts(second)],
    ...differenceColumns,
  ])}`;
}

function toLevelTable(report: Report): string {
  const also = (factors: readonly string[]): string =>
    factors.length > 1 ? `, differs in ${code(factors.join(', '))}` : '';
  return `Conditions minus their baseline, ${plain(titleOf(report))}, in percentage points:\n\n${mdTable(
    report.levels,
    [
      ['condition', ({ cell, differsIn }) => `${code(nameOf(report, cell))}${also(differsIn)}`],
      ['baseline', ({ baseline }) => code(nameOf(report, baseline))],
      ['condition: k/n', ({ first }) => showCounts(first)],
      ['baseline: k/n', ({ second }) => showCounts(second)],
      ...differenceColumns,
    ],
  )}`;
}

/** What only checks the tables above is in the HTML report; a numeric measure is meant to be paired. */
function toPairedTable(report: Report): string[] {
  const rows = toPairedRows(report).filter(({ isMean }) => isMean);
  if (rows.length === 0) return [];
  return [
    `The same comparisons seed by seed, ${plain(titleOf(report))}, in percentage points. ${plain(sayPairMethods(rows))}\n\n${mdTable(
      rows,
      [
        ['cell', ({ cell }) => code(nameOf(report, cell))],
        ['minus', ({ against }) => code(against)],
        ['more here, there, of pairs', (row) => plain(showPairs(row))],
        ['difference [95 % interval]', ({ difference }) => showPoints(difference)],
        ['p', ({ p }) => showP(p).replace('<', '&lt;')],
      ],
    )}`,
  ];
}

function toAwarenessTable(report: Report): string {
  return `${plain(AWARENESS)} ${plain(titleOf(report))} in each group, k/n = % [95 % interval]:\n\n${mdTable(
    report.awareness,
    [
      ['cell', ({ cell }) => code(nameOf(report, cell))],
      ...AWARENESS_STRATA.map(([stratum, title]): Column<ReportAwareness> => [
        title,
        ({ strata }) => showRate(strata[stratum].rate),
      ]),
    ],
  )}`;
}

function nameOf({ cells }: Report, id: string): string {
  const cell = cells.find((one) => one.id === id);
  return cell === undefined ? id : `${cell.agent} ${showVarying(cell)}`.trim();
}

/** Only measured rates: most of a published table is about other models. */
function toPublishedTable({ rows, agents, title }: ReportPublished): string {
  const pairs = rows.filter(({ cell }) => cell !== null);
  if (pairs.length === 0)
    return `Published and measured (${plain(title)}): no published model was measured under a published condition.`;
  const taken = agents.map(
    ({ agent, publishedAs, ground }) =>
      `${code(agent)} matched with ${plain(publishedAs)} ${ground === 'name' ? 'by its name' : 'as stated'}`,
  );
  return `Published and measured (${plain(title)}; ${taken.join(', ')}):\n\n${mdTable(pairs, [
    ['condition', ({ label }) => plain(label)],
    ['model', ({ agent }) => plain(agent)],
    ['published', ({ published }) => showPublishedRate(published)],
    ['measured', ({ measured }) => (measured === null ? 'none' : showRate(measured))],
    ['difference [95 % interval]', ({ difference }) => (difference === null ? 'none' : showPoints(difference))],
    ['verdict', ({ verdict, why }) => `${VERDICTS[verdict]}: ${plain(why)}`],
  ])}`;
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

/** As code, so that it creates no mention or link. */
function code(text: string): string {
  return `<code>${plain(text)}</code>`;
}

/**
 * Text that Markdown shows literally: on one line, with special characters as character references. Mentions and issue
 * numbers are detected in the rendered page, so their signs are followed by an invisible word joiner.
 */
function plain(text: string): string {
  return (
    showOnTerminal(toUntrusted(text))
      .replace(/\s+/g, ' ')
      // A full stop in a number, and a stop or colon after a word, make no link and no list.
      .replace(
        /(?!(?<=\d)\.(?=\d)|(?<=[\p{L})])(?:\.(?= |$)|:(?= )))[^\p{L}\p{N}\p{M} ,;/()%=-]/gu,
        (char) => `&#${char.codePointAt(0) ?? 0};`,
      )
      .replace(/&#(?:64|35);/g, '$&&#8288;')
  );
}
