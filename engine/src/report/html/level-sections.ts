import { showCondition, showCounts, showP, showRate } from '../analysis/show.ts';
import { html, type Markup } from '../markup.ts';
import type { Report, ReportPaired, ReportRegression } from '../report-schema.ts';
import { rateIn, titleOf } from '../words.ts';
import { differenceFigure, scale } from './figures.ts';
import {
  cellFinder,
  differenceCells,
  fold,
  heading,
  number,
  plainCellName,
  rateCell,
  rows,
  rowsByAgent,
  type Section,
  table,
} from './parts.ts';

/** What the factors do. The table of levels comes first; what checks or refines it is folded. */
export function levelSection(report: Report): Section | null {
  const { levels, strata, regressions, clusters } = report;
  const paired = [...levels, ...report.contrasts].some((one) => one.paired !== null);
  if (levels.length + strata.length + regressions.length + clusters.length === 0 && !paired) return null;
  const content = html`${levels.length === 0 ? null : levelTable(report)}
  ${strata.length === 0 ? null : strataTable(report)}
  ${regressions.map((regression) => fold(`Regression for ${regression.agent}: all factors at once`, regressionTables(report, regression)))}
  ${paired ? fold('The same comparisons, seed by seed', pairedTable(report)) : null}
  ${clusters.length === 0 ? null : fold('Intervals with wordings as clusters', clusterTable(report))}`;
  return {
    id: 'levels',
    title: levels.length + strata.length > 0 ? 'What the factors do' : 'Checks of the comparisons',
    content,
  };
}

function levelTable(report: Report): Markup {
  const { levels } = report;
  const find = cellFinder(report);
  const baselines = [...new Set(levels.map(({ baseline }) => baseline))].map(find);
  return html`<p>
      Each condition against the one that it is varied from:
      ${baselines.map((cell, index) => html`${index > 0 ? '; ' : ''}${plainCellName(cell)}`)}.
    </p>
    ${table({
      caption: `Difference of ${titleOf(report)} to the baseline in percentage points, with its 95 % Newcombe interval. p: Fisher's exact test, two-sided, corrected over the ${levels.length} comparisons of this table (Holm).`,
      head: [
        heading('condition'),
        heading('condition, baseline: k/n', 'number'),
        heading(['points', scale(['−100', '−50', '0', '+50', '+100'])], 'plot'),
        heading('difference [95 % interval]', 'number'),
        heading('p corrected', 'number'),
      ],
      narrow: true,
      body: rowsByAgent({
        items: levels,
        cellOf: ({ cell }) => find(cell),
        columns: 5,
        below: ({ differsIn }) => (differsIn.length > 1 ? `differs in ${differsIn.join(', ')}` : null),
        render: ({ cell, first, second, difference, pHolm }) => [
          number(`${showCounts(first)}, ${showCounts(second)}`),
          html`<td class="plot">${differenceFigure(`${plainCellName(find(cell))}, minus baseline`, difference)}</td>`,
          ...differenceCells(difference, pHolm),
        ],
      }),
    })}`;
}

function strataTable(report: Report): Markup {
  return table({
    caption: `A level against its reference over several strata (agents, or settings of the other factors), like with like: ${titleOf(report)}. Cochran–Mantel–Haenszel test, common odds ratio with 95 % limits of Robins, Breslow and Greenland; corrected over this table (Holm).`,
    head: [
      heading('level'),
      heading('reference'),
      heading('strata', 'number'),
      heading('odds ratio', 'number'),
      heading('p corrected', 'number'),
    ],
    body: rows(
      report.strata,
      ({ factor, level, reference, strata: count, uninformative, oddsRatio, lower, upper, pHolm }) =>
        html`<th scope="row">${`${factor}=${level}`}</th>
          <td>${reference}</td>
          ${number(`${count}${uninformative === 0 ? '' : `, ${uninformative} of them say nothing`}`)}
          ${number(showOdds({ oddsRatio, lower, upper }))} ${number(showP(pHolm))}`,
    ),
  });
}

function showOdds({
  oddsRatio,
  lower,
  upper,
}: {
  readonly oddsRatio: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}): string {
  const shown = (value: number): string =>
    value >= 100 ? value.toFixed(0) : value < 0.01 ? value.toPrecision(2) : value.toFixed(2);
  if (oddsRatio === null) return 'none: 0 or everything on one side';
  return lower === null || upper === null ? shown(oddsRatio) : `${shown(oddsRatio)} [${shown(lower)}, ${shown(upper)}]`;
}

function regressionTables(report: Report, regression: ReportRegression): Markup {
  const { cell, trials, cells, reference, terms, coefficients, leftOut, isSeparated } = regression;
  return html`<p>
      Logistic regression of ${titleOf(report, [cellFinder(report)(cell)])} on ${terms.length} terms, ${trials} counted
      trials of ${cells} cells of the arm "self". Reference: <code>${showCondition(reference)}</code>. p of a term:
      likelihood-ratio test, corrected over the terms (Holm). Odds ratios: Firth's penalised likelihood, 95 % Wald
      limits. Trials with the same texts are taken as independent.
      ${isSeparated ? 'Some cells are predicted perfectly: their odds ratios are finite only through the penalty.' : null}
      ${leftOut.length === 0 ? null : `Left out, since they cannot be told apart from the others here: ${leftOut.join(', ')}.`}
    </p>
    ${table({
      caption: 'What each term explains.',
      head: html`${heading('term')}${heading('degrees of freedom', 'number')}${heading('p', 'number')}${heading('p corrected', 'number')}`,
      body: rows(
        terms,
        ({ term, degreesOfFreedom, p, pHolm }) =>
          html`<th scope="row">${term}</th>
            ${number(degreesOfFreedom)}${number(showP(p))}${number(showP(pHolm))}`,
      ),
    })}
    ${table({
      caption: 'Odds ratio of each level over its reference.',
      head: html`${heading('level')}${heading('odds ratio [95 % interval]', 'number')}`,
      body: rows(
        coefficients,
        ({ name, oddsRatio, lower, upper }) =>
          html`<th scope="row">${name}</th>
            ${number(showOdds({ oddsRatio, lower, upper }))}`,
      ),
    })}`;
}

interface PairedRow {
  readonly cell: string;
  readonly against: string;
  readonly paired: ReportPaired;
}

function pairedTable(report: Report): Markup {
  const find = cellFinder(report);
  const rows: PairedRow[] = [
    ...report.levels.map(({ cell, paired }) => ({ cell, against: 'its baseline', paired })),
    ...report.contrasts.map(({ self, arm, paired }) => ({ cell: self, against: arm, paired })),
  ].flatMap(({ paired, ...rest }) => (paired === null ? [] : [{ ...rest, paired }]));
  return html`<p>
      Trials of one seed have the same items and texts, and make a pair. McNemar's exact test, two-sided, looks only at
      pairs that differ; difference with the 95 % Newcombe interval for pairs. Not corrected: a check of the tables
      above, and no further question.
    </p>
    ${table({
      caption: 'Comparisons seed by seed.',
      head: html`${heading('cell')}${heading('only here, only there, of pairs', 'number')}${heading('difference [95 % interval]', 'number')}${heading('p', 'number')}`,
      body: rowsByAgent({
        items: rows,
        cellOf: ({ cell }) => find(cell),
        columns: 4,
        below: ({ against }) => `minus ${against}`,
        render: ({ paired }) => [
          number(`${paired.firstOnly}, ${paired.secondOnly} of ${paired.pairs}`),
          ...differenceCells(paired.difference, paired.p),
        ],
      }),
    })}`;
}

function clusterTable(report: Report): Markup {
  const find = cellFinder(report);
  return html`<p>
      The texts of a cell differ, since the wording of each is drawn from several. Trials with the same texts resemble
      each other, and the intervals above take them for independent. Here trials with the same texts are clusters:
      Jeffreys on the effective number of trials (Rao and Scott; Korn and Graubard). A design effect of 1 or less means
      that nothing speaks for such a resemblance.
    </p>
    ${table({
      caption: 'Rates with wordings as clusters, 95 % intervals in brackets.',
      head: html`${heading('cell')}${heading('wordings', 'number')}${heading('independent: k/n = %', 'number')}${heading('clustered: k/n = %', 'number')}${heading('design effect', 'number')}`,
      body: rowsByAgent({
        items: report.clusters,
        cellOf: ({ cell }) => find(cell),
        columns: 5,
        render: ({ cell, wordings, successes, trials, designEffect, interval }) => [
          number(wordings),
          rateCell(showRate(rateIn(find(cell)))),
          rateCell(showRate({ successes, trials, interval })),
          number(designEffect.toFixed(2)),
        ],
      }),
    })}`;
}
