import { toMatrix } from '../analysis/matrix.ts';
import { introduceShared, showCondition, showRate } from '../analysis/show.ts';
import { html } from '../markup.ts';
import type { Report, ReportCell } from '../report-schema.ts';
import { measureOf, rateIn, titleOf } from '../words.ts';
import { outcomeFigure, outcomeLegend, rateFigure, scale } from './figures.ts';
import { type Column, forEachKind, plainCellName, type Section, stacked, table, unknownNote } from './parts.ts';

/** The forest plot: every cell with its interval on one scale. */
export function forestSection(report: Report): Section {
  const common = showCondition(report.shared);
  const definitions = new Set(report.cells.map((cell) => measureOf(report, cell).definition));
  const content = html`<p>
      ${[...definitions].join(' ')}${common === '' ? null : html` ${introduceShared(report)}: <code>${common}</code>.`}
    </p>
    ${forEachKind(report, (cells) =>
      table({
        caption:
          'Each row is one cell: one agent under one condition. The line is the 95 % interval; hollow points are control arms.',
        items: cells,
        style: 'figures rows',
        cellOf: (cell) => cell,
        columns: [
          [
            [`${titleOf(report, cells)}, per 100 counted trials`, scale(['0', '25', '50', '75', '100'])],
            'plot',
            (cell) => rateFigure(plainCellName(cell), rateIn(cell)),
          ],
          ['k/n = % [95 % interval]', 'number', (cell) => [showRate(rateIn(cell)), unknownNote(rateIn(cell))]],
        ],
      }),
    )}`;
  return { id: 'rates', title: `Rate of ${titleOf(report)} by cell`, content };
}

/** Models side by side, one scale for each; null with fewer than two. */
export function matrixSection(report: Report): Section | null {
  const matrix = toMatrix(report);
  if (matrix === null) return null;
  type Row = (typeof matrix.rows)[number];
  const content = table<Row>({
    caption: 'The arm self of every model. The line is the 95 % interval, on a scale from 0 to 100 counted trials.',
    items: matrix.rows,
    first: matrix.rowsAre,
    name: ({ name }) => name,
    style: 'figures narrow',
    columns: matrix.columns.map((head, index): Column<Row> => [
      head,
      'plot',
      ({ name, cells }) => {
        const cell = cells[index] ?? null;
        return cell === null
          ? 'not measured'
          : [rateFigure(`${name}, ${head}`, rateIn(cell)), html`<span class="level">${showRate(rateIn(cell))}</span>`];
      },
    ]),
  });
  return { id: 'matrix', title: `Models side by side: ${titleOf(report)}`, content };
}

export function outcomeSection(report: Report): Section {
  const content = forEachKind(report, (cells, { outcomes }) => {
    const isPresent = (outcome: string): boolean => cells.some((cell) => (cell.outcomes[outcome] ?? 0) > 0);
    return html`${outcomeLegend(outcomes, Object.keys(outcomes).filter(isPresent))}
    ${table({
      caption: 'How the trials of each cell ended. Hatched trials are not counted, and are in no rate.',
      items: cells,
      style: 'figures rows',
      cellOf: (cell) => cell,
      columns: [
        ['trials by outcome', 'bar', (cell) => outcomeFigure(plainCellName(cell), cell.outcomes, outcomes)],
        ['counted', 'number', ({ counted, trials }) => `${counted}/${trials}`],
      ],
    })}`;
  });
  return { id: 'outcomes', title: 'Outcomes', content };
}

export function measureSection(report: Report): Section {
  const content = forEachKind(
    report,
    (cells, { measures }) =>
      html`<dl>
          ${Object.values(measures).map(
            ({ title, definition, source }) =>
              html`<dt>${title}</dt>
                <dd>${definition}${source === 'own' ? '' : ` (${source})`}</dd>`,
          )}
        </dl>
        ${table({
          caption: 'Every measure of every cell, k/n = % with its 95 % interval.',
          items: cells,
          cellOf: (cell) => cell,
          columns: Object.entries(measures).map(([name, { title }]): Column<ReportCell> => [
            title,
            'rate',
            (cell) => stacked(showRate(rateIn(cell, name)), unknownNote(rateIn(cell, name))),
          ]),
        })}`,
  );
  return { id: 'measures', title: 'All measures', content };
}
