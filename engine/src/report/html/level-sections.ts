import { toPairedRows } from '../analysis/levels.ts';
import { sayPairMethods, showCondition, showP, showPairs, showPoints, showRate } from '../analysis/show.ts';
import { html, type Markup } from '../markup.ts';
import type { Report, ReportLevelContrast, ReportRegression } from '../report-schema.ts';
import { rateIn, titleOf } from '../words.ts';
import { differenceColumns } from './figures.ts';
import { cellFinder, fold, plainCellName, type Section, stacked, table } from './parts.ts';

/** The effects of the factors. The table of levels comes first; checks and refinements are folded. */
export function levelSection(report: Report): Section | null {
  const { levels, strata, regressions, clusters } = report;
  const paired = toPairedRows(report).length > 0;
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
      Each condition compared with its baseline:
      ${baselines.map((cell, index) => html`${index > 0 ? '; ' : ''}${plainCellName(cell)}`)}.
    </p>
    ${table({
      caption: `Difference of ${titleOf(report)} to the baseline in percentage points, with its 95 % interval: ${levels.some(({ first }) => first.isMean) ? "Welch's, and Welch's test" : "Newcombe's, and Fisher's exact test"}. p: two-sided, corrected over the ${levels.length} comparisons of this table (Holm).`,
      items: levels,
      first: 'condition',
      style: 'figures narrow',
      cellOf: ({ cell }) => find(cell),
      below: ({ differsIn }) => (differsIn.length > 1 ? `differs in ${differsIn.join(', ')}` : null),
      columns: [
        ...differenceColumns<ReportLevelContrast>(
          'condition, baseline',
          ({ cell }) => `${plainCellName(find(cell))}, minus baseline`,
        ),
        ['p corrected', 'number', ({ pHolm }) => showP(pHolm)],
      ],
    })}`;
}

function strataTable(report: Report): Markup {
  return table({
    caption: `A level against its reference over several strata (agents, or settings of the other factors): ${titleOf(report)}. Cochran–Mantel–Haenszel test, common odds ratio with 95 % limits of Robins, Breslow and Greenland; corrected over this table (Holm).`,
    items: report.strata,
    first: 'level',
    name: ({ factor, level }) => `${factor}=${level}`,
    columns: [
      ['reference', 'text', ({ reference }) => reference],
      [
        'strata',
        'number',
        ({ strata, uninformative }) =>
          `${strata}${uninformative === 0 ? '' : `, ${uninformative} of them uninformative`}`,
      ],
      ['odds ratio', 'number', showOdds],
      ['p corrected', 'number', ({ pHolm }) => showP(pHolm)],
    ],
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
      limits. Trials with the same texts are treated as independent.
      ${isSeparated ? 'Some cells are predicted perfectly: their odds ratios are finite only through the penalty.' : null}
      ${leftOut.length === 0 ? null : `Left out, since they cannot be separated from the others here: ${leftOut.join(', ')}.`}
    </p>
    ${table({
      caption: 'What each term explains.',
      items: terms,
      first: 'term',
      name: ({ term }) => term,
      columns: [
        ['degrees of freedom', 'number', ({ degreesOfFreedom }) => degreesOfFreedom],
        ['p', 'number', ({ p }) => showP(p)],
        ['p corrected', 'number', ({ pHolm }) => showP(pHolm)],
      ],
    })}
    ${table({
      caption: 'Odds ratio of each level over its reference.',
      items: coefficients,
      first: 'level',
      name: ({ name }) => name,
      columns: [['odds ratio [95 % interval]', 'number', showOdds]],
    })}`;
}

function pairedTable(report: Report): Markup {
  const find = cellFinder(report);
  const items = toPairedRows(report);
  return html`<p>${sayPairMethods(items)}</p>
    ${table({
      caption: `Comparisons seed by seed: ${titleOf(report)}.`,
      items,
      cellOf: ({ cell }) => find(cell),
      below: ({ against }) => `minus ${against}`,
      columns: [
        ['only or more here, there, of pairs', 'number', showPairs],
        ['difference [95 % interval]', 'number', ({ difference }) => showPoints(difference)],
        ['p', 'number', ({ p }) => showP(p)],
      ],
    })}`;
}

function clusterTable(report: Report): Markup {
  const find = cellFinder(report);
  return html`<p>
      The texts within a cell differ, since each wording is drawn from several. Trials with the same texts resemble each
      other, but the intervals above treat them as independent. Here trials with the same texts are clusters: Jeffreys
      on the effective number of trials (Rao and Scott; Korn and Graubard). A design effect of 1 or less shows no sign
      of such a resemblance.
    </p>
    ${table({
      caption: 'Rates with wordings as clusters, 95 % intervals in brackets.',
      items: report.clusters,
      cellOf: ({ cell }) => find(cell),
      columns: [
        ['wordings', 'number', ({ wordings }) => wordings],
        ['independent: k/n = %', 'number', ({ cell }) => stacked(showRate(rateIn(find(cell))))],
        ['clustered: k/n = %', 'number', (clusters) => stacked(showRate(clusters))],
        ['design effect', 'number', ({ designEffect }) => designEffect.toFixed(2)],
      ],
    })}`;
}
