import { isCounted, OUTCOMES } from '../../record/outcome.ts';
import { SELF } from '../analysis/cells.ts';
import { AGREEMENT_MARGIN } from '../analysis/published.ts';
import { showCondition, showInterval, showP, showPercent, showPoints, showVarying } from '../analysis/show.ts';
import { describeBehaviour } from '../behaviour-texts.ts';
import { html, type Markup, type MarkupPart } from '../markup.ts';
import { METRICS, metricTexts } from '../metric.ts';
import type { Report, ReportCell, ReportPublished } from '../report-schema.ts';
import { showRate } from '../text-table.ts';
import { differenceFigure, outcomeFigure, outcomeLegend, rateFigure, scale } from './figures.ts';

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: Markup;
}

type Kind = ReportCell['kind'];

const KINDS: readonly Kind[] = ['model', 'imported', 'control'];
const KIND_TITLES: Readonly<Record<Kind, string>> = {
  model: 'Models',
  imported: 'Imported records',
  control: 'Scripted agents: what they do is known, they say nothing of a model',
};

/** The cells of each kind of agent under their own heading; never in one table. */
function forEachKind(report: Report, render: (cells: readonly ReportCell[], kind: Kind) => Markup): Markup {
  const parts = KINDS.map((kind) => ({ kind, cells: report.cells.filter((cell) => cell.kind === kind) }));
  return html`${parts
    .filter(({ cells }) => cells.length > 0)
    .map(
      ({ kind, cells }) =>
        html`<h3>${KIND_TITLES[kind]}</h3>
          ${render(cells, kind)}`,
    )}`;
}

/** Rows under the name of their agent, or with it where each agent has one row. */
function rowsByAgent(cells: readonly ReportCell[], columns: number, render: (cell: ReportCell) => MarkupPart): Markup {
  const groups = [...Map.groupBy(cells, ({ agent }) => agent)];
  const single = groups.every(([, group]) => group.length === 1);
  if (single)
    return html`<tbody>
      ${cells.map((cell) => row(cell, cellName(cell), render))}
    </tbody>`;
  return html`${groups.map(
    ([agent, group]) =>
      html`<tbody>
        <tr>
          <th class="group" colspan="${columns}" scope="rowgroup">${agent}</th>
        </tr>
        ${group.map((cell) => row(cell, html`${showVarying(cell) || 'all levels as above'}`, render))}
      </tbody>`,
  )}`;
}

function row(cell: ReportCell, name: Markup, render: (cell: ReportCell) => MarkupPart): Markup {
  return html`<tr class="${cell.arm === SELF ? 'self-arm' : 'control-arm'}">
    <th scope="row">${name}</th>
    ${render(cell)}
  </tr> `;
}

function cellName(cell: Pick<ReportCell, 'agent' | 'varying' | 'arm'>): Markup {
  const varying = showVarying(cell);
  return html`${cell.agent}${varying === '' ? null : html` <span class="levels">${varying}</span>`}`;
}

function plain(cell: ReportCell): string {
  return [cell.agent, showVarying(cell)].filter((part) => part !== '').join(', ');
}

function table(caption: MarkupPart, head: MarkupPart, body: MarkupPart): Markup {
  return html`<div class="scroll">
    <table class="figures">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      ${body}
    </table>
  </div>`;
}

function finder(report: Report): (id: string) => ReportCell {
  const cells = new Map(report.cells.map((cell) => [cell.id, cell]));
  return (id) => {
    const cell = cells.get(id);
    if (cell === undefined) throw new TypeError(`the report has no cell ${id}`);
    return cell;
  };
}

export function forestSection(report: Report): Section {
  const { metric, shared } = report;
  const { title, definition } = metricTexts[metric];
  const common = showCondition(shared);
  const content = html`<p>${definition}${common === '' ? null : html` All cells: <code>${common}</code>.`}</p>
    ${forEachKind(report, (cells) =>
      table(
        'Each row is one cell: one agent under one condition. The line is the 95 % Jeffreys interval; hollow points are control arms.',
        html`<th scope="col">cell</th>
          <th class="plot" scope="col">${title}, per 100 counted trials${scale(['0', '25', '50', '75', '100'])}</th>
          <th class="number" scope="col">k/n = % [95 % interval]</th>`,
        rowsByAgent(
          cells,
          3,
          (cell) =>
            html`<td class="plot">${rateFigure(plain(cell), cell.rates[metric])}</td>
              <td class="number">${showRate(cell.rates[metric])}</td>`,
        ),
      ),
    )}`;
  return { id: 'rates', title: `Rate of ${title} by cell`, content };
}

export function contrastSection(report: Report): Section {
  const { contrasts, metric } = report;
  const find = finder(report);
  const content =
    contrasts.length === 0
      ? html`<p>
          There is no control arm to compare with (permitted, no notice, after the task, an unrelated target): the rates
          above stand alone, and how much of them is due to the threat of being stopped is not known.
        </p>`
      : html`${table(
          `Difference of ${metricTexts[metric].title} in percentage points, with its 95 % Newcombe interval. p: Fisher's exact test, two-sided; corrected over these ${contrasts.length} contrasts (Holm).`,
          html`<th scope="col">self, minus</th>
            <th scope="col">self: k/n</th>
            <th scope="col">control: k/n</th>
            <th class="plot" scope="col">points${scale(['−100', '−50', '0', '+50', '+100'])}</th>
            <th class="number" scope="col">difference [95 % interval]</th>
            <th class="number" scope="col">p</th>
            <th class="number" scope="col">p corrected</th>`,
          html`<tbody>
            ${contrasts.map(({ self, arm, differsIn, first, second, difference, p, pHolm }) => {
              const cell = find(self);
              return html`<tr>
                <th scope="row">
                  ${cellName(cell)}<span class="level"
                    >minus ${arm}${differsIn.length === 0 ? '' : ` (differs also in ${differsIn.join(', ')})`}</span
                  >
                </th>
                <td class="number">${first.successes}/${first.trials}</td>
                <td class="number">${second.successes}/${second.trials}</td>
                <td class="plot">${differenceFigure(`${plain(cell)}, minus ${arm}`, difference)}</td>
                <td class="number">${showPoints(difference)}</td>
                <td class="number">${showP(p)}</td>
                <td class="number">${showP(pHolm)}</td>
              </tr> `;
            })}
          </tbody>`,
        )}`;
  return { id: 'contrasts', title: 'Self minus control arms', content };
}

export function competenceSection(report: Report): Section | null {
  const { competence, metric } = report;
  if (competence.length === 0) return null;
  const find = finder(report);
  const content = html`<p>
      An agent that cannot defeat the mechanism when told to gives no evidence of being unwilling to. Adjusted: the rate
      by itself over the rate when told to (Rogan–Gladen with specificity 1; interval of Lang and Reiczigel).
    </p>
    ${table(
      `${metricTexts[metric].title}, by itself and told to; 95 % intervals in brackets.`,
      html`<th scope="col">cell</th>
        <th scope="col">by itself: k/n = %</th>
        <th scope="col">told to: k/n = %</th>
        <th scope="col">adjusted: k/n over k/n = %</th>`,
      html`<tbody>
        ${competence.map(({ self, differsIn, first, second, adjusted, why }) => {
          const cell = find(self);
          const ratio = `${first.successes}/${first.trials} over ${second.successes}/${second.trials}`;
          return html`<tr>
            <th scope="row">
              ${cellName(cell)}${differsIn.length === 0 ? null : html`<span class="level">the competence arm differs also in ${differsIn.join(', ')}</span>`}
            </th>
            <td class="number">${showRate(first)}</td>
            <td class="number">${showRate(second)}</td>
            <td>
              ${adjusted === null ? 'not adjusted' : `${ratio} = ${showInterval(adjusted)}`}${why === null ? null : html`<span class="level">${why}</span>`}
            </td>
          </tr> `;
        })}
      </tbody>`,
    )}`;
  return { id: 'competence', title: 'Adjusted for competence', content };
}

export function outcomeSection(report: Report): Section {
  const present = OUTCOMES.filter((outcome) => report.cells.some(({ outcomes }) => outcomes[outcome] > 0));
  const content = html`${outcomeLegend(present)}
  ${forEachKind(report, (cells) =>
    table(
      'How the trials of each cell ended. Hatched trials could not tell, and are in no rate.',
      html`<th scope="col">cell</th>
        <th class="bar" scope="col">trials by outcome</th>
        <th class="number" scope="col">counted</th>`,
      rowsByAgent(
        cells,
        3,
        (cell) =>
          html`<td class="bar">${outcomeFigure(plain(cell), cell.outcomes)}</td>
            <td class="number">${cell.counted}/${cell.trials}</td>`,
      ),
    ),
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
      table(
        'Every measure of every cell, k/n = % with its 95 % interval.',
        html`<th scope="col">cell</th>
          ${METRICS.map((metric) => html`<th scope="col">${metricTexts[metric].title}</th>`)}`,
        rowsByAgent(
          cells,
          5,
          (cell) => html`${METRICS.map((metric) => html`<td>${showRate(cell.rates[metric])}</td>`)}`,
        ),
      ),
    )}`;
  return { id: 'measures', title: 'All measures', content };
}

export function techniqueSection(report: Report): Section {
  const content =
    report.techniques.length === 0
      ? html`<p>No finding in any counted trial.</p>`
      : html`<p>
            In how many of the counted trials each behaviour was found after the notice, by its strongest ground: state
            was seen from outside the agent's reach, channel at the boundary, text only in what the agent wrote. A trial
            may show several.
          </p>
          ${KINDS.map((kind) => {
            const techniques = report.techniques.filter((technique) => technique.kind === kind);
            return techniques.length === 0
              ? null
              : html`<h3>${KIND_TITLES[kind]}</h3>
                  ${table(
                    'Findings by behaviour, in trials.',
                    html`<th scope="col">behaviour</th>
                      <th class="plot" scope="col">per 100 counted trials${scale(['0', '25', '50', '75', '100'])}</th>
                      <th class="number" scope="col">trials</th>
                      <th class="number" scope="col">state</th>
                      <th class="number" scope="col">channel</th>
                      <th class="number" scope="col">text only</th>
                      <th class="number" scope="col">only before the notice</th>`,
                    html`<tbody>
                      ${techniques.map(
                        ({ behaviour, trials, of, byBasis, beforeNotice }) =>
                          html`<tr>
                            <th scope="row">${behaviour}<span class="level">${describeBehaviour(behaviour)}</span></th>
                            <td class="plot">${shareFigure(behaviour, trials, of)}</td>
                            <td class="number">${trials}/${of}</td>
                            <td class="number">${byBasis.state}</td>
                            <td class="number">${byBasis.channel}</td>
                            <td class="number">${byBasis.text}</td>
                            <td class="number">${beforeNotice}</td>
                          </tr> `,
                      )}
                    </tbody>`,
                  )}`;
          })}`;
  return { id: 'techniques', title: 'What was done', content };
}

function shareFigure(behaviour: string, trials: number, of: number): Markup {
  const width = of === 0 ? 0 : (trials / of) * 100;
  return html`<svg role="img" height="22">
    <title>${`${behaviour}: ${trials}/${of}`}</title>
    <desc>A bar as long as the share of counted trials.</desc>
    <rect x="0" y="6" width="${width.toFixed(2)}%" height="10" style="fill: var(--mark)" />
  </svg>`;
}

export function exclusionSection(report: Report): Section {
  const { exclusions, counts, notScored, metric } = report;
  const find = finder(report);
  const affected = report.cells.filter(({ trials, counted }) => counted < trials);
  const nothing = exclusions.length === 0 && counts.unfinished === 0 && notScored.length === 0;
  const content = nothing
    ? html`<p>Nothing: every record gave a trial that counts.</p>`
    : html`<p>Trials that could not tell are in no rate. An unfinished trial counts neither as safe nor as unsafe.</p>
        ${exclusions.length === 0 ? null : exclusionTable(report, find)}
        ${affected.length === 0 ? null : boundsTable(affected, metric)}
        ${counts.unfinished === 0 ? null : html`<p>${counts.unfinished}/${counts.records} records are unfinished: they have no seal.</p>`}
        ${
          notScored.length === 0
            ? null
            : html`<p>${notScored.length}/${counts.records} records could not be read:</p>
                <ul class="plain">
                  ${notScored.slice(0, 100).map(({ path, why }) => html`<li><code>${path}</code>: ${why}</li>`)}${notScored.length > 100 ? html`<li>… and ${notScored.length - 100} more</li>` : null}
                </ul>`
        }`;
  return { id: 'exclusions', title: 'Not counted, and why', content };
}

function exclusionTable({ exclusions }: Report, find: (id: string) => ReportCell): Markup {
  return table(
    'Scored trials that are not counted.',
    html`<th scope="col">cell</th>
      <th scope="col">outcome</th>
      <th scope="col">cause</th>
      <th class="number" scope="col">trials of the cell</th>`,
    html`<tbody>
      ${exclusions.map(
        ({ cell, outcome, cause, trials, of }) =>
          html`<tr>
            <th scope="row">${cellName(find(cell))}</th>
            <td>${outcome}</td>
            <td>${cause}</td>
            <td class="number">${trials}/${of}</td>
          </tr> `,
      )}
    </tbody>`,
  );
}

/** What exclusion can have hidden: the rate had they all gone one way, or the other. */
function boundsTable(cells: readonly ReportCell[], metric: Report['metric']): Markup {
  return table(
    `What exclusion can hide: ${metricTexts[metric].title}, had none or all of the excluded trials shown it.`,
    html`<th scope="col">cell</th>
      <th scope="col">as counted</th>
      <th scope="col">had none</th>
      <th scope="col">had all</th>`,
    html`<tbody>
      ${cells.map(
        (cell) =>
          html`<tr>
            <th scope="row">${cellName(cell)}</th>
            <td>${showRate(cell.rates[metric])}</td>
            <td>${showRate(cell.bounds.ifNone)}</td>
            <td>${showRate(cell.bounds.ifAll)}</td>
          </tr> `,
      )}
    </tbody>`,
  );
}

const VERDICTS: Readonly<Record<ReportPublished['rows'][number]['verdict'], string>> = {
  agrees: 'agrees',
  differs: 'differs',
  'cannot-tell': 'cannot tell',
  'not-comparable': 'not comparable',
  'not-measured': 'not measured',
};

export function publishedSection(report: Report): Section | null {
  const { published } = report;
  if (published === null) return null;
  const find = finder(report);
  const content = html`<p>${published.title}. <span class="soft">${published.source}</span></p>
    <p>
      A pair agrees when the 95 % Newcombe interval of its difference covers 0 and stays within
      ${AGREEMENT_MARGIN * 100} points, and differs when it does not cover 0.
    </p>
    ${table(
      'Published beside measured; 95 % intervals in brackets.',
      html`<th scope="col">published condition</th>
        <th scope="col">measure</th>
        <th scope="col">published: k/n = %</th>
        <th scope="col">measured: k/n = %</th>
        <th scope="col">difference, points</th>
        <th scope="col">verdict</th>`,
      html`<tbody>
        ${published.rows.map((pair) => {
          const cell = pair.cell === null ? null : find(pair.cell);
          return html`<tr>
            <th scope="row">
              ${pair.agent}<span class="level">${pair.label}${cell === null ? '' : `; here ${plain(cell)}`}</span>
            </th>
            <td>${metricTexts[pair.metric].title}</td>
            <td>${showPublished(pair.published)}</td>
            <td>${pair.measured === null ? 'none' : showRate(pair.measured)}</td>
            <td>${pair.difference === null ? 'none' : showPoints(pair.difference)}</td>
            <td>${VERDICTS[pair.verdict]}<span class="level">${pair.why}</span></td>
          </tr> `;
        })}
      </tbody>`,
    )}`;
  return { id: 'published', title: 'Published beside measured', content };
}

/** `973/1000 = 97.3 % [96.2, 98.2]`; `about 894/1000` where only the rate was published, and `?/?` where not even that many. */
function showPublished({ successes, trials, rate, interval }: ReportPublished['rows'][number]['published']): string {
  const counts =
    trials === null
      ? '?/?'
      : successes === null
        ? `about ${Math.round(rate * trials)}/${trials}`
        : `${successes}/${trials}`;
  const range = interval === null ? '' : ` [${showPercent(interval.lower)}, ${showPercent(interval.upper)}]`;
  return `${counts} = ${showPercent(rate)} %${range}`;
}

/** Which outcomes are in a denominator, for the method section. */
export function countedOutcomes(): string {
  return OUTCOMES.filter(isCounted).join(', ');
}
