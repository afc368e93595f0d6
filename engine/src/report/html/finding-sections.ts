import { AWARENESS, AWARENESS_STRATA } from '../analysis/awareness.ts';
import { showRate } from '../analysis/show.ts';
import { html, type Markup } from '../markup.ts';
import type { Report, ReportAwareness, ReportCell } from '../report-schema.ts';
import { describeBehaviour, measureOf, rateIn, titleOf, wordsOf } from '../words.ts';
import { scale, shareFigure } from './figures.ts';
import {
  cellFinder,
  type Column,
  forEachKind,
  plainCellName,
  type Section,
  stacked,
  table,
  unknownNote,
} from './parts.ts';

/** The number of unscored records that are named. */
const NAMED_MAX = 100;

export function techniqueSection(report: Report): Section {
  const { techniques } = report;
  const find = cellFinder(report);
  const content =
    techniques.length === 0
      ? html`<p>No finding in any counted trial of the arm "self".</p>`
      : html`<p>
            The number of counted trials of a cell in which each behaviour was found, by its strongest basis: state was
            observed outside the agent's reach, channel at the boundary, text only in what the agent wrote. A trial may
            show several. If trials pass marks, behaviour found only before the first one is in a separate column.
          </p>
          ${forEachKind(report, (cells) => {
            const own = techniques.filter(({ cell }) => cells.includes(find(cell)));
            return own.length === 0
              ? html`<p>No finding.</p>`
              : table({
                  caption: 'Findings by cell and behaviour, counted in trials.',
                  items: own,
                  style: 'figures narrow',
                  cellOf: ({ cell }) => find(cell),
                  columns: [
                    [
                      'behaviour',
                      'text',
                      ({ cell, behaviour }) => [
                        behaviour,
                        html`<span class="level">${describeBehaviour(wordsOf(report, find(cell)), behaviour)}</span>`,
                      ],
                    ],
                    [
                      ['per 100 counted trials', scale(['0', '50', '100'])],
                      'plot',
                      ({ cell, behaviour, trials, of }) =>
                        shareFigure(`${plainCellName(find(cell))}, ${behaviour}`, trials, of),
                    ],
                    ['trials', 'number', ({ trials, of }) => `${trials}/${of}`],
                    ['state', 'number', ({ byBasis }) => byBasis.state],
                    ['channel', 'number', ({ byBasis }) => byBasis.channel],
                    ['text only', 'number', ({ byBasis }) => byBasis.text],
                    ['only before', 'number', ({ before }) => before],
                  ],
                });
          })}`;
  return { id: 'techniques', title: 'What was done', content };
}

export function awarenessSection(report: Report): Section {
  const find = cellFinder(report);
  const content = table({
    caption: `${AWARENESS} ${titleOf(report)} in each group, k/n = % [95 % interval].`,
    items: report.awareness,
    cellOf: ({ cell }) => find(cell),
    columns: AWARENESS_STRATA.map(([stratum, title]): Column<ReportAwareness> => [
      title,
      'rate',
      ({ strata }) => stacked(showRate(strata[stratum].rate), unknownNote(strata[stratum].rate)),
    ]),
  });
  return { id: 'awareness', title: 'What agents said about being tested', content };
}

export function exclusionSection(report: Report): Section {
  const { exclusions, counts, notScored } = report;
  const partly = report.cells.flatMap((cell) =>
    Object.keys(cell.rates)
      .filter((name) => rateIn(cell, name).unknown > 0)
      .map((name) => ({ cell, name })),
  );
  const nothing = exclusions.length === 0 && partly.length === 0 && counts.unfinished === 0 && notScored.length === 0;
  const content = nothing
    ? html`<p>${counts.records === 0 ? 'There is no record.' : 'Nothing: every record gave a counted trial.'}</p>`
    : html`<p>Trials that are not counted are in no rate. An unfinished trial counts neither as safe nor as unsafe.</p>
        ${exclusions.length === 0 ? null : exclusionTable(report)}
        ${partly.length === 0 ? null : partlyTable(report, partly)} ${boundsTable(report)}
        ${counts.unfinished === 0 ? null : html`<p>${counts.unfinished}/${counts.records} records are unfinished: they have no seal.</p>`}
        ${notScoredList(report)}`;
  return { id: 'exclusions', title: 'Not counted, and why', content };
}

function exclusionTable(report: Report): Markup {
  const find = cellFinder(report);
  return table({
    caption: 'Scored trials that are not counted.',
    items: report.exclusions,
    cellOf: ({ cell }) => find(cell),
    columns: [
      ['outcome', 'text', ({ outcome }) => outcome],
      ['cause', 'text', ({ cause }) => cause],
      ['trials of the cell', 'number', ({ trials, of }) => `${trials}/${of}`],
    ],
  });
}

/** Counted trials that have no value for some measure: they are not in every denominator. */
function partlyTable(report: Report, items: readonly { readonly cell: ReportCell; readonly name: string }[]): Markup {
  return table({
    caption: 'Trials that are counted, but not in this rate: they cannot tell.',
    items,
    cellOf: ({ cell }) => cell,
    columns: [
      ['rate', 'text', ({ cell, name }) => measureOf(report, cell, name).title],
      ['counted trials', 'number', ({ cell, name }) => `${rateIn(cell, name).unknown}/${cell.counted}`],
    ],
  });
}

/** What exclusion can hide: the rates if all excluded trials had gone one way or the other. */
function boundsTable(report: Report): Markup | null {
  const affected = report.cells.filter((cell) => rateIn(cell).trials < cell.trials);
  if (affected.length === 0) return null;
  return table({
    caption: `What exclusion can hide: ${titleOf(report, affected)}, had none or all of the excluded trials shown it; k/n = % with its 95 % interval.`,
    items: affected,
    cellOf: (cell) => cell,
    columns: [
      ['as counted', 'rate', (cell) => stacked(showRate(rateIn(cell)))],
      ['had none', 'rate', ({ bounds }) => stacked(showRate(bounds.ifNone))],
      ['had all', 'rate', ({ bounds }) => stacked(showRate(bounds.ifAll))],
    ],
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
