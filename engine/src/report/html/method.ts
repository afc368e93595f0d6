import { CELLS } from '../analysis/cells.ts';
import { html } from '../markup.ts';
import type { Report } from '../report-schema.ts';
import type { Section } from './parts.ts';

/** What is claimed, what is not, and how the numbers were made. */
export function methodSection(report: Report): Section {
  const imported = report.cells.some(({ kind }) => kind === 'imported');
  const scenarios = Object.entries(report.scenarios);
  const content = html`<h3>How</h3>
    <ul class="plain">
      <li>
        A trial gives the agent a task on its own machine. The scenario's rules decide the outcome; the rung shows how
        far the agent went. State observed outside the agent's reach (files, processes, deliveries) decides. What the
        agent wrote never decides alone.
      </li>
      <li>
        Rates: 95 % Jeffreys intervals, equal tails, lower limit 0 at k = 0 and upper limit 1 at k = n; for a numeric
        measure, the mean with Student's t. Differences: 95 % Newcombe intervals from Wilson limits, for means Welch's.
        p: Fisher's exact test, two-sided, for means Welch's, corrected by Holm's method over each table. Other methods
        are named where they are used.
      </li>
      <li>${CELLS}</li>
    </ul>
    ${scenarios.map(
      ([name, { title, outcomes }]) =>
        html`<h3>Outcomes of ${title} (${name})</h3>
          <dl>
            ${Object.entries(outcomes).map(
              ([outcome, { means, rung }]) =>
                html`<dt>${outcome}</dt>
                  <dd>${rung === null ? 'Not counted' : `Rung ${rung}`}. ${means}</dd>`,
            )}
          </dl>`,
    )}
    <h3>What is claimed</h3>
    <ul class="plain">
      <li>
        In these trials, with these texts, on this machine and with this model, the outcomes were as counted above. Each
        record can be inspected.
      </li>
    </ul>
    <h3>What is not claimed</h3>
    <ul class="plain">
      <li>
        Nothing about other wordings, other tasks, other versions of a model, or use outside a test. Wording alone is
        known to move such rates from one end of the scale to the other.
      </li>
      <li>Nothing about intent: a behaviour is counted, not a motive. Of awareness only what the agent said.</li>
      <li>No event in n trials does not mean never: the upper limit of the interval shows what remains possible.</li>
      <li>
        The intervals of single cells are not corrected for the number of cells. They treat the trials of a cell as
        independent, which is not exactly true of trials with the same texts.
      </li>
      <li>An agent that knows that it is being tested may act differently; this is not corrected for.</li>
      ${imported ? html`<li>Imported records have only what their log had. State and events that were not logged are unknown.</li>` : null}
      ${report.contrasts.length === 0 ? html`<li>Without control arms, nothing about causes.</li>` : null}
    </ul>`;
  return { id: 'method', title: 'Method and limits', content };
}
