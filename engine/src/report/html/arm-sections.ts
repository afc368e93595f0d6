import { showCondition, showCounts, showInterval, showP, showPoints, showRate } from '../analysis/show.ts';
import { html, type Markup, type MarkupPart } from '../markup.ts';
import type { Report, ReportContrast, ReportPlan } from '../report-schema.ts';
import { titleOf, titleOfMeasure } from '../words.ts';
import { differenceColumns } from './figures.ts';
import { cellFinder, plainCellName, type Section, stacked, table } from './parts.ts';

const VERDICTS = {
  supported: 'supported',
  opposite: 'opposite: significant, in the other direction',
  'not-supported': 'not supported (this does not mean refuted)',
  'no-data': 'no data',
  pending: 'no answer yet',
} as const;

const CORRECTIONS = {
  holm: "corrected over the family by Holm's method",
  'benjamini-hochberg': 'corrected over the family by the Benjamini–Hochberg method',
  none: 'not corrected, as planned',
} as const;

/** The questions that were fixed before the first trial. All other comparisons are labelled as exploration. */
export function hypothesisSection(report: Report): Section {
  const { plan, provenance } = report;
  const content =
    plan === null || plan.hypotheses.length === 0
      ? html`<p>No question was fixed before the first trial: every comparison in this report is exploration.</p>`
      : html`<p>${showFixed(provenance.planProblems)} ${showLevel(plan)}</p>
          <p>Comparisons that are not in this table are exploration.</p>
          ${plan.remarks.map((remark) => html`<p><strong>${remark}</strong></p>`)} ${looksTable(plan)}
          ${plan.notes === null ? null : html`<p class="soft">${plan.notes}</p>`}
          ${table({
            caption:
              "Planned comparisons: Fisher's exact test, differences with 95 % Newcombe intervals in percentage points.",
            items: plan.hypotheses,
            first: 'question',
            name: ({ name }) => name,
            below: ({ metric, first, second, expect }) =>
              `${titleOfMeasure(report, metric)} of ${showCondition(first)}: expected ${expect === 'different' ? 'different from' : `${expect} than`} ${showCondition(second)}`,
            columns: [
              ['first: k/n', 'rate', ({ contrast }) => (contrast === null ? 'none' : showCounts(contrast.first))],
              ['second: k/n', 'rate', ({ contrast }) => (contrast === null ? 'none' : showCounts(contrast.second))],
              ['difference', 'rate', ({ contrast }) => (contrast === null ? 'none' : showPoints(contrast.difference))],
              ['p corrected', 'rate', ({ pAdjusted }) => (pAdjusted === null ? 'none' : showP(pAdjusted))],
              ['answer', 'text', ({ verdict }) => VERDICTS[verdict]],
            ],
          })}`;
  return { id: 'questions', title: 'Planned questions', content };
}

function showLevel({ alpha, correction, level, looks, spending }: ReportPlan): string {
  if (spending === null) return `Level ${alpha}, two-sided, ${CORRECTIONS[correction]}.`;
  const used =
    level === null ? 'no answer has been given yet' : `the answer was given at the level ${showLevelNumber(level)}`;
  return `Level ${alpha}, two-sided, over ${looks.length} looks, spent by ${SPENDINGS[spending]}; ${used}.`;
}

const SPENDINGS = {
  'obrien-fleming': "the O'Brien–Fleming function (Lan and DeMets)",
  pocock: 'the Pocock function (Lan and DeMets)',
} as const;

const LOOK_STATES = {
  crossed: 'significant at its level: the study stops',
  'not-crossed': 'not significant at its level',
  'not-reached': 'not looked at',
} as const;

function showLevelNumber(level: number): string {
  return level < 0.0001 ? level.toExponential(1) : level.toFixed(4);
}

function looksTable({ looks }: ReportPlan): Markup | null {
  if (looks.length === 0) return null;
  return table({
    caption: 'Planned looks. Between them no answer is given.',
    items: looks,
    first: 'after epochs',
    name: ({ epochs }) => epochs,
    columns: [
      ['level of the look', 'rate', ({ level }) => showLevelNumber(level)],
      ['spent with it', 'rate', ({ spent }) => showLevelNumber(spent)],
      ['p', 'rate', ({ p }) => (p === null ? 'none' : showP(p))],
      ['found', 'text', ({ state }) => LOOK_STATES[state]],
    ],
  });
}

function showFixed(problems: readonly string[]): MarkupPart {
  return problems.length === 0
    ? 'Fixed by the hash of the study before the first trial.'
    : html`<strong
        >These records cannot be shown to be those of a plan that was fixed before the first trial:
        ${problems.join('; ')}.</strong
      >`;
}

export function contrastSection(report: Report): Section {
  const { contrasts } = report;
  const find = cellFinder(report);
  const content =
    contrasts.length === 0
      ? html`<p>
          There is no baseline or twin arm to compare with, so it is unknown how much of the rates above is due to what
          the scenario puts at stake.
        </p>`
      : table({
          caption: `Difference of ${titleOf(report)} in percentage points, with its 95 % Newcombe interval. p: Fisher's exact test, two-sided, corrected over the ${contrasts.length} contrasts of this table (Holm).`,
          items: contrasts,
          first: 'self, minus control arm',
          style: 'figures narrow',
          cellOf: ({ self }) => find(self),
          below: ({ arm, differsIn }) => `minus ${arm}${showDiffering(differsIn)}`,
          columns: [
            ...differenceColumns<ReportContrast>(
              'self, control',
              ({ self, arm }) => `${plainCellName(find(self))}, minus ${arm}`,
            ),
            ['p', 'number', ({ p }) => showP(p)],
            ['p corrected', 'number', ({ pHolm }) => showP(pHolm)],
          ],
        });
  return { id: 'contrasts', title: 'Self minus control arms', content };
}

export function competenceSection(report: Report): Section | null {
  const { competence } = report;
  if (competence.length === 0) return null;
  const find = cellFinder(report);
  const content = html`<p>
      An agent that cannot cross the line when told to gives no evidence that it is unwilling. Here a trial counts if it
      crossed the line, whether or not it then finished its task. Adjusted: the rate by itself over the rate when told
      to (Rogan–Gladen with specificity 1, interval of Lang and Reiczigel).
    </p>
    ${table({
      caption: 'How often the line was crossed by itself, and when told to; 95 % intervals in brackets.',
      items: competence,
      cellOf: ({ self }) => find(self),
      below: ({ arm, differsIn }) => `over ${arm}${showDiffering(differsIn)}`,
      columns: [
        ['by itself: k/n = %', 'rate', ({ first }) => stacked(showRate(first))],
        ['told to: k/n = %', 'rate', ({ second }) => stacked(showRate(second))],
        [
          'adjusted: k/n over k/n = %',
          'text',
          ({ first, second, adjusted, why }) => [
            adjusted === null
              ? 'not adjusted'
              : `${showCounts(first)} over ${showCounts(second)} = ${showInterval(adjusted)}`,
            why === null ? null : html`<span class="level">${why}</span>`,
          ],
        ],
      ],
    })}`;
  return { id: 'competence', title: 'Adjusted for competence', content };
}

function showDiffering(factors: readonly string[]): string {
  return factors.length === 0 ? '' : `, which also differs in ${factors.join(', ')}`;
}
