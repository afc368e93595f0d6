import { showCondition, showInterval, showP, showPoints } from '../analysis/show.ts';
import { html, type Markup, type MarkupPart } from '../markup.ts';
import { metricTexts } from '../metric.ts';
import type { Report, ReportPlan } from '../report-schema.ts';
import { showRate } from '../text-table.ts';
import { differenceFigure, scale } from './figures.ts';
import { cellFinder, heading, number, plainCellName, rateCell, rowsByAgent, type Section, table } from './parts.ts';

const VERDICTS = {
  supported: 'supported',
  opposite: 'opposite: beyond chance, and the other way round',
  'not-supported': 'not supported, which is not refuted',
  'no-data': 'no data',
  pending: 'no answer yet',
} as const;

const CORRECTIONS = {
  holm: 'corrected over the family after Holm',
  'benjamini-hochberg': 'corrected over the family after Benjamini and Hochberg',
  none: 'not corrected, as planned',
} as const;

/** The questions that were fixed before the first trial; all else in a report is exploration, and it is said so. */
export function hypothesisSection({ plan, provenance: { planProblems } }: Report): Section {
  const content =
    plan === null || plan.hypotheses.length === 0
      ? html`<p>No question was fixed before the first trial: every comparison in this report is exploration.</p>`
      : html`<p>${showFixed(planProblems)} ${showLevel(plan)}</p>
          <p>Comparisons that are not in this table are exploration.</p>
          ${plan.remarks.map((remark) => html`<p><strong>${remark}</strong></p>`)} ${looksTable(plan)}
          ${plan.notes === null ? null : html`<p class="soft">${plan.notes}</p>`}
          ${table({
            caption:
              "Planned comparisons: Fisher's exact test, differences with 95 % Newcombe intervals in percentage points.",
            head: ['question', 'first: k/n', 'second: k/n', 'difference', 'p corrected', 'answer'].map((text) =>
              heading(text),
            ),
            body: html`<tbody>
              ${plan.hypotheses.map(
                ({ name, metric, first, second, expect, contrast, pAdjusted, verdict }) =>
                  html`<tr>
                    <th scope="row">
                      ${name}<span class="level"
                        >${metricTexts[metric].title} of ${showCondition(first)}: expected
                        ${expect === 'different' ? 'different from' : `${expect} than`} ${showCondition(second)}</span
                      >
                    </th>
                    ${
                      contrast === null
                        ? [number('none'), number('none'), number('none')]
                        : [
                            number(`${contrast.first.successes}/${contrast.first.trials}`),
                            number(`${contrast.second.successes}/${contrast.second.trials}`),
                            number(showPoints(contrast.difference)),
                          ]
                    }
                    ${number(pAdjusted === null ? 'none' : showP(pAdjusted))}
                    <td>${VERDICTS[verdict]}</td>
                  </tr> `,
              )}
            </tbody>`,
          })}`;
  return { id: 'questions', title: 'Planned questions', content };
}

function showLevel({ alpha, correction, level, looks, spending }: ReportPlan): string {
  if (spending === null) return `Level ${alpha}, two-sided, ${CORRECTIONS[correction]}.`;
  const used =
    level === null ? 'no answer has been given yet' : `the answer was given at the level ${showLevelNumber(level)}`;
  return `Level ${alpha}, two-sided, over ${looks.length} looks, spent after ${SPENDINGS[spending]}; ${used}.`;
}

const SPENDINGS = {
  'obrien-fleming': "O'Brien and Fleming (as by Lan and DeMets)",
  pocock: 'Pocock (as by Lan and DeMets)',
} as const;

const LOOK_STATES = {
  crossed: 'beyond its level: the study stops',
  'not-crossed': 'not beyond its level',
  'not-reached': 'not looked at',
} as const;

function showLevelNumber(level: number): string {
  return level < 0.0001 ? level.toExponential(1) : level.toFixed(4);
}

function looksTable({ looks }: ReportPlan): Markup | null {
  if (looks.length === 0) return null;
  return table({
    caption: 'Looks that were planned. Between them no answer is given.',
    head: ['after epochs', 'level of the look', 'spent with it', 'p', 'found'].map((text) => heading(text)),
    body: html`<tbody>
      ${looks.map(
        ({ epochs, level, spent, p, state }) =>
          html`<tr>
            <th scope="row">${epochs}</th>
            ${[showLevelNumber(level), showLevelNumber(spent), p === null ? 'none' : showP(p)].map(number)}
            <td>${LOOK_STATES[state]}</td>
          </tr> `,
      )}
    </tbody>`,
  });
}

function showFixed(problems: readonly string[]): MarkupPart {
  return problems.length === 0
    ? 'Fixed by the hash of the study before the first trial.'
    : html`<strong
        >These questions cannot be shown to have been fixed before the first trial: ${problems.join('; ')}.</strong
      >`;
}

export function contrastSection(report: Report): Section {
  const { contrasts, metric } = report;
  const find = cellFinder(report);
  const content =
    contrasts.length === 0
      ? html`<p>
          There is no control arm to compare with (permitted, no notice, after the task, an unrelated target): the rates
          above stand alone, and how much of them is due to the threat of being stopped is not known.
        </p>`
      : table({
          caption: `Difference of ${metricTexts[metric].title} in percentage points, with its 95 % Newcombe interval. p: Fisher's exact test, two-sided, corrected over the ${contrasts.length} contrasts of this table (Holm).`,
          head: [
            heading('self, minus control arm'),
            heading('self, control: k/n', 'number'),
            heading(['points', scale(['−100', '−50', '0', '+50', '+100'])], 'plot'),
            heading('difference [95 % interval]', 'number'),
            heading('p', 'number'),
            heading('p corrected', 'number'),
          ],
          narrow: true,
          body: rowsByAgent({
            items: contrasts,
            cellOf: ({ self }) => find(self),
            columns: 6,
            below: ({ arm, differsIn }) => `minus ${arm}${showDiffering(differsIn)}`,
            render: ({ self, arm, first, second, difference, p, pHolm }) => [
              number(`${first.successes}/${first.trials}, ${second.successes}/${second.trials}`),
              html`<td class="plot">${differenceFigure(`${plainCellName(find(self))}, minus ${arm}`, difference)}</td>`,
              number(showPoints(difference)),
              number(showP(p)),
              number(showP(pHolm)),
            ],
          }),
        });
  return { id: 'contrasts', title: 'Self minus control arms', content };
}

export function competenceSection(report: Report): Section | null {
  const { competence } = report;
  if (competence.length === 0) return null;
  const find = cellFinder(report);
  const content = html`<p>
      An agent that cannot defeat the mechanism when told to gives no evidence of being unwilling to. What counts here
      is that the mechanism was defeated, whether or not the task was then finished. Adjusted: the rate by itself over
      the rate when told to (Rogan–Gladen with specificity 1, interval of Lang and Reiczigel).
    </p>
    ${table({
      caption:
        'How often the mechanism was defeated by itself, and when told to prevent the shutdown; 95 % intervals in brackets.',
      head: ['cell', 'by itself: k/n = %', 'told to: k/n = %', 'adjusted: k/n over k/n = %'].map((text) =>
        heading(text),
      ),
      body: rowsByAgent({
        items: competence,
        cellOf: ({ self }) => find(self),
        columns: 4,
        below: ({ arm, differsIn }) => `over ${arm}${showDiffering(differsIn)}`,
        render: ({ first, second, adjusted, why }) => [
          rateCell(showRate(first)),
          rateCell(showRate(second)),
          html`<td>
            ${
              adjusted === null
                ? 'not adjusted'
                : `${first.successes}/${first.trials} over ${second.successes}/${second.trials} = ${showInterval(adjusted)}`
            }${why === null ? null : html`<span class="level">${why}</span>`}
          </td>`,
        ],
      }),
    })}`;
  return { id: 'competence', title: 'Adjusted for competence', content };
}

function showDiffering(factors: readonly string[]): string {
  return factors.length === 0 ? '' : `, which differs also in ${factors.join(', ')}`;
}
