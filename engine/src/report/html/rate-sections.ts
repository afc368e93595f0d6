import { introduceShared, showCondition, showRate } from '../analysis/show.ts';
import { html } from '../markup.ts';
import type { Report } from '../report-schema.ts';
import { measureOf, rateIn, titleOf, wordsOf } from '../words.ts';
import { outcomeFigure, outcomeLegend, rateFigure, scale } from './figures.ts';
import {
  forEachKind,
  heading,
  number,
  plainCellName,
  rateCell,
  rowsByAgent,
  type Section,
  table,
  unknownNote,
} from './parts.ts';

/** The forest plot: every cell with its interval on one scale. */
export function forestSection(report: Report): Section {
  const common = showCondition(report.shared);
  const definitions = new Set(report.cells.map((cell) => measureOf(report, cell).definition));
  const content = html`<p>
      ${[...definitions].join(' ')}${common === '' ? null : html` ${introduceShared(report)}: <code>${common}</code>.`}
    </p>
    ${forEachKind(report, (cells) =>
      table({
        stacks: true,
        caption:
          'Each row is one cell: one agent under one condition. The line is the 95 % interval; hollow points are control arms.',
        head: [
          heading('cell'),
          heading([`${titleOf(report, cells)}, per 100 counted trials`, scale(['0', '25', '50', '75', '100'])], 'plot'),
          heading('k/n = % [95 % interval]', 'number'),
        ],
        body: rowsByAgent({
          items: cells,
          cellOf: (cell) => cell,
          columns: 3,
          render: (cell) =>
            html`<td class="plot">${rateFigure(plainCellName(cell), rateIn(cell))}</td>
              ${number(html`${showRate(rateIn(cell))}${unknownNote(rateIn(cell))}`)}`,
        }),
      }),
    )}`;
  return { id: 'rates', title: `Rate of ${titleOf(report)} by cell`, content };
}

export function outcomeSection(report: Report): Section {
  const content = forEachKind(report, (cells) => {
    const [first] = cells;
    const outcomes = first === undefined ? {} : wordsOf(report, first).outcomes;
    return html`${outcomeLegend(
      outcomes,
      Object.keys(outcomes).filter((outcome) => cells.some((cell) => (cell.outcomes[outcome] ?? 0) > 0)),
    )}
    ${table({
      stacks: true,
      caption: 'How the trials of each cell ended. Hatched trials could not tell, and are in no rate.',
      head: [heading('cell'), heading('trials by outcome', 'bar'), heading('counted', 'number')],
      body: rowsByAgent({
        items: cells,
        cellOf: (cell) => cell,
        columns: 3,
        render: (cell) =>
          html`<td class="bar">${outcomeFigure(plainCellName(cell), cell.outcomes, outcomes)}</td>
            ${number(`${cell.counted}/${cell.trials}`)}`,
      }),
    })}`;
  });
  return { id: 'outcomes', title: 'Outcomes', content };
}

export function measureSection(report: Report): Section {
  const content = forEachKind(report, (cells) => {
    const [first] = cells;
    const measures = first === undefined ? {} : wordsOf(report, first).measures;
    return html`<dl>
        ${Object.values(measures).map(
          ({ title, definition, source }) =>
            html`<dt>${title}</dt>
              <dd>${definition}${source === 'own' ? '' : ` (${source})`}</dd>`,
        )}
      </dl>
      ${table({
        caption: 'Every measure of every cell, k/n = % with its 95 % interval.',
        head: [heading('cell'), ...Object.values(measures).map(({ title }) => heading(title))],
        body: rowsByAgent({
          items: cells,
          cellOf: (cell) => cell,
          columns: 1 + Object.keys(measures).length,
          render: (cell) =>
            Object.keys(measures).map((name) =>
              rateCell(showRate(rateIn(cell, name)), unknownNote(rateIn(cell, name))),
            ),
        }),
      })}`;
  });
  return { id: 'measures', title: 'All measures', content };
}
