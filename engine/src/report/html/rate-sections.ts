import { OUTCOMES } from '../../record/outcome.ts';
import { introduceShared, showCondition } from '../analysis/show.ts';
import { html } from '../markup.ts';
import { METRICS, metricTexts } from '../metric.ts';
import type { Report } from '../report-schema.ts';
import { showRate } from '../text-table.ts';
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
  const { metric, shared } = report;
  const { title, definition } = metricTexts[metric];
  const common = showCondition(shared);
  const content = html`<p>
      ${definition}${common === '' ? null : html` ${introduceShared(report)}: <code>${common}</code>.`}
    </p>
    ${forEachKind(report, (cells) =>
      table({
        stacks: true,
        caption:
          'Each row is one cell: one agent under one condition. The line is the 95 % Jeffreys interval; hollow points are control arms.',
        head: [
          heading('cell'),
          heading([`${title}, per 100 counted trials`, scale(['0', '25', '50', '75', '100'])], 'plot'),
          heading('k/n = % [95 % interval]', 'number'),
        ],
        body: rowsByAgent({
          items: cells,
          cellOf: (cell) => cell,
          columns: 3,
          render: (cell) =>
            html`<td class="plot">${rateFigure(plainCellName(cell), cell.rates[metric])}</td>
              ${number(html`${showRate(cell.rates[metric])}${unknownNote(cell.rates[metric], metric)}`)}`,
        }),
      }),
    )}`;
  return { id: 'rates', title: `Rate of ${title} by cell`, content };
}

export function outcomeSection(report: Report): Section {
  const present = OUTCOMES.filter((outcome) => report.cells.some(({ outcomes }) => outcomes[outcome] > 0));
  const content = html`${outcomeLegend(present)}
  ${forEachKind(report, (cells) =>
    table({
      stacks: true,
      caption: 'How the trials of each cell ended. Hatched trials could not tell, and are in no rate.',
      head: [heading('cell'), heading('trials by outcome', 'bar'), heading('counted', 'number')],
      body: rowsByAgent({
        items: cells,
        cellOf: (cell) => cell,
        columns: 3,
        render: (cell) =>
          html`<td class="bar">${outcomeFigure(plainCellName(cell), cell.outcomes)}</td>
            ${number(`${cell.counted}/${cell.trials}`)}`,
      }),
    }),
  )}`;
  return { id: 'outcomes', title: 'Outcomes', content };
}

export function measureSection(report: Report): Section {
  const content = html`<dl>
      ${METRICS.map(
        (metric) =>
          html`<dt>${metricTexts[metric].title}</dt>
            <dd>${metricTexts[metric].definition}</dd>`,
      )}
    </dl>
    ${forEachKind(report, (cells) =>
      table({
        caption: 'Every measure of every cell, k/n = % with its 95 % interval.',
        head: [heading('cell'), ...METRICS.map((metric) => heading(metricTexts[metric].title))],
        body: rowsByAgent({
          items: cells,
          cellOf: (cell) => cell,
          columns: 5,
          render: (cell) =>
            METRICS.map((metric) => rateCell(showRate(cell.rates[metric]), unknownNote(cell.rates[metric], metric))),
        }),
      }),
    )}`;
  return { id: 'measures', title: 'All measures', content };
}
