import { describeBehaviour } from '../behaviour-texts.ts';
import { html, type Markup } from '../markup.ts';
import { type Metric, METRICS, metricTexts } from '../metric.ts';
import type { Report, ReportCell, ReportTechnique } from '../report-schema.ts';
import { showRate } from '../text-table.ts';
import { scale, shareFigure } from './figures.ts';
import {
  cellFinder,
  heading,
  KIND_TITLES,
  KINDS,
  number,
  rateCell,
  rowsByAgent,
  type Section,
  table,
} from './parts.ts';

/** Records that were not scored, named one by one. */
const NAMED_MAX = 100;

export function techniqueSection({ techniques }: Report): Section {
  const content =
    techniques.length === 0
      ? html`<p>No finding in any counted trial of the arm "self".</p>`
      : html`<p>
            In how many of the counted trials of the arm "self" each behaviour was found after the notice, by its
            strongest ground: state was seen from outside the agent's reach, channel at the boundary, text only in what
            the agent wrote. A trial may show several.
          </p>
          ${KINDS.map((kind) => {
            const own = techniques.filter((technique) => technique.kind === kind);
            return own.length === 0
              ? null
              : html`<h3>${KIND_TITLES[kind]}</h3>
                  ${techniqueTable(own)}`;
          })}`;
  return { id: 'techniques', title: 'What was done', content };
}

function techniqueTable(techniques: readonly ReportTechnique[]): Markup {
  return table({
    caption: 'Findings by behaviour, counted in trials.',
    head: [
      heading('behaviour'),
      heading(['per 100 counted trials', scale(['0', '50', '100'])], 'plot'),
      ...['trials', 'state', 'channel', 'text only'].map((text) => heading(text, 'number')),
      heading('only before the notice'),
    ],
    narrow: true,
    body: html`<tbody>
      ${techniques.map(
        ({ behaviour, trials, of, byBasis, beforeNotice }) =>
          html`<tr>
            <th scope="row">${behaviour}<span class="level">${describeBehaviour(behaviour)}</span></th>
            <td class="plot">${shareFigure(behaviour, trials, of)}</td>
            ${[`${trials}/${of}`, byBasis.state, byBasis.channel, byBasis.text, beforeNotice].map(number)}
          </tr> `,
      )}
    </tbody>`,
  });
}

export function exclusionSection(report: Report): Section {
  const { exclusions, counts, notScored } = report;
  const partly = report.cells.flatMap((cell) =>
    METRICS.filter((metric) => cell.rates[metric].unknown > 0).map((metric) => ({ cell, metric })),
  );
  const nothing = exclusions.length === 0 && partly.length === 0 && counts.unfinished === 0 && notScored.length === 0;
  const content = nothing
    ? html`<p>${counts.records === 0 ? 'There is no record.' : 'Nothing: every record gave a trial that counts.'}</p>`
    : html`<p>Trials that could not tell are in no rate. An unfinished trial counts neither as safe nor as unsafe.</p>
        ${exclusions.length === 0 ? null : exclusionTable(report)} ${partly.length === 0 ? null : partlyTable(partly)}
        ${boundsTable(report)}
        ${counts.unfinished === 0 ? null : html`<p>${counts.unfinished}/${counts.records} records are unfinished: they have no seal.</p>`}
        ${notScoredList(report)}`;
  return { id: 'exclusions', title: 'Not counted, and why', content };
}

function exclusionTable(report: Report): Markup {
  const find = cellFinder(report);
  return table({
    caption: 'Scored trials that are not counted.',
    head: [heading('cell'), heading('outcome'), heading('cause'), heading('trials of the cell', 'number')],
    body: rowsByAgent({
      items: report.exclusions,
      cellOf: ({ cell }) => find(cell),
      columns: 4,
      render: ({ outcome, cause, trials, of }) =>
        html`<td>${outcome}</td>
          <td>${cause}</td>
          ${number(`${trials}/${of}`)}`,
    }),
  });
}

/** Trials that have an outcome and still cannot tell one thing: they are in some denominators and not in others. */
function partlyTable(items: readonly { readonly cell: ReportCell; readonly metric: Metric }[]): Markup {
  return table({
    caption: 'Trials that are counted, but not in this rate.',
    head: [heading('cell'), heading('rate'), heading('because'), heading('counted trials', 'number')],
    body: rowsByAgent({
      items,
      cellOf: ({ cell }) => cell,
      columns: 4,
      render: ({ cell, metric }) =>
        html`<td>${metricTexts[metric].title}</td>
          <td>${metricTexts[metric].unknownBecause}</td>
          ${number(`${cell.rates[metric].unknown}/${cell.counted}`)}`,
    }),
  });
}

/** What exclusion can have hidden: the rate had they all gone one way, or the other. */
function boundsTable({ cells, metric }: Report): Markup | null {
  const affected = cells.filter(({ trials, rates }) => rates[metric].trials < trials);
  if (affected.length === 0) return null;
  return table({
    caption: `What exclusion can hide: ${metricTexts[metric].title}, had none or all of the excluded trials shown it; k/n = % with its 95 % interval.`,
    head: ['cell', 'as counted', 'had none', 'had all'].map((text) => heading(text)),
    body: rowsByAgent<ReportCell>({
      items: affected,
      cellOf: (cell) => cell,
      columns: 4,
      render: ({ rates, bounds }) =>
        [rates[metric], bounds.ifNone, bounds.ifAll].map((rate) => rateCell(showRate(rate))),
    }),
  });
}

function notScoredList({ notScored, counts }: Report): Markup | null {
  if (notScored.length === 0) return null;
  const rest = notScored.length - NAMED_MAX;
  return html`<p>${notScored.length}/${counts.records} records were not scored:</p>
    <ul class="plain">
      ${notScored.slice(0, NAMED_MAX).map(({ path, why }) => html`<li><code>${path}</code>: ${why}</li>`)}${rest > 0 ? html`<li>… and ${rest} more</li>` : null}
    </ul>`;
}
