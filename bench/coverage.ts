/**
 * How often each interval of a rate holds the rate, exactly: summed over all outcomes, without chance. Draws
 * `docs/coverage.svg` and prints the table of `docs/intervals.md`.
 *
 *   node bench/coverage.ts
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { intervalCoverage } from '../engine/src/stats/interval-coverage.ts';
import { type ProportionMethod, proportionMethods } from '../engine/src/stats/proportion-interval.ts';
import { remember } from './remember.ts';
import { toTable } from './results.ts';

const SIZES = [10, 100, 1000] as const;
const METHODS = [
  ['Jeffreys', proportionMethods.jeffreys],
  ['Wilson', proportionMethods.wilson],
  ['Clopper–Pearson', proportionMethods['clopper-pearson']],
] as const;

const LEVEL = 0.95;
/** Rates below a half stand for all: each method treats failures as it treats successes. */
const RATE_MAX = 0.5;
/** Left end of the picture; the worst rates of 1,000 trials are just right of it. */
const RATE_MIN = 0.0001;
/** For the mean over all rates. */
const RATES = 4000;

interface Panel {
  readonly title: string;
  readonly trials: number;
  readonly mean: number;
  /** The worst rate of all, not only of those drawn. */
  readonly worst: Point;
  /** From `RATE_MIN` to `RATE_MAX`, two points for each pixel. */
  readonly curve: readonly Point[];
}

interface Point {
  readonly rate: number;
  readonly coverage: number;
}

// ------------------------------------------------------------------------------------------------------------ numbers

function measure(title: string, trials: number, method: ProportionMethod): Panel {
  const at = (rate: number): Point => ({ rate, coverage: intervalCoverage(method, { rate, trials }) });
  const even = Array.from({ length: RATES }, (_, index) => at(((index + 0.5) / RATES) * RATE_MAX));
  // Between two limits of intervals coverage is smooth, at a limit it jumps: the smallest value lies beside a limit.
  const limits = Array.from({ length: trials + 1 }, (_, successes) => method(successes, trials)).flatMap(
    ({ lower, upper }) => [lower, upper],
  );
  const besides = limits.flatMap((limit) => [limit * (1 - 1e-10), limit * (1 + 1e-10)]);
  const worst = [...even, ...besides.filter((rate) => rate > 0 && rate <= RATE_MAX).map(at)].reduce((low, point) =>
    point.coverage < low.coverage ? point : low,
  );
  return {
    ...{ title, trials, worst },
    mean: even.reduce((sum, { coverage }) => sum + coverage, 0) / even.length,
    curve: Array.from({ length: PLOT.width }, (_, x) => extremes(x, at)).flat(),
  };
}

/** Where the curve has many teeth to a pixel, the lowest and highest of it are drawn, in their order. */
function extremes(x: number, at: (rate: number) => Point): readonly Point[] {
  const points = Array.from({ length: LOOKS_PER_PIXEL }, (_, look) => at(rateAt(x + (look + 0.5) / LOOKS_PER_PIXEL)));
  const sorted = points.toSorted((a, b) => a.coverage - b.coverage);
  return [sorted[0], sorted.at(-1)].filter((point) => point !== undefined).toSorted((a, b) => a.rate - b.rate);
}

// ------------------------------------------------------------------------------------------------------------ picture

const PLOT = { left: 64, top: 92, width: 270, height: 132, gapX: 26, gapY: 58 };
const PAGE = {
  width: PLOT.left + 3 * PLOT.width + 2 * PLOT.gapX + 24,
  height: PLOT.top + 3 * PLOT.height + 2 * PLOT.gapY + 62,
};
const LOOKS_PER_PIXEL = 8;
const COVERAGE_MIN = 0.8;
const RATE_TICKS = [0.0001, 0.001, 0.01, 0.1, 0.5];
const COVERAGE_TICKS = [0.8, 0.85, 0.9, 0.95, 1];

function rateAt(x: number): number {
  return RATE_MIN * (RATE_MAX / RATE_MIN) ** (x / PLOT.width);
}

function toX(rate: number): number {
  return (PLOT.width * Math.log(rate / RATE_MIN)) / Math.log(RATE_MAX / RATE_MIN);
}

function toY(coverage: number): number {
  return (PLOT.height * (1 - coverage)) / (1 - COVERAGE_MIN);
}

function percent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)} %`;
}

/** Two digits that count: rates from 0.02 % to 50 %. */
function showRate(rate: number): string {
  return `${Number((rate * 100).toPrecision(2))} %`;
}

/** Rounded to what can be seen, and written as steps from point to point. */
function toPath(curve: readonly Point[]): string {
  let [x, y] = [Number.NaN, Number.NaN];
  const steps = curve.map((point) => {
    const [nextX, nextY] = [Math.round(toX(point.rate) * 10), Math.round(toY(point.coverage) * 10)];
    const step = Number.isNaN(x) ? `M${nextX / 10} ${nextY / 10}l` : `${(nextX - x) / 10} ${(nextY - y) / 10}`;
    [x, y] = [nextX, nextY];
    return step;
  });
  return steps
    .join(' ')
    .replaceAll(/(?<!\d)0\./g, '.')
    .replaceAll(' -', '-')
    .replace('l ', 'l');
}

function drawPanel(panel: Panel, { column, row }: { readonly column: number; readonly row: number }): string {
  const left = PLOT.left + column * (PLOT.width + PLOT.gapX);
  const top = PLOT.top + row * (PLOT.height + PLOT.gapY);
  const { worst, mean, trials } = panel;
  const horizontal = COVERAGE_TICKS.map((tick) => {
    const y = toY(tick).toFixed(1);
    const label = column === 0 ? `<text class="soft end" x="-8" y="${y}" dy=".35em">${percent(tick, 0)}</text>` : '';
    return `<path class="${tick === LEVEL ? 'level' : 'grid'}" d="M0 ${y}h${PLOT.width}"/>${label}`;
  });
  const vertical = RATE_TICKS.map((tick, index) => {
    const x = toX(tick).toFixed(1);
    const anchor = index === 0 ? 'start' : index === RATE_TICKS.length - 1 ? 'end' : 'mid';
    const label = `<text class="soft ${anchor}" x="${x}" y="${PLOT.height + 17}">${showRate(tick)}</text>`;
    return `<path class="grid" d="M${x} 0v${PLOT.height}"/>${label}`;
  });
  const dot = `<circle class="worst" cx="${toX(worst.rate).toFixed(1)}" cy="${toY(worst.coverage).toFixed(1)}" r="4"/>`;
  return `<g transform="translate(${left} ${top})">
<text class="head" x="0" y="-10">n = ${trials}</text>
<text class="soft end" x="${PLOT.width}" y="-10">mean ${percent(mean)}, least ${percent(worst.coverage)}</text>
${horizontal.join('')}
${vertical.join('')}
<path class="curve" d="${toPath(panel.curve)}"/>
${dot}
</g>`;
}

function draw(panels: readonly Panel[]): string {
  const titles = METHODS.map(
    ([title], column) =>
      `<text class="column" x="${PLOT.left + column * (PLOT.width + PLOT.gapX)}" y="62">${title}</text>`,
  );
  const cells = panels.map((panel, index) => drawPanel(panel, { column: index % 3, row: Math.floor(index / 3) }));
  const said = panels.map(
    ({ title, trials, mean, worst }) =>
      `${title}, ${trials} trials: mean ${percent(mean)}, least ${percent(worst.coverage)} at a rate of ${showRate(worst.rate)}.`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${PAGE.width} ${PAGE.height}" width="${PAGE.width}" height="${PAGE.height}" role="img" aria-labelledby="title about">
<title id="title">Coverage of three 95 % intervals of a rate</title>
<desc id="about">How often an interval holds the true rate, over true rates from 0.01 % to 50 %. ${said.join(' ')}</desc>
<style>
svg { --page: #ffffff; --ink: #1b1f24; --soft: #57606a; --grid: #e3e7eb; --level: #8a3b00; --curve: #1f5fa8; --worst: #b02a2c; }
@media (prefers-color-scheme: dark) {
svg { --page: #10151b; --ink: #e2e8ee; --soft: #9ba7b4; --grid: #262f39; --level: #ffc078; --curve: #74aef0; --worst: #ff7b72; }
}
text { fill: var(--ink); font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
.page { fill: var(--page); } .soft { fill: var(--soft); font-size: 12px; } .start { text-anchor: start; } .end { text-anchor: end; } .mid { text-anchor: middle; }
.head { font-weight: 600; } .column { font-size: 15px; font-weight: 600; } .big { font-size: 17px; font-weight: 600; }
.grid { stroke: var(--grid); fill: none; } .level { stroke: var(--level); stroke-dasharray: 5 3; fill: none; }
.curve { stroke: var(--curve); stroke-width: 1.2; stroke-linejoin: round; fill: none; } .worst { stroke: var(--worst); stroke-width: 2; fill: none; }
</style>
<rect class="page" width="${PAGE.width}" height="${PAGE.height}" rx="8"/>
<text class="big" x="${PLOT.left}" y="32">How often a 95 % interval holds the true rate</text>
${titles.join('\n')}
${cells.join('\n')}
<text class="soft" x="${PLOT.left}" y="${PAGE.height - 18}">Across: true rate, logarithmic. Up: coverage, exact. Dashed: the promised 95 %. Circle: the worst rate. Rates above 50 % mirror those below.</text>
</svg>
`;
}

const methods = METHODS.map(([title, method]) => ({ title, method: remember(method) }));
const panels = SIZES.flatMap((trials) => methods.map(({ title, method }) => measure(title, trials, method)));
writeFileSync(fileURLToPath(new URL('../docs/coverage.svg', import.meta.url)), draw(panels));
console.log(
  toTable(
    ['interval', 'n', 'least coverage', 'at a rate of', 'mean coverage'],
    panels.map(({ title, trials, worst, mean }) => [
      title,
      trials,
      percent(worst.coverage),
      showRate(worst.rate),
      percent(mean),
    ]),
  ),
);
