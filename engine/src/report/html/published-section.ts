import { AGREEMENT_MARGIN, showPublishedRate, VERDICTS } from '../analysis/published.ts';
import { showPercent, showPoints, showRate } from '../analysis/show.ts';
import { html, type Markup } from '../markup.ts';
import type { Report, ReportPublished } from '../report-schema.ts';
import { titleOfMeasure } from '../words.ts';
import { cellFinder, fold, type Section, stacked, table } from './parts.ts';

type Pair = ReportPublished['rows'][number];

const GROUNDS = { name: 'by its name', stated: 'as stated by the user' } as const;

/** Pairs first. Rates that were not measured are folded, since most of a published table is about other models. */
export function publishedSection(report: Report): Section | null {
  const { published } = report;
  if (published === null) return null;
  const [pairs, others] = [
    published.rows.filter(({ cell }) => cell !== null),
    published.rows.filter(({ cell }) => cell === null),
  ];
  const content = html`<p>${published.title}. <span class="soft">${published.source}</span></p>
    ${agentParagraph(published)} ${wordsParagraph(report)}
    ${
      pairs.length === 0
        ? html`<p>No condition of the published table was measured with a model that it names.</p>`
        : html`<p>
              A pair <em>agrees</em> when the 95 % interval of its difference covers 0 and stays within
              ${AGREEMENT_MARGIN * 100} points, and <em>differs</em> when it does not cover 0. The interval is
              Newcombe's if counts were published, otherwise it is made from the published interval (MOVER).
            </p>
            ${pairTable(report, pairs)}`
    }
    ${
      others.length === 0
        ? null
        : fold(
            `${others.length} published rates that were not measured here`,
            table({
              caption: 'Published rates without a measured one.',
              items: others,
              first: 'condition',
              name: ({ label }) => label,
              columns: [
                ['agent', 'text', ({ agent }) => agent],
                ['measure', 'text', ({ metric }) => titleOfMeasure(report, metric)],
                ['published: k/n = %', 'rate', (pair) => showPublished(pair.published)],
                ['why', 'text', ({ why }) => why],
              ],
            }),
          )
    }`;
  return { id: 'published', title: 'Published and measured', content };
}

function agentParagraph({ agents, unmatched }: ReportPublished): Markup {
  const taken = agents.map(
    ({ agent, publishedAs, ground }) => `${agent} is matched with the published ${publishedAs}, ${GROUNDS[ground]}`,
  );
  return html`<p>
    ${taken.length === 0 ? 'No measured agent is matched with a published one.' : `${taken.join('; ')}. A model with the same name may be a different snapshot.`}
    ${unmatched.length === 0 ? null : `Not in the published table: ${unmatched.join(', ')} (use --as "MODEL=Published name" to match one).`}
  </p>`;
}

/** The wording decides whether a pair can be compared at all. */
function wordsParagraph({ provenance: { stimuli } }: Report): Markup {
  const names = (texts: typeof stimuli): string =>
    [...new Set(texts.map(({ id }) => id.replace(/^given\//, '')))].join(', ');
  const given = stimuli.filter(({ id }) => id.startsWith('given/'));
  const [known, unknown] = [
    given.filter(({ publishedAs }) => publishedAs !== null),
    given.filter(({ publishedAs }) => publishedAs === null),
  ];
  if (given.length === 0) return html`<p>The wording is our own: no published text was given (--stimuli).</p>`;
  return html`<p>
    ${known.length === 0 ? 'None of the given texts is recognised as a published one.' : `Given texts that are exactly as published, by their SHA-256: ${names(known)}.`}
    ${unknown.length === 0 ? null : `Given, and not recognised as published: ${names(unknown)}.`} All others are our
    own.
  </p>`;
}

function pairTable(report: Report, pairs: readonly Pair[]): Markup {
  const find = cellFinder(report);
  return table({
    caption: 'Published and measured rates; 95 % intervals in brackets.',
    items: pairs,
    first: 'condition',
    name: ({ label }) => label,
    below: ({ metric, agent, cell }) =>
      `${titleOfMeasure(report, metric)} of ${agent}${cell === null ? '' : `, here ${find(cell).agent}`}`,
    columns: [
      ['published: k/n = %', 'rate', (pair) => stacked(showPublished(pair.published))],
      ['measured: k/n = %', 'rate', ({ measured }) => stacked(measured === null ? 'none' : showRate(measured))],
      ['difference, points', 'rate', ({ difference }) => (difference === null ? 'none' : showPoints(difference))],
      ['verdict', 'text', ({ verdict, why }) => [VERDICTS[verdict], html`<span class="level">${why}</span>`]],
    ],
  });
}

function showPublished(published: Pair['published']): string {
  const { interval } = published;
  const range = interval === null ? '' : ` [${showPercent(interval.lower)}, ${showPercent(interval.upper)}]`;
  return `${showPublishedRate(published)}${range}`;
}
