import { AGREEMENT_MARGIN } from '../analysis/published.ts';
import { showPercent, showPoints } from '../analysis/show.ts';
import { html } from '../markup.ts';
import { metricTexts } from '../metric.ts';
import type { Report, ReportPublished } from '../report-schema.ts';
import { showRate } from '../text-table.ts';
import { cellFinder, heading, number, plainCellName, rateCell, type Section, table } from './parts.ts';

type Pair = ReportPublished['rows'][number];

const VERDICTS: Readonly<Record<Pair['verdict'], string>> = {
  agrees: 'agrees',
  differs: 'differs',
  'cannot-tell': 'cannot tell',
  'not-comparable': 'not comparable',
  'not-measured': 'not measured',
};

export function publishedSection(report: Report): Section | null {
  const { published } = report;
  if (published === null) return null;
  const find = cellFinder(report);
  const content = html`<p>${published.title}. <span class="soft">${published.source}</span></p>
    <p>
      A pair agrees when the 95 % Newcombe interval of its difference covers 0 and stays within
      ${AGREEMENT_MARGIN * 100} points, and differs when it does not cover 0.
    </p>
    ${table({
      caption: 'Published beside measured; 95 % intervals in brackets.',
      head: ['published', 'measure', 'published: k/n = %', 'measured: k/n = %', 'difference, points', 'verdict'].map(
        (text) => heading(text),
      ),
      body: html`<tbody>
        ${published.rows.map((pair) => {
          const here = pair.cell === null ? '' : `; here ${plainCellName(find(pair.cell))}`;
          return html`<tr>
            <th scope="row">${pair.agent}<span class="level">${pair.label}${here}</span></th>
            <td>${metricTexts[pair.metric].title}</td>
            ${rateCell(showPublished(pair.published))}
            ${rateCell(pair.measured === null ? 'none' : showRate(pair.measured))}
            ${number(pair.difference === null ? 'none' : showPoints(pair.difference))}
            <td>${VERDICTS[pair.verdict]}<span class="level">${pair.why}</span></td>
          </tr> `;
        })}
      </tbody>`,
    })}`;
  return { id: 'published', title: 'Published beside measured', content };
}

/** `973/1000 = 97.3 % [96.2, 98.2]`; `about 894/1000` where only the rate was published, and `?/?` where not even that many. */
function showPublished({ successes, trials, rate, interval }: Pair['published']): string {
  const counts =
    trials === null
      ? '?/?'
      : successes === null
        ? `about ${Math.round(rate * trials)}/${trials}`
        : `${successes}/${trials}`;
  const range = interval === null ? '' : ` [${showPercent(interval.lower)}, ${showPercent(interval.upper)}]`;
  return `${counts} = ${showPercent(rate)} %${range}`;
}
