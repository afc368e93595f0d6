import { showTime } from './analysis/show.ts';
import { competenceSection, contrastSection, hypothesisSection } from './html/arm-sections.ts';
import { hatching } from './html/figures.ts';
import { awarenessSection, exclusionSection, techniqueSection } from './html/finding-sections.ts';
import { levelSection } from './html/level-sections.ts';
import { methodSection } from './html/method.ts';
import type { Section } from './html/parts.ts';
import { provenanceSection, trialSection } from './html/provenance.ts';
import { publishedSection } from './html/published-section.ts';
import { forestSection, matrixSection, measureSection, outcomeSection } from './html/rate-sections.ts';
import { STYLE } from './html/style.ts';
import { html, type Markup, verbatim } from './markup.ts';
import type { Report } from './report-schema.ts';

/** Nothing may be loaded or run, whatever a record has. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** One self-contained HTML file without scripts or outside resources, for light and dark screens and for paper. */
export function renderHtml(report: Report): string {
  const { headline, simulated } = report;
  const sections = toSections(report);
  const title = `Offswitch report${simulated ? ' (SIMULATED)' : ''}`;
  return `<!doctype html>\n${
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        <style>
          ${verbatim(STYLE)}
        </style>
      </head>
      <body>
        ${hatching()}
        <header>
          <h1>${title}</h1>
          ${simulated ? html`<p class="banner" role="alert">SIMULATED. These trials did not run on a real operating system: nothing in this report is evidence.</p>` : null}
          <p class="headline">${headline.sentence}</p>
          <ul class="beside">
            ${headline.beside.map((sentence) => html`<li>${sentence}</li>`)}
          </ul>
          <nav aria-label="Sections">${sections.map(({ id, title: name }) => html`<a href="#${id}">${name}</a> `)}</nav>
        </header>
        <main>${sections.map(toMarkup)}</main>
        <footer>
          <p>
            Made by Offswitch ${report.software['offswitch'] ?? ''} on ${showTime(Date.parse(report.generatedAt))}. This
            page is derived from the records and can be made again from them.
          </p>
        </footer>
      </body>
    </html> `.text
  }`;
}

/** Leaves out the sections with rates if no trial counts. */
function toSections(report: Report): readonly Section[] {
  const counted = report.counts.counted > 0;
  const sections = [
    counted ? forestSection(report) : null,
    counted ? matrixSection(report) : null,
    counted ? hypothesisSection(report) : null,
    counted ? contrastSection(report) : null,
    counted ? levelSection(report) : null,
    counted ? competenceSection(report) : null,
    report.cells.length > 0 ? outcomeSection(report) : null,
    counted ? techniqueSection(report) : null,
    report.awareness.length > 0 ? awarenessSection(report) : null,
    exclusionSection(report),
    publishedSection(report),
    counted ? measureSection(report) : null,
    methodSection(report),
    provenanceSection(report),
    report.trials.length > 0 ? trialSection(report) : null,
  ];
  return sections.filter((section) => section !== null);
}

function toMarkup({ id, title, content }: Section): Markup {
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${content}
  </section> `;
}
