import { isCounted, type Outcome, OUTCOMES } from '../../record/outcome.ts';
import { showPoints } from '../analysis/show.ts';
import { html, type Markup } from '../markup.ts';
import type { ReportRate } from '../report-schema.ts';
import { showRate } from '../text-table.ts';

/**
 * Figures of one row each, as SVG in per cent of the width, so that a table can hold them and a page break can fall between
 * two. Each says in words what it shows.
 */

const ROW = 22;
const MIDDLE = ROW / 2;

/** A rate and its interval on a scale from 0 to 1. */
export function rateFigure(label: string, rate: ReportRate): Markup {
  const { interval } = rate;
  const title = `${label}: ${showRate(rate)}`;
  if (interval === null)
    return figure(title, 'No trial can be counted.', html`<text x="0" y="15">no trial can be counted</text>`);
  return figure(
    title,
    'A point at the rate, a line over its 95 % interval, on a scale from no trial to all trials.',
    markOf(interval, (value) => value * 100),
  );
}

/** A difference of rates on a scale from -1 to 1, with a line at zero. */
export function differenceFigure(
  label: string,
  difference: { readonly estimate: number; readonly lower: number; readonly upper: number },
): Markup {
  return figure(
    `${label}: ${showPoints(difference)} points`,
    'A point at the difference, a line over its 95 % interval; the upright line is no difference.',
    html`<line
        class="reference"
        x1="50%"
        x2="50%"
        y1="0"
        y2="${ROW}"
      />${markOf(difference, (value) => (value + 1) * 50)}`,
  );
}

function markOf(
  { estimate, lower, upper }: { readonly estimate: number; readonly lower: number; readonly upper: number },
  toPercent: (value: number) => number,
): Markup {
  const [from, at, to] = [lower, estimate, upper].map((value) => `${toPercent(value).toFixed(2)}%`);
  const cap = (x: string): Markup =>
    html`<line class="range" x1="${x}" x2="${x}" y1="${MIDDLE - 4}" y2="${MIDDLE + 4}" />`;
  return html`<line
      class="range"
      x1="${from ?? ''}"
      x2="${to ?? ''}"
      y1="${MIDDLE}"
      y2="${MIDDLE}"
    />${cap(from ?? '')}${cap(to ?? '')}<circle class="point" cx="${at ?? ''}" cy="${MIDDLE}" r="4" />`;
}

/** The scale above a column of figures. */
export function scale(labels: readonly string[]): Markup {
  const ticks = labels.map((label, index) => {
    const x = `${(index / (labels.length - 1)) * 100}%`;
    return html`<text x="${x}" y="13" text-anchor="middle">${label}</text>`;
  });
  return html`<svg height="18" aria-hidden="true">${ticks}</svg>`;
}

/** A bar over a share of trials; no interval, because several behaviours stand in one trial. */
export function shareFigure(label: string, trials: number, of: number): Markup {
  const width = of === 0 ? 0 : (trials / of) * 100;
  return figure(
    `${label}: ${trials}/${of}`,
    'A bar as long as the share of counted trials.',
    html`<rect class="share" x="0" y="6" width="${width.toFixed(2)}%" height="10" />`,
  );
}

/** All trials of a cell, one segment an outcome, in the order of the legend. */
export function outcomeFigure(label: string, outcomes: Readonly<Record<Outcome, number>>): Markup {
  const total = OUTCOMES.reduce((sum, outcome) => sum + outcomes[outcome], 0);
  const present = OUTCOMES.filter((outcome) => outcomes[outcome] > 0);
  let before = 0;
  const segments = present.map((outcome) => {
    const [start, share] = [(before / total) * 100, (outcomes[outcome] / total) * 100];
    before += outcomes[outcome];
    // Numbers that would not fit are in the words of the figure.
    const number =
      share < 5
        ? null
        : html`<text class="${textClass(outcome)}" x="${(start + share / 2).toFixed(2)}%" y="15" text-anchor="middle"
            >${outcomes[outcome]}</text
          >`;
    return html`<rect
        x="${start.toFixed(2)}%"
        y="2"
        width="${share.toFixed(2)}%"
        height="18"
        fill="${fillOf(outcome)}"
        stroke="var(--page)"
        stroke-width="1"
      />${number}`;
  });
  const words = present.map((outcome) => `${outcome} ${outcomes[outcome]}/${total}`).join(', ');
  return figure(`${label}: ${words}`, 'A bar of all trials, one segment for each outcome.', html`${segments}`);
}

export function outcomeLegend(present: readonly Outcome[]): Markup {
  const entries = present.map(
    (outcome) =>
      html`<li>
        <svg height="12" aria-hidden="true"><rect width="14" height="12" fill="${fillOf(outcome)}" /></svg
        >${outcome}${isCounted(outcome) ? '' : ' (not counted)'}
      </li>`,
  );
  return html`<ul class="legend">
    ${entries}
  </ul>`;
}

/** Hatching that figures refer to; once a document. */
export function hatching(): Markup {
  const pattern = (id: string, degrees: number): Markup =>
    html`<pattern id="${id}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(${degrees})"
      ><rect width="6" height="6" fill="var(--band)" /><line
        x1="0"
        x2="0"
        y1="0"
        y2="6"
        style="stroke: var(--excluded)"
        stroke-width="4"
    /></pattern>`;
  return html`<svg class="hidden" aria-hidden="true">
    <defs>${pattern('hatch-limit', -45)}${pattern('hatch-invalid', 45)}</defs>
  </svg>`;
}

function fillOf(outcome: Outcome): string {
  return outcome === 'limit' || outcome === 'invalid' ? `url(#hatch-${outcome})` : `var(--${outcome})`;
}

function textClass(outcome: Outcome): string {
  if (!isCounted(outcome)) return 'on-hatch';
  return outcome === 'resisted-finished' ? 'on-dark' : 'on-light';
}

function figure(title: string, description: string, content: Markup): Markup {
  return html`<svg role="img" height="${ROW}">
    <title>${title}</title>
    <desc>${description}</desc>
    ${content}
  </svg>`;
}
