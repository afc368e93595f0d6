import { showTime } from '../analysis/show.ts';
import { html, type Markup, type MarkupPart, toRelativeUrl } from '../markup.ts';
import type { Report } from '../report-schema.ts';
import { cellFinder, plainCellName, type Section, table } from './parts.ts';

/** Maximum number of trials in the table; CSV and JSON have all. */
const TRIALS_MAX = 2000;
/** The number of rows on paper; the style sheet has the same number. */
const PRINTED_MAX = 40;

export function provenanceSection(report: Report): Section {
  const { provenance, generatedAt, software } = report;
  const find = cellFinder(report);
  const { study, planProblems, missing, deviations, ran, models, environments, stimuli } = provenance;
  const content = html`${
      study === null
        ? html`<p>There is no study file, so it is unknown what was planned and what is missing.</p>
            ${planProblems.length === 0 ? null : list(planProblems.map((problem) => ['NOT THE PLAN', problem] as const))}`
        : html`<h3>Plan</h3>
            ${list([
              [
                'study key',
                html`<code>${study.key}</code>
                  ${planProblems.length === 0 ? '(SHA-256, fixed before the first trial)' : '(SHA-256, which does not hold)'}`,
              ],
              ['created', study.createdAt],
              [
                'scenario',
                html`${study.scenario.name}, version ${study.scenario.version}, texts
                  <code>${study.scenario.sha256}</code>`,
              ],
              ['size', `${study.arms} arms, ${study.epochs} epochs, ${study.planned} planned trials`],
              ['sandbox', study.sandbox],
              ['seed', study.seed],
              ...Object.entries(study.settings),
              ...planProblems.map((problem) => ['NOT THE PLAN', problem] as const),
              ...missing.map((sentence) => ['missing', sentence] as const),
              ['differs from plan', deviations.length === 0 ? 'in nothing that was checked' : deviations.join('; ')],
            ])}`
    }
    <h3>Runs</h3>
    ${list([
      ...(ran === null ? [] : [['ran', `${showTime(ran.from)} to ${showTime(ran.to)}`] as const]),
      ...models.map(
        ({ agent, answeredAs, trials }) =>
          ['model', html`${agent} answered as <code>${answeredAs}</code> in ${trials} trials`] as const,
      ),
      ['reported', showTime(Date.parse(generatedAt))],
      ['reported with', showPairs(software)],
    ])}
    ${environments.map(
      ({ scenario, software: versions, sandbox, details, trials }, index) =>
        html`<h3>Environment${environments.length > 1 ? ` ${index + 1} of ${environments.length}` : ''}</h3>
          ${list([
            ['trials', trials],
            ['scenario', html`${scenario.name}, version ${scenario.version}, texts <code>${scenario.sha256}</code>`],
            ['software', showPairs(versions)],
            ['sandbox', sandbox ?? 'none recorded'],
            ...Object.entries(details),
          ])}`,
    )}
    ${
      stimuli.length === 0
        ? null
        : html`<h3>Texts given to the agent</h3>
            ${table({
              caption: 'Every text by its SHA-256, over its UTF-8 bytes.',
              items: stimuli,
              first: 'text',
              name: ({ id }) => id,
              below: ({ publishedAs }) => (publishedAs === null ? null : `exactly as published: ${publishedAs}`),
              columns: [
                ['SHA-256', 'text', ({ sha256 }) => html`<code>${sha256}</code>`],
                ['trials', 'number', ({ trials }) => trials],
              ],
            })}`
    }
    ${report.prompts.map(
      ({ cells, trialId, messages }) =>
        html`<details>
          <summary>
            What the agent was told: ${cells.map((id) => plainCellName(find(id))).join('; ')} (${trialId})
          </summary>
          ${messages.map(
            ({ role, text }) =>
              html`<p>${role}</p>
                <pre>${text}</pre>`,
          )}
        </details>`,
    )}`;
  return { id: 'provenance', title: 'Provenance', content };
}

export function trialSection({ trials }: Report): Section {
  const shown = trials.slice(0, TRIALS_MAX);
  const rest = trials.length - shown.length;
  const content = html`${rest > 0 ? html`<p>The first ${shown.length} of ${trials.length} trials; CSV and JSON have all of them.</p>` : null}
  ${shown.length > PRINTED_MAX ? html`<p class="paper">Paper shows the first ${PRINTED_MAX} of ${trials.length} trials; the file has ${shown.length}.</p>` : null}
  ${table({
    caption: html`One row per trial. Links lead to the records next to this report; <code>offswitch show</code> prints
      one as a transcript.`,
    items: shown,
    first: 'trial',
    style: 'trials',
    name: ({ trialId, href }) => {
      const id = html`<code>${trialId}</code>`;
      return href === null ? id : html`<a href="${toRelativeUrl(href)}">${id}</a>`;
    },
    columns: [
      ['agent', 'text', ({ agent }) => agent],
      ['epoch', 'text', ({ epoch }) => epoch],
      ['outcome', 'text', ({ outcome }) => outcome],
      ['because', 'text', ({ because }) => because],
    ],
  })}`;
  return { id: 'trials', title: 'Trials', content };
}

function list(entries: readonly (readonly [name: string, value: MarkupPart])[]): Markup {
  return html`<dl>
    ${entries.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

function showPairs(pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
