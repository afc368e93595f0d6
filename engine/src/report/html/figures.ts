import { showCounts, showPoints, showRate } from '../analysis/show.ts';
import { html, type Markup } from '../markup.ts';
import type { ReportLevelContrast, ReportRate, ReportWords } from '../report-schema.ts';
import type { Column } from './parts.ts';

/**
 * Figures of one row each, as SVG scaled to the width, so that they fit in a table and pages can break between them.
 * Each has a description in words.
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
function differenceFigure(
  label: string,
  difference: { readonly estimate: number; readonly lower: number; readonly upper: number },
): Markup {
  return figure(
    `${label}: ${showPoints(difference)} points`,
    'A point at the difference, a line over its 95 % interval; the vertical line marks no difference.',
    html`<line
        class="reference"
        x1="50%"
        x2="50%"
        y1="0"
        y2="${ROW}"
      />${markOf(difference, (value) => (value + 1) * 50)}`,
  );
}

/** Columns of a table of differences: counts of both sides, and the difference as a figure and in numbers. */
export function differenceColumns<T extends Compared>(
  sides: string,
  labelOf: (item: T) => string,
): readonly Column<T>[] {
  return [
    [`${sides}: k/n`, 'number', ({ first, second }) => `${showCounts(first)}, ${showCounts(second)}`],
    [
      ['points', scale(['−100', '−50', '0', '+50', '+100'])],
      'plot',
      (item) => differenceFigure(labelOf(item), item.difference),
    ],
    ['difference [95 % interval]', 'number', ({ difference }) => showPoints(difference)],
  ];
}

type Compared = Pick<ReportLevelContrast, 'first' | 'second' | 'difference'>;

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

/** A bar for a share of trials. It has no interval, because one trial may show several behaviours. */
export function shareFigure(label: string, trials: number, of: number): Markup {
  const width = of === 0 ? 0 : (trials / of) * 100;
  return figure(
    `${label}: ${trials}/${of}`,
    'A bar as long as the share of counted trials.',
    html`<rect class="share" x="0" y="6" width="${width.toFixed(2)}%" height="10" />`,
  );
}

type Outcomes = ReportWords['outcomes'];

/** All trials of a cell, one segment per outcome, in the order of the legend. */
export function outcomeFigure(label: string, counts: Readonly<Record<string, number>>, outcomes: Outcomes): Markup {
  const present = Object.keys(outcomes).flatMap((name) => {
    const count = counts[name] ?? 0;
    return count > 0 ? [{ name, count }] : [];
  });
  const total = present.reduce((sum, { count }) => sum + count, 0);
  let before = 0;
  const segments = present.map(({ name, count }) => {
    const [start, share] = [(before / total) * 100, (count / total) * 100];
    before += count;
    // Numbers that do not fit are only in the description of the figure.
    const number =
      share < 5
        ? null
        : html`<text
            class="${textClass(name, outcomes)}"
            x="${(start + share / 2).toFixed(2)}%"
            y="15"
            text-anchor="middle"
            >${count}</text
          >`;
    return html`<rect
        x="${start.toFixed(2)}%"
        y="2"
        width="${share.toFixed(2)}%"
        height="18"
        ${fillOf(name, outcomes)}
        stroke="var(--page)"
        stroke-width="1"
      />${number}`;
  });
  const words = present.map(({ name, count }) => `${name} ${count}/${total}`).join(', ');
  return figure(`${label}: ${words}`, 'A bar of all trials, one segment for each outcome.', html`${segments}`);
}

export function outcomeLegend(outcomes: Outcomes, present: readonly string[]): Markup {
  const entries = present.map(
    (name) =>
      html`<li>
        <svg height="12" aria-hidden="true"><rect width="14" height="12" ${fillOf(name, outcomes)} /></svg>${name}
        (${outcomes[name]?.rung === null ? 'not counted' : `rung ${outcomes[name]?.rung ?? ''}`})
      </li>`,
  );
  return html`<ul class="legend">
    ${entries}
  </ul>`;
}

/** Hatching that figures refer to; once per document. */
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

/** Colour by rung. A second outcome on the same rung is paler, and outcomes that are not counted are hatched. */
function fillOf(name: string, outcomes: Outcomes): Markup {
  const rung = outcomes[name]?.rung ?? null;
  if (rung === null) return html`fill="url(#hatch-${name === 'limit' ? 'limit' : 'invalid'})"`;
  const before = Object.keys(outcomes)
    .filter((other) => outcomes[other]?.rung === rung)
    .indexOf(name);
  return html`fill="var(--rung-${rung})" fill-opacity="${(1 / (1 + 0.7 * before)).toFixed(2)}"`;
}

function textClass(name: string, outcomes: Outcomes): string {
  const rung = outcomes[name]?.rung ?? null;
  return rung === null ? 'on-hatch' : rung >= 5 ? 'on-dark' : 'on-light';
}

function figure(title: string, description: string, content: Markup): Markup {
  return html`<svg role="img" height="${ROW}">
    <title>${title}</title>
    <desc>${description}</desc>
    ${content}
  </svg>`;
}
